/** The activities of shards and terminals on our own database. */
import { loadShard } from '../db/campaign-tpe.ts';
import type { Pool } from '../db/pool.ts';
import type { Recorder } from './recorder.ts';
import { timed } from './timed.ts';
import type { TrackingActivities } from './types.ts';

export function createTrackingActivities({
  pool,
  recorder,
}: {
  pool: Pool;
  recorder: Recorder;
}): TrackingActivities {
  return {
    loadShard: (campaignId, shard) => loadShard(pool, campaignId, shard),
    record: (input) => timed('record', () => recorder.record(input)),
  };
}
