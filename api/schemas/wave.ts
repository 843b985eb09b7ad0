/** The waves of a campaign, as OPS give them. */
import { label, withoutCardNumber, z } from './common.ts';

/** Waves that a campaign may have: each is a part of one workflow's history. */
const MAX_WAVES = 20;
/** Percents are added up in binary: 33.3 + 33.3 + 33.4 is not quite 100. */
const ROUNDING = 1e-6;

export const failureAction = z.enum(['pause', 'abort', 'roll-back']);

const gate = z
  .strictObject({
    minSuccessPercent: z
      .number()
      .min(0, 'must be 0 to 100')
      .max(100, 'must be 0 to 100')
      .optional()
      .openapi({ description: "Share of the wave's terminals that must be SUCCESS; default 95." }),
    soakSeconds: z
      .number()
      .min(0)
      .max(30 * 86_400)
      .optional()
      .openapi({ description: 'Seconds to wait after that rate is reached; default 0.' }),
    approval: z
      .boolean()
      .optional()
      .openapi({ description: 'Somebody must approve the next wave; default false.' }),
    onFailure: failureAction
      .optional()
      .openapi({ description: 'When the wave is over and too few are SUCCESS; default pause.' }),
  })
  .openapi({ description: 'What must hold before the next wave starts; without meaning for the last.' });

const SIZES = ['percent', 'count', 'rule', 'rest'] as const;

const wave = z
  .strictObject({
    name: label(100).optional().openapi({ description: 'Default "wave 1", "wave 2" ….' }),
    percent: z
      .number()
      .gt(0, 'must be above 0 and at most 100')
      .max(100, 'must be above 0 and at most 100')
      .optional()
      .openapi({ description: 'Of all terminals of the campaign.' }),
    count: z.number().int().min(1).max(1_000_000).optional().openapi({ description: 'Terminals.' }),
    rule: withoutCardNumber(z.string().trim().min(1, 'must not be empty').max(10_000))
      .optional()
      .openapi({ description: 'Terminals that meet this rule and are in no earlier wave.' }),
    rest: z.literal(true).optional().openapi({ description: 'All that are left; the last wave only.' }),
    gate: gate.optional(),
  })
  .refine(
    (value) => SIZES.filter((size) => value[size] !== undefined).length === 1,
    'must have exactly one of percent, count, rule, rest',
  );

export const waves = z
  .array(wave)
  .min(1, 'must have at least one wave')
  .max(MAX_WAVES, `must have at most ${MAX_WAVES} waves`)
  .check(checkSizes)
  .openapi({
    description:
      'The slices of the campaign, in their order. The last is {"rest": true}, or the percents add up to 100. Default: one wave with all terminals.',
  });

/** The waves together must take every terminal, and none may ask for what can not be left. */
function checkSizes({ value, issues }: z.core.ParsePayload<z.output<typeof wave>[]>): void {
  // What is wrong with a single wave, or their number, has been said.
  if (issues.length > 0) return;
  const fault = (path: PropertyKey[], message: string): number =>
    issues.push({ code: 'custom', input: value, path, message });
  let percent = 0;
  for (const [index, each] of value.entries()) {
    if (each.rest && index < value.length - 1)
      fault([index, 'rest'], 'takes all that are left: it must be the last wave');
    const before = percent;
    percent += each.percent ?? 0;
    if (percent > 100 + ROUNDING && before <= 100 + ROUNDING)
      fault(
        [index, 'percent'],
        `brings the percents to ${Number(percent.toFixed(6))}, and there are only 100`,
      );
  }
  const covered = value.at(-1)?.rest === true || percent >= 100 - ROUNDING;
  if (!covered && !value.some(({ rest }) => rest)) {
    const sum = percent > 0 ? ` (they add up to ${Number(percent.toFixed(6))})` : '';
    fault(
      [],
      `may leave terminals out: the last wave must be {"rest": true}, or the percents must add up to 100${sum}`,
    );
  }
}
