/** A campaign: asks for every terminal's update in batches, has each followed to its end, and can be stopped. */
import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  executeChild,
  isCancellation,
  log,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CampaignActivities, CampaignPlan, ShardSizeOf, TmsActivities } from '../activities/types.ts';
import { campaignShard } from './campaign-shard.ts';
import { openCommandDesk } from './command-desk.ts';
import { progressQuery } from './messages.ts';
import { CAMPAIGN_TASK_QUEUE, shardWorkflowId, tmsTaskQueue, TRACKING_TASK_QUEUE } from './names.ts';
import { describeProgress, estimateEnd, progressStep, ratePerMinute } from './policy/progress.ts';
import { type Batch, cutBatches, shardSize } from './policy/sizing.ts';
import { CAMPAIGN_ID, TARGET_VERSION, UPDATE_STATUS } from './search-attributes.ts';
import { type CampaignStatus, countFinal, type StatusCounts } from './status.ts';
import type { CampaignInput, CampaignProgress } from './types.ts';

/** Batches of one TMS asked for at once; the rest wait, so that a second campaign finds room in its queue. */
const BATCHES_AT_ONCE = 8;

/**
 * How long the trackers of a dispatched batch may wait for the rest of the dispatch. Starting them costs the
 * Temporal server more than dispatch itself, and their first look is minutes away.
 */
const TRACKING_GRACE_MS = 20_000;

const platform = proxyActivities<CampaignActivities>({
  taskQueue: CAMPAIGN_TASK_QUEUE,
  // Also how long one whose worker was killed is waited for; what takes longer goes on where it was.
  startToCloseTimeout: '30 seconds',
  retry: { maximumInterval: '30 seconds' },
});

const { cancelTrackers } = proxyActivities<CampaignActivities>({
  taskQueue: CAMPAIGN_TASK_QUEUE,
  summary: 'tell the trackers',
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '30 seconds',
});

