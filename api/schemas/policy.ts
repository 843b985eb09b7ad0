/** How a campaign is carried out, as OPS give it and as the API answers it. */
import { POLLING_SCHEDULES } from '../../workflows/policy/polling.ts';
import { WEEKDAYS, type CampaignPolicy, type PolicyChange } from '../../workflows/policy/types.ts';
import { withoutCardNumber, z } from './common.ts';
import { maintenance } from './maintenance.ts';
import { failureAction, waves } from './wave.ts';

const DAY = 86_400;

const pollingWindow = z.strictObject({
  everySeconds: z.number().min(0.2).max(DAY),
  attempts: z.number().int().min(1).max(1000),
});

const scheduleNames = Object.keys(POLLING_SCHEDULES) as (keyof typeof POLLING_SCHEDULES)[];

const instantGiven = z.iso
  .datetime({ offset: true, error: 'must be a moment with its offset: 2026-11-21T22:00:00+01:00' })
  .nullable();

const rate = z
  .strictObject({
    perMinute: z
      .number()
      .min(0.1)
      .max(1_000_000)
      .openapi({ description: 'Terminals asked for per minute at the start.' }),
    growthFactor: z
      .number()
      .min(1, 'must be at least 1: a rate does not shrink')
      .max(100)
      .optional()
      .openapi({ description: 'Multiplies the rate at each step; default 1, a constant rate.' }),
    growEvery: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .openapi({ description: 'Successes per step; default 100.' }),
    maxPerMinute: z.number().min(0.1).max(1_000_000).nullish().openapi({ description: 'Default no limit.' }),
  })
  .refine((value) => (value.maxPerMinute ?? Infinity) >= value.perMinute, {
    path: ['maxPerMinute'],
    message: 'must not be below perMinute',
  });

const failureThreshold = z.strictObject({
  percent: z
    .number()
    .min(0, 'must be 0 to 100')
    .max(100, 'must be 0 to 100')
    .optional()
    .openapi({ description: 'More than this share of the terminals asked for in a wave; default 5.' }),
  minSample: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .openapi({ description: 'Terminals of the wave that must have been asked for before; default 20.' }),
  countTimeouts: z.boolean().optional().openapi({ description: 'Count TIMEOUT like FAILED; default false.' }),
  action: failureAction.optional().openapi({ description: 'Default pause.' }),
});

/** `failed` or `failed:battery-low`. */
const REASON = /^[a-z]+(-[a-z]+)*(:\S.*)?$/;

const retry = z.strictObject({
  attempts: z
    .number()
    .int()
    .min(1)
    .max(10)
    .optional()
    .openapi({ description: 'Per terminal, the first included; default 1.' }),
  backoffSeconds: z
    .number()
    .min(0.2)
    .max(DAY)
    .optional()
    .openapi({ description: 'Before the second attempt; default 300.' }),
  backoffFactor: z
    .number()
    .min(1)
    .max(10)
    .optional()
    .openapi({ description: 'Multiplies the pause before each further attempt; default 2.' }),
  reasons: z
    .array(
      withoutCardNumber(
        z
          .string()
          .max(200)
          .regex(REASON, 'must be a reason code or its beginning, for example failed or failed:battery-low'),
      ),
    )
    .min(1, 'must name at least one reason; null is every one but rejected')
    .max(50)
    .nullish()
    .openapi({
      description: 'Reasons that are retried, by their beginning; default every one but `rejected`.',
    }),
});

/** What can be changed while a campaign runs; each replaces the whole part. */
export const changeable = {
  rate: rate.nullish().openapi({
    description: 'How fast terminals are asked for; null, the default: as fast as the TMSs take it.',
  }),
  failureThreshold: failureThreshold
    .nullish()
    .openapi({ description: 'What too many failures lead to; null: nothing.' }),
  stallSeconds: z
    .number()
    .min(0.2)
    .max(30 * DAY)
    .nullish()
    .openapi({
      description:
        'Seconds without any news, while some are due, that pause the campaign; null, the default: never.',
    }),
  maintenance: maintenance
    .nullish()
    .openapi({ description: 'When terminals may be asked for; null, the default: at any time.' }),
  endAt: instantGiven
    .optional()
    .openapi({ description: 'Nothing is asked for from then on; null, the default: no end.' }),
} satisfies Record<keyof PolicyChange, z.ZodType>;

