/** The activities of shards and terminals on our own database. */
import { loadEnd, loadShard } from '../db/campaign-tpe.ts';
import { beginTpeRollBack, recordCompensations } from '../db/compensations.ts';
import type { Pool } from '../db/pool.ts';
import { beginRetry } from '../db/retries.ts';
import type { TransitionContext } from '../db/transitions.ts';
import { sagaCompensationTotal } from '../observability/metrics.ts';
import type { Recorder } from './recorder.ts';
import { timed } from './timed.ts';
import type { TrackingActivities } from './types.ts';

export function createTrackingActivities({
  pool,
  recorder,
  context,
}: {
  pool: Pool;
  recorder: Recorder;
  context: TransitionContext;
}): TrackingActivities {
  return {
    loadShard: (campaignId, shard, step) => loadShard(pool, campaignId, shard, step),
    record: (input) =>
      timed('record', async () => ((await recorder.record(input)) ? undefined : loadEnd(pool, input))),
    beginRetry: (input) => timed('retry', () => beginRetry(pool, context, input)),
    beginTpeRollBack: (input) => timed('rollback', () => beginTpeRollBack(pool, context, input)),
    async recordCompensation(input) {
      const news = await timed('record', () => recordCompensations(pool, context, [input]));
      for (const { state } of news)
        sagaCompensationTotal.inc({ kind: 'rollback', outcome: state.toLowerCase() });
    },
  };
}