export async function campaign({ campaignId }: CampaignInput): Promise<CampaignProgress> {
  const startedAt = Date.now();
  const desk = openCommandDesk(async (command) => {
    show();
    await platform.recordCommand({ campaignId, ...command });
  });
  let plan: CampaignPlan | undefined;
  let counts: StatusCounts = {};
  let status: CampaignStatus = 'SCHEDULED';
  let ended = false;
  let dispatching = true;
  let shardsReserved = 0;
  const shards = { started: 0, finished: 0 };
  const trackers: Promise<void>[] = [];
  let dispatchSettled: Promise<unknown> | undefined;

  setHandler(progressQuery, progress);
  return CancellationScope.nonCancellable(run);

  async function run(): Promise<CampaignProgress> {
    plan = await platform.openCampaign(campaignId);
    counts = plan.counts;
    status = 'RUNNING';
    show();
    const watching = new CancellationScope();
    const watcher = watching.run(() => watchProgress(plan as CampaignPlan));
    const cancellation = cancelWhenTold(plan);
    await dispatchAll(plan);
    dispatching = false;
    if (desk.cancelled) await cancellation;
    await Promise.all(trackers);
    // A cancel that comes while the last terminals are followed is carried out before the end.
    if (desk.cancelled) await cancellation;
    await desk.drained();
    watching.cancel();
    await watcher;
    status = desk.cancelled ? 'CANCELLED' : 'COMPLETED';
    counts = await platform.closeCampaign(campaignId, status);
    ended = true;
    show();
    return progress();
  }

  async function dispatchAll({ lanes, targetVersion, total }: CampaignPlan): Promise<void> {
    const waiting = new Map(lanes.map(({ tms }) => [tms, [] as Batch[]]));
    for (const batch of cutBatches(lanes)) waiting.get(batch.tms)?.push(batch);
    await Promise.all(
      [...waiting.values()].flatMap((batches) =>
        Array.from({ length: Math.min(BATCHES_AT_ONCE, batches.length) }, async () => {
          for (let batch = batches.shift(); batch; batch = batches.shift()) {
            await dispatchBatch(batch, targetVersion, shardSize(total));
          }
        }),
      ),
    );
    if (!desk.cancelled) await platform.markDispatched(campaignId);
  }

  /** Asks for one batch, in as many runs as pauses make of it. */
  async function dispatchBatch(batch: Batch, targetVersion: string, size: number): Promise<void> {
    const { dispatch } = dispatcher(batch);
    for (;;) {
      await condition(() => !desk.paused);
      if (desk.cancelled) return;
      const firstShard = shardsReserved;
      shardsReserved += Math.ceil((batch.to - batch.from) / size);
      const range = { from: firstShard, to: shardsReserved };
      const result = await desk.stoppable(() =>
        dispatch({ ...batch, campaignId, targetVersion, firstShard, shardSize: size }),
      );
      follow(result ? result.shards : await platform.findShards(campaignId, range));
      if (result?.remaining === 0) return;
    }
  }

  function follow(found: readonly ShardSizeOf[]): void {
    if (found.length === 0) return;
    dispatchSettled ??= condition(() => !dispatching || desk.paused || desk.cancelled, TRACKING_GRACE_MS);
    const settled = dispatchSettled;
    trackers.push(...found.map(({ shard }) => settled.then(() => trackShard(shard))));
  }

  async function trackShard(shard: number): Promise<void> {
    const { targetVersion, policy } = plan as CampaignPlan;
    shards.started++;
    try {
      await executeChild(campaignShard, {
        workflowId: shardWorkflowId(campaignId, shard),
        taskQueue: TRACKING_TASK_QUEUE,
        args: [{ campaignId, shard, targetVersion, policy }],
        // Terminals that were asked for change whether we look or not: they are followed all the same.
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `shard ${shard} → ${targetVersion}`,
        typedSearchAttributes: [
          { key: CAMPAIGN_ID, value: campaignId },
          { key: TARGET_VERSION, value: targetVersion },
        ],
      });
    } catch (error) {
      if (isCancellation(error)) throw error;
      // closeCampaign settles what a terminated shard leaves open, and says why.
      log.warn('a shard has ended without a result', { shard, error });
    }
    shards.finished++;
  }

  /** Nothing more is asked for; the TMS cancels what it has not begun; the rest ends by what happens. */
  async function cancelWhenTold({ lanes }: CampaignPlan): Promise<void> {
    await desk.untilCancelled();
    status = 'CANCELLING';
    show();
    await condition(() => !dispatching);
    await platform.cancelPending(campaignId);
    await Promise.all(lanes.map(({ tms }) => canceller(tms).cancelUpdates(campaignId, tms)));
    await cancelTrackers(campaignId);
  }

  /** Keeps `counts` near the truth without a signal per terminal (see `awaitProgress`). */
  async function watchProgress({ total, policy }: CampaignPlan): Promise<void> {
    const step = progressStep(total);
    const interval = policy.progressEverySeconds * 1000;
    const { awaitProgress } = proxyActivities<CampaignActivities>({
      taskQueue: CAMPAIGN_TASK_QUEUE,
      summary: 'wait until 2 % of the terminals have moved on',
      startToCloseTimeout: '1 minute',
      retry: { initialInterval: interval, backoffCoefficient: 1, maximumInterval: interval },
    });
    try {
      for (;;) {
        const anyChangeFrom = Date.now() + Math.max(300_000, (policy.deadlineSeconds * 1000) / 50);
        counts = await awaitProgress({ campaignId, seen: counts, step, anyChangeFrom });
        show();
      }
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
  }

  function progress(): CampaignProgress {
    const final = countFinal(counts);
    const total = plan?.total ?? 0;
    const elapsed = { from: startedAt, to: Date.now() };
    return {
      campaignId,
      status: desk.paused && !ended ? 'PAUSED' : status,
      targetVersion: plan?.targetVersion ?? '',
      total,
      counts,
      final,
      wave: { current: 1, of: 1 },
      shards: { ...shards },
      ratePerMinute: ratePerMinute(final, elapsed),
      estimatedEnd: ended ? null : estimateEnd({ final, total, ...elapsed }),
      lastCommand: desk.last,
    };
  }

  /** What the campaign's page in the Temporal Web UI says. */
  function show(): void {
    const now = progress();
    const upserted = workflowInfo().typedSearchAttributes.get(UPDATE_STATUS);
    if (upserted !== now.status) upsertSearchAttributes([{ key: UPDATE_STATUS, value: now.status }]);
    setCurrentDetails(describeProgress(now));
  }
}

function dispatcher({ tms, from, to }: Batch): Pick<TmsActivities, 'dispatch'> {
  return proxyActivities<TmsActivities>({
    taskQueue: tmsTaskQueue(tms),
    summary: `ask ${tms} for terminals ${from + 1}–${to}`,
    startToCloseTimeout: '1 hour',
    // Longer than any one call to a TMS, so that what a dead worker sent has arrived before another asks.
    heartbeatTimeout: '10 seconds',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
    priority: { priorityKey: 1 },
  });
}

function canceller(tms: string): Pick<TmsActivities, 'cancelUpdates'> {
  return proxyActivities<TmsActivities>({
    taskQueue: tmsTaskQueue(tms),
    summary: `ask ${tms} to cancel what it has not begun`,
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '30 seconds',
    retry: { maximumInterval: '30 seconds', maximumAttempts: 20 },
  });
}