export const policyRequest = z
  .strictObject({
    polling: z
      .strictObject({
        schedule: z.enum(scheduleNames).optional().openapi({ description: 'A named schedule.' }),
        windows: z
          .array(pollingWindow)
          .min(1)
          .max(20)
          .optional()
          .openapi({ description: 'A schedule of your own: windows that follow one another.' }),
      })
      .refine((value) => Object.keys(value).length === 1, 'must have exactly one of schedule, windows')
      .optional()
      .openapi({ description: 'When each terminal is looked at; default {"schedule": "standard"}.' }),
    deadlineSeconds: z
      .number()
      .min(1)
      .max(7 * DAY)
      .optional()
      .openapi({
        description: 'From the request of an update until it ends in TIMEOUT; default 86400 (24 h).',
      }),
    progressEverySeconds: z
      .number()
      .min(0.2)
      .max(3600)
      .optional()
      .openapi({ description: 'Between two looks at the counts; default 5.' }),
    waves: waves.optional(),
    order: z
      .strictObject({
        by: z.enum(['given', 'random', 'site']),
        seed: z.number().int().min(0).max(0xffffffff).optional().openapi({ description: 'Default 1.' }),
      })
      .optional()
      .openapi({
        description:
          'Which terminals come first; default {"by": "given"}. `site` never has all terminals of a site in one wave.',
      }),
    startAt: instantGiven
      .optional()
      .openapi({ description: 'Nothing is asked for before; null, the default: at once.' }),
    ...changeable,
    approval: z.enum(['none', 'four-eyes']).optional().openapi({
      description:
        '`four-eyes`: somebody who is not its author must approve the campaign before it starts; default none.',
    }),
    retry: retry.optional().openapi({ description: 'Further attempts for terminals that failed.' }),
    onFailure: z
      .enum(['leave', 'roll-back'])
      .optional()
      .openapi({ description: 'What is done with a terminal that failed for good; default leave.' }),
    cancelWithinSeconds: z
      .number()
      .min(5)
      .max(7 * DAY)
      .optional()
      .openapi({
        description:
          'From a cancel or abort until what is open is settled by what is known; default 3600 (1 h).',
      }),
    membership: z.enum(['static', 'dynamic']).optional().openapi({
      description:
        '`dynamic`: terminals that come to match join the last wave until `endAt`; default static.',
    }),
  } satisfies Record<keyof CampaignPolicy, z.ZodType>)
  .openapi('PolicyRequest');
export type PolicyRequest = z.output<typeof policyRequest>;

const gateAnswer = z.object({
  minSuccessPercent: z.number(),
  soakSeconds: z.number(),
  approval: z.boolean(),
  onFailure: failureAction,
});

const sizeAnswer = z.union([
  z.object({ percent: z.number() }),
  z.object({ count: z.number().int() }),
  z.object({ rule: z.string() }),
  z.object({ rest: z.literal(true) }),
]);

export const policy = z
  .object({
    polling: z.array(z.object({ everySeconds: z.number(), attempts: z.number().int() })),
    deadlineSeconds: z.number(),
    progressEverySeconds: z.number(),
    waves: z.array(z.object({ name: z.string(), size: sizeAnswer, gate: gateAnswer })),
    order: z.object({ by: z.enum(['given', 'random', 'site']), seed: z.number().int() }),
    rate: z
      .object({
        perMinute: z.number(),
        growthFactor: z.number(),
        growEvery: z.number().int(),
        maxPerMinute: z.number().nullable(),
      })
      .nullable(),
    failureThreshold: z
      .object({
        percent: z.number(),
        minSample: z.number().int(),
        countTimeouts: z.boolean(),
        action: failureAction,
      })
      .nullable(),
    stallSeconds: z.number().nullable(),
    startAt: z.string().nullable().openapi({ format: 'date-time' }),
    endAt: z.string().nullable().openapi({ format: 'date-time' }),
    maintenance: z
      .object({
        windows: z.array(z.object({ days: z.array(z.enum(WEEKDAYS)), from: z.string(), to: z.string() })),
        freezes: z.array(z.object({ from: z.string(), to: z.string(), reason: z.string().nullable() })),
        timeZone: z.string().nullable(),
      })
      .nullable(),
    approval: z.enum(['none', 'four-eyes']),
    retry: z.object({
      attempts: z.number().int(),
      backoffSeconds: z.number(),
      backoffFactor: z.number(),
      reasons: z.array(z.string()).nullable(),
    }),
    onFailure: z.enum(['leave', 'roll-back']),
    cancelWithinSeconds: z.number(),
    membership: z.enum(['static', 'dynamic']),
  } satisfies Record<keyof CampaignPolicy, z.ZodType>)
  .openapi('Policy', { description: 'How the campaign is carried out, every default filled in.' });
