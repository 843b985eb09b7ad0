/** What only a single campaign has: its waves, and how it went over time. */
import type { Queryable } from '../db/pool.ts';
import type { FinalTpeStatus } from '../workflows/status.ts';
import { toHistogram } from './statistics.ts';

/** Lengths in seconds of the steps of a series of time: what people divide a day by. */
const STEPS = [60, 300, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];
/** As many as a chart can show side by side. */
const WANTED_STEPS = 120;
/** More than this is not given, whatever is asked for. */
const MOST_STEPS = 1_000;

/** Names of the waves, by number; undefined for a campaign that there is not. */
export async function findWaveNames(
  db: Queryable,
  campaignId: string,
): Promise<Map<number, string> | undefined> {
  const { rows } = await db.query<{ wave: number | null; name: string | null }>(
    `SELECT wave, w.name FROM campaign c LEFT JOIN campaign_wave w USING (campaign_id) WHERE campaign_id = $1`,
    [campaignId],
  );
  if (rows.length === 0) return undefined;
  return new Map(rows.flatMap(({ wave, name }) => (wave === null ? [] : [[wave, name ?? ''] as const])));
}

/**
 * The length of the steps in seconds: what was asked for, but so long that there are not too many; without a wish,
 * about 120 of them.
 */
export async function chooseStep(
  db: Queryable,
  campaignId: string,
  asked: number | undefined,
): Promise<number> {
  const { rows } = await db.query<{ seconds: number }>(
    `SELECT coalesce(extract(epoch FROM max(minute) - min(minute)), 0)::float8 AS seconds
     FROM projection.final_minute WHERE campaign_id = $1`,
    [campaignId],
  );
  return stepFor(rows[0]?.seconds ?? 0, asked);
}

/** @param seconds from the first to the last */
export function stepFor(seconds: number, asked: number | undefined): number {
  const least = seconds / (asked === undefined ? WANTED_STEPS : MOST_STEPS);
  if (asked !== undefined && asked >= least) return asked;
  return STEPS.find((step) => step >= least) ?? Math.ceil(least / 86_400) * 86_400;
}

export interface HeatStep {
  /** When the step begins. */
  at: Date;
  /** Updates that ended in it, by how long they took. */
  counts: number[];
}

/** Updates by when they ended and how long they took; steps without any are absent. */
export async function readHeatMap(db: Queryable, campaignId: string, step: number): Promise<HeatStep[]> {
  const { rows } = await db.query<{ at: Date; bounds: number[]; counts: number[] }>(
    `SELECT at, array_agg(bound::integer) AS bounds, array_agg(terminals) AS counts
     FROM (SELECT ${bin('$2')} AS at, bound, sum(terminals)::float8 AS terminals
           FROM projection.duration_minute WHERE campaign_id = $1 GROUP BY 1, 2) AS bins
     GROUP BY at ORDER BY at`,
    [campaignId, step],
  );
  return rows.map(({ at, bounds, counts }) => ({ at, counts: toHistogram(bounds, counts) }));
}

export interface FinalChange {
  /** When the step begins. */
  at: Date;
  /** By how much the number of terminals with each status has changed in it. */
  changes: Partial<Record<FinalTpeStatus, number>>;
}

/** Changes of the final statuses over time; steps without any are absent. */
export async function readFinalChanges(
  db: Queryable,
  campaignId: string,
  step: number,
): Promise<FinalChange[]> {
  const { rows } = await db.query<FinalChange>(
    `SELECT at, jsonb_object_agg(status, terminals) AS changes
     FROM (SELECT ${bin('$2')} AS at, status, sum(terminals) AS terminals
           FROM projection.final_minute WHERE campaign_id = $1 GROUP BY 1, 2) AS steps
     GROUP BY at ORDER BY at`,
    [campaignId, step],
  );
  return rows;
}

/** Steps begin at whole multiples since 1970, in UTC. */
function bin(step: string): string {
  return `date_bin(make_interval(secs => ${step}::integer), minute, timestamptz '1970-01-01 00:00:00+00')`;
}
