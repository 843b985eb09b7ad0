/**
 * How a campaign is cut up. Temporal warns at 10,240 events in one history, so the number of pieces that the
 * campaign workflow handles itself is bounded whatever the campaign's size (arithmetic in docs/scaling.md).
 */

/** Terminals per dispatch activity, until there would be more than `MAX_BATCHES` of them. */
export const BATCH_SIZE = 500;
export const MAX_BATCHES = 100;

/** Terminals per shard: the measured optimum, until there would be more than `MAX_SHARDS` of them. */
export const SHARD_SIZE = 100;
export const MAX_SHARDS = 900;

/** A run of ordinals of one TMS's terminals, `from` included, `to` not. */
export interface Batch {
  tms: string;
  from: number;
  to: number;
}

export function batchSize(total: number): number {
  return Math.max(BATCH_SIZE, Math.ceil(total / MAX_BATCHES));
}

export function shardSize(total: number): number {
  return Math.max(SHARD_SIZE, Math.ceil(total / MAX_SHARDS));
}

/**
 * Cuts each TMS's terminals into batches.
 * @param lanes the number of terminals per TMS
 */
export function cutBatches(lanes: readonly { tms: string; terminals: number }[]): Batch[] {
  const size = batchSize(lanes.reduce((sum, lane) => sum + lane.terminals, 0));
  return lanes.flatMap(({ tms, terminals }) =>
    Array.from({ length: Math.ceil(terminals / size) }, (_, index) => ({
      tms,
      from: index * size,
      to: Math.min((index + 1) * size, terminals),
    })),
  );
}
