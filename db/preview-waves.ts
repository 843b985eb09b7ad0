/** How large the waves of a campaign would be. */
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import { sizesAsked } from '../workflows/policy/waves.ts';
import { ruleToSql } from '../targeting/sql.ts';
import type { Selection } from './campaign-targets.ts';
import { placeTargets, waveRules } from './campaign-waves.ts';
import type { Parameters } from './parameters.ts';
import type { Queryable } from './pool.ts';
import type { SkipOptions } from './skip-reason.ts';

export interface WavePreview {
  /** From 1. */
  wave: number;
  name: string;
  /** That would be updated: skipped ones are in no wave's size. */
  terminals: number;
}

/** Up to so many terminals are put into their waves as the campaign itself would do it: 0.1 s. */
const SLICED = 20_000;

type Waves = Pick<CampaignPolicy, 'waves' | 'order'>;

/**
 * Where the sizes depend on which terminal is where, small campaigns are sliced, and large ones are estimated: a wave
 * takes the same share of those that meet a later wave's rule as of all others, and sites are not spread.
 */
export async function previewWaves(
  db: Queryable,
  selection: Selection,
  policy: Waves,
  { due, total, ...options }: SkipOptions & { due: readonly Alike[]; total: number },
): Promise<{ waves: WavePreview[]; wavesExact: boolean }> {
  const simple = waveRules(policy).size === 0 && policy.order.by !== 'site';
  if (simple || total > SLICED) return { waves: fill(policy, due), wavesExact: simple };
  return { waves: await slice(db, selection, policy, options), wavesExact: true };
}

async function slice(
  db: Queryable,
  selection: Selection,
  policy: Waves,
  options: SkipOptions,
): Promise<WavePreview[]> {
  const placed = await placeTargets(db, selection, policy, { ...options, busy: 'skip' });
  const sizes = placed.policyWaves.map(() => 0);
  for (const [i, wave] of placed.waves.entries()) {
    if (placed.skipReasons[i] === null) sizes[wave - 1] = (sizes[wave - 1] ?? 0) + 1;
  }
  return placed.policyWaves.map(({ name }, i) => ({ wave: i + 1, name, terminals: sizes[i] ?? 0 }));
}

/** Terminals that meet the same of the waves' rules. */
export interface Alike {
  /** One letter, `t` or `f`, for each wave that has a rule. */
  matches: string;
  terminals: number;
}

/** For each of the waves' rules a condition that says whether `t` meets it, never null. */
export function matchesSql(policy: Waves, { versions }: Selection, parameters: Parameters): string[] {
  return [...waveRules(policy).values()].map(
    (rule) => `(${ruleToSql(rule, { parameters, versions })}) IS TRUE`,
  );
}

/** Such conditions as `Alike` has them. */
export function lettersSql(conditions: readonly string[]): string {
  return [`''`, ...conditions.map((each) => `left((${each})::text, 1)`)].join(' || ');
}

/** Fills waves in their order from what is left, as `sliceWaves` does, with numbers in place of terminals. */
function fill({ waves }: Waves, alike: readonly Alike[]): WavePreview[] {
  const left = alike.map((each) => ({ ...each }));
  const limits = sizesAsked(
    waves.map(({ size }) => size),
    left.reduce((sum, { terminals }) => sum + terminals, 0),
  );
  let rules = 0;
  return waves.map(({ name, size }, index) => {
    const letter = 'rule' in size ? rules++ : null;
    const fitting = left.filter(({ matches }) => letter === null || matches[letter] === 't');
    const there = fitting.reduce((sum, { terminals }) => sum + terminals, 0);
    const taken = Math.min(there, limits[index] ?? Infinity);
    let owed = taken;
    for (const [i, each] of fitting.entries()) {
      const share =
        i === fitting.length - 1 ? owed : Math.min(owed, Math.round((taken * each.terminals) / there));
      each.terminals -= share;
      owed -= share;
    }
    return { wave: index + 1, name, terminals: taken };
  });
}
