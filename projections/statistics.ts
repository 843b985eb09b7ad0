/** Counts of one campaign or of several, read from the projections. */
import type { Queryable } from '../db/pool.ts';
import type { CampaignStatus, TpeStatus } from '../workflows/status.ts';
import { DURATION_BINS } from './durations.ts';

/** The campaigns that are meant. */
export type Scope =
  | { campaignId: string }
  /** Created from `from` on and before `to`. */
  | { from: Date; to: Date };

/** A condition on `campaign_id` and its parameters, `$1` and, where there is one, `$2`. */
function condition(scope: Scope): { sql: string; values: unknown[] } {
  if ('campaignId' in scope) return { sql: 'campaign_id = $1', values: [scope.campaignId] };
  return {
    sql: 'campaign_id IN (SELECT campaign_id FROM campaign WHERE created_at >= $1 AND created_at < $2)',
    values: [scope.from, scope.to],
  };
}

export interface WaveCount {
  wave: number;
  status: TpeStatus;
  terminals: number;
}

/** Terminals by wave and status; what none has is absent. */
export async function countTerminals(db: Queryable, scope: Scope): Promise<WaveCount[]> {
  const { sql, values } = condition(scope);
  const { rows } = await db.query<WaveCount>(
    `SELECT wave, status, sum(terminals)::float8 AS terminals FROM projection.terminal_status
     WHERE ${sql} GROUP BY wave, status HAVING sum(terminals) <> 0 ORDER BY wave, status`,
    values,
  );
  return rows;
}

/** Terminals by what became of their roll-back; what none has is absent. */
export async function countCompensations(db: Queryable, scope: Scope): Promise<Record<string, number>> {
  const { sql, values } = condition(scope);
  const { rows } = await db.query<{ compensation: string; terminals: number }>(
    `SELECT compensation, sum(terminals)::float8 AS terminals FROM projection.compensation
     WHERE ${sql} GROUP BY compensation HAVING sum(terminals) <> 0 ORDER BY compensation`,
    values,
  );
  return Object.fromEntries(rows.map(({ compensation, terminals }) => [compensation, terminals]));
}

/** How the updates of the terminals with one value have ended; those that were never tried or called off don't count. */
export interface OutcomeCount {
  /** `''` where the events name none. */
  value: string;
  successes: number;
  failures: number;
}

/** The values with the most failures, and what the rest add up to. */
export interface Ranking {
  items: OutcomeCount[];
  others: { values: number; successes: number; failures: number };
}

/** What failures are counted by. A success has no reason: by reason there are failures only. */
export type Dimension = 'reason' | 'model' | 'site' | 'tms';

/** Failures (FAILED and TIMEOUT) and successes by each dimension, of each the `top` with the most failures. */
export async function rankOutcomes(
  db: Queryable,
  scope: Scope,
  top: number,
): Promise<Record<Dimension, Ranking>> {
  const { sql, values } = condition(scope);
  const most = `$${values.length + 1}::integer`;
  // All dimensions in one look at the rows, of which several campaigns have a million. The columns are never null, so
  // that the one that is not is the one that was grouped by.
  const { rows } = await db.query<OutcomeCount & { dimension: Dimension; place: number; values: number }>(
    `WITH counted AS (
       SELECT CASE WHEN reason IS NOT NULL THEN 'reason' WHEN model IS NOT NULL THEN 'model'
                   WHEN site IS NOT NULL THEN 'site' ELSE 'tms' END AS dimension,
              coalesce(reason, model, site, tms) AS value,
              coalesce(sum(terminals) FILTER (WHERE status = 'SUCCESS'), 0) AS successes,
              coalesce(sum(terminals) FILTER (WHERE status <> 'SUCCESS'), 0) AS failures
       FROM projection.outcome WHERE ${sql} AND status IN ('SUCCESS', 'FAILED', 'TIMEOUT')
       GROUP BY GROUPING SETS ((reason), (model), (site), (tms))
     ), placed AS (
       SELECT dimension, value, CASE WHEN dimension = 'reason' THEN 0 ELSE successes END AS successes, failures,
              row_number() OVER (PARTITION BY dimension ORDER BY failures DESC, successes DESC, value) AS place
       FROM counted WHERE failures <> 0 OR (successes <> 0 AND dimension <> 'reason')
     )
     SELECT dimension, min(value) FILTER (WHERE place <= ${most}) AS value, sum(successes)::float8 AS successes,
            sum(failures)::float8 AS failures, least(place, ${most} + 1)::integer AS place, count(*)::integer AS values
     FROM placed GROUP BY dimension, least(place, ${most} + 1) ORDER BY dimension, place`,
    [...values, top],
  );
  const ranking = (dimension: Dimension): Ranking => {
    const own = rows.filter((row) => row.dimension === dimension);
    const rest = own.find(({ place }) => place > top);
    return {
      items: own
        .filter(({ place }) => place <= top)
        .map(({ value, successes, failures }) => ({ value, successes, failures })),
      others: {
        values: rest?.values ?? 0,
        successes: rest?.successes ?? 0,
        failures: rest?.failures ?? 0,
      },
    };
  };
  return {
    reason: ranking('reason'),
    model: ranking('model'),
    site: ranking('site'),
    tms: ranking('tms'),
  };
}

/** How long the updates took that have ended with one status, on one model, by one TMS. */
export interface DurationCount {
  status: TpeStatus;
  model: string;
  tms: string;
  /** One count for each of `DURATION_BOUNDS`, and one for what is above. */
  histogram: number[];
  /** Sum. */
  milliseconds: number;
}

export async function countDurations(db: Queryable, scope: Scope): Promise<DurationCount[]> {
  const { sql, values } = condition(scope);
  const { rows } = await db.query<DurationCount & { bounds: number[]; counts: number[] }>(
    `SELECT status, model, tms, array_agg(bound::integer) AS bounds, array_agg(terminals) AS counts,
            sum(milliseconds)::float8 AS milliseconds
     FROM (SELECT status, model, tms, bound, sum(terminals)::float8 AS terminals, sum(milliseconds) AS milliseconds
           FROM projection.duration WHERE ${sql} GROUP BY status, model, tms, bound) AS bins
     GROUP BY status, model, tms ORDER BY status, model, tms`,
    values,
  );
  return rows.map(({ bounds, counts, ...row }) => ({ ...row, histogram: toHistogram(bounds, counts) }));
}

/** A count for every bound, of those that there are. */
export function toHistogram(bounds: readonly number[], counts: readonly number[]): number[] {
  const histogram = Array.from({ length: DURATION_BINS }, () => 0);
  for (const [i, bound] of bounds.entries()) histogram[bound] = (histogram[bound] ?? 0) + (counts[i] ?? 0);
  return histogram;
}

/** Campaigns by status, as they are now. */
export async function countCampaigns(
  db: Queryable,
  { from, to }: { from: Date; to: Date },
): Promise<{ status: CampaignStatus; campaigns: number }[]> {
  const { rows } = await db.query<{ status: CampaignStatus; campaigns: number }>(
    `SELECT status, count(*)::integer AS campaigns FROM campaign
     WHERE created_at >= $1 AND created_at < $2 GROUP BY status ORDER BY status`,
    [from, to],
  );
  return rows;
}
