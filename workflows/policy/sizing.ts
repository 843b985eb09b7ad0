/**
 * How a wave is cut up. Temporal warns at 10,240 events in one history, so the number of pieces that one workflow
 * handles itself is bounded whatever the campaign's size (arithmetic in docs/scaling.md).
 */
import type { RatePolicy } from './types.ts';

/** Terminals per dispatch activity, until there would be more than `MAX_BATCHES` of them. */
const BATCH_SIZE = 500;
const MAX_BATCHES = 100;

/** Terminals per shard: the measured optimum, until there would be too many of them. */
const SHARD_SIZE = 100;
/** Where each tells when it has begun, which costs the wave's history four events more. */
export const MAX_SHARDS = 700;
export const MAX_SHARDS_AT_ONCE = 900;

/** Shard numbers that each run of a wave has to itself; no run has as many. */
export const SHARDS_PER_RUN = 100_000;

/** A run of ordinals of one TMS's terminals, `from` included, `to` not. */
export interface Batch {
  tms: string;
  from: number;
  to: number;
}

function batchSize(total: number): number {
  return Math.max(BATCH_SIZE, Math.ceil(total / MAX_BATCHES));
}

export function shardSize(total: number, maxShards: number): number {
  return Math.max(SHARD_SIZE, Math.ceil(total / maxShards));
}

/**
 * Milliseconds for which orders are gathered before they are asked for, in the `round`-th round, from 1: a second at
 * first, a minute in the end, so that a campaign that is ordered from for hours needs few rounds.
 */
export function orderPause(round: number): number {
  return Math.min(60_000, 1_000 * 1.05 ** (round - 1));
}

/** Number of terminals in runs of ordinals. */
export function countTerminals(lanes: readonly Batch[]): number {
  return lanes.reduce((sum, { from, to }) => sum + to - from, 0);
}

/**
 * Cuts the terminals of each TMS into batches. Where there is a rate, a batch is what may be asked for in a minute:
 * a terminal is followed from the end of its batch on.
 * @param lanes the terminals of each TMS
 */
export function cutBatches(lanes: readonly Batch[], rate: RatePolicy | null = null): Batch[] {
  const total = countTerminals(lanes);
  const size = rate ? Math.max(Math.ceil(rate.perMinute), Math.ceil(total / MAX_BATCHES)) : batchSize(total);
  return lanes.flatMap(({ tms, from, to }) =>
    Array.from({ length: Math.ceil((to - from) / size) }, (_, index) => ({
      tms,
      from: from + index * size,
      to: Math.min(from + (index + 1) * size, to),
    })),
  );
}
