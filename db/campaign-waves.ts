/** Puts the targets of a new campaign into its waves, and in the order in which they are asked for. */
import { parseExpanded } from '../targeting/expand.ts';
import type { Rule } from '../targeting/ast.ts';
import { ruleToSql } from '../targeting/sql.ts';
import type { CampaignPolicy, WavePolicy } from '../workflows/policy/types.ts';
import { sliceWaves } from '../workflows/policy/waves.ts';
import { fromTargets, type Selection } from './campaign-targets.ts';
import { Parameters } from './parameters.ts';
import type { Queryable } from './pool.ts';
import { JOIN_BUSY, skipReason, type BusyPolicy, type SkipOptions } from './skip-reason.ts';

/** The rules of the waves that have one, by the index of the wave; their groups were replaced when they were stored. */
export function waveRules({ waves }: Pick<CampaignPolicy, 'waves'>): Map<number, Rule> {
  return new Map(
    waves.flatMap(({ size }, index) => ('rule' in size ? [[index, parseExpanded(size.rule)] as const] : [])),
  );
}

/** Whether everybody is in one wave, as listed: then there is nothing to find out before the campaign is written. */
export function isPlain({ waves, order }: Pick<CampaignPolicy, 'waves' | 'order'>): boolean {
  const [only, ...others] = waves;
  return order.by === 'given' && others.length === 0 && only !== undefined && 'rest' in only.size;
}

/**
 * Terminals are counted per TMS in the order of waves; within a wave those of one time zone stand together where
 * each site has its own maintenance windows, so that a run of them is open at the same time.
 */
export function ordinal(
  { maintenance }: Pick<CampaignPolicy, 'maintenance'>,
  wave: string,
  place: string,
): { expression: string; join: string } {
  const byZone = maintenance !== null && maintenance.timeZone === null;
  return {
    expression: `row_number() OVER (PARTITION BY t.tms ORDER BY ${wave}${byZone ? ', zone.time_zone' : ''}, ${place} NULLS LAST, t.tpe_id)`,
    join: byZone ? 'LEFT JOIN site AS zone ON zone.site = t.site' : '',
  };
}

/** Where every target stands; the lists are columns of one table. */
export interface PlacedTargets {
  tpeIds: string[];
  waves: number[];
  /** Null for a terminal that is skipped. */
  places: (number | null)[];
  skipReasons: (string | null)[];
  /** The waves of the policy, and one more where the order `site` needs it. */
  policyWaves: WavePolicy[];
}

/**
 * Slices the targets that are to be updated. Skipped ones are put into wave 1 and take no part in its size: a canary
 * of 50 is 50 updates.
 */
export async function placeTargets(
  db: Queryable,
  selection: Selection,
  policy: Pick<CampaignPolicy, 'waves' | 'order'>,
  options: SkipOptions & { busy: BusyPolicy },
): Promise<PlacedTargets> {
  const parameters = new Parameters();
  const { versions } = selection;
  const skipsBusy = options.busy === 'skip';
  const rules = waveRules(policy);
  const matches = policy.waves.map((_wave, index) => {
    const rule = rules.get(index);
    return rule ? `(${ruleToSql(rule, { parameters, versions })}) IS TRUE` : 'false';
  });
  const none = policy.waves.map(() => false);
  const { rows } = await db.query<{
    tpeId: string;
    site: string;
    reason: string | null;
    matches?: boolean[];
  }>(
    `SELECT t.tpe_id AS "tpeId", t.site,
            ${skipReason(options, skipsBusy ? 'busy.tpe_id IS NOT NULL' : null, parameters)} AS reason
            ${rules.size > 0 ? `, ARRAY[${matches.join(', ')}] AS matches` : ''}
     FROM ${fromTargets(selection, parameters)} ${skipsBusy ? JOIN_BUSY : ''}
     ORDER BY t.place, t.tpe_id`,
    parameters.values,
  );
  const due = rows.flatMap((row) => (row.reason === null ? [{ ...row, matches: row.matches ?? none }] : []));
  const { slices, waves } = sliceWaves(due, policy.waves, policy.order);
  const skipped = rows.filter(({ reason }) => reason !== null);
  return {
    tpeIds: [...slices, ...skipped].map(({ tpeId }) => tpeId),
    waves: [...slices.map(({ wave }) => wave), ...skipped.map(() => 1)],
    places: [...slices.map(({ place }) => place), ...skipped.map(() => null)],
    skipReasons: [...slices.map(() => null), ...skipped.map(({ reason }) => reason)],
    policyWaves: waves,
  };
}
