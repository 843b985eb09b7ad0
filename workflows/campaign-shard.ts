/** About a hundred terminals of a campaign, each followed by a child workflow of its own. */
import {
  ChildWorkflowCancellationType,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  patched,
  proxyActivities,
  setCurrentDetails,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { TrackingActivities } from '../activities/types.ts';
import { shardBegunSignal } from './messages.ts';
import { tpeWorkflowId, TRACKING_TASK_QUEUE } from './names.ts';
import { CAMPAIGN_ID, SITE, TARGET_VERSION, TMS, TPE_ID, UPDATE_STATUS } from './search-attributes.ts';
import { IN_TURN, TRACKERS_AT_ONCE } from './shards-in-turn.ts';
import type { StatusCounts } from './status.ts';
import { tpeUpdate } from './tpe-update.ts';
import { Turns } from './turns.ts';
import type { ShardInput, TpeOutcome, TrackedTpe } from './types.ts';

const { loadShard, record, recordCompensation } = proxyActivities<TrackingActivities>({
  taskQueue: TRACKING_TASK_QUEUE,
  startToCloseTimeout: '30 seconds',
  retry: { maximumInterval: '30 seconds' },
});

/** @returns how the shard's terminals have ended */
export async function campaignShard(input: ShardInput): Promise<StatusCounts> {
  const { campaignId, shard, step, targetVersion, policy } = input;
  const tpes = await loadShard(campaignId, shard, step);
  const goal = step === 'update' ? targetVersion : 'their previous version';
  setCurrentDetails(`Following ${tpes.length} terminals to ${goal}.`);
  const counts: StatusCounts = {};
  const turns = input.inTurn && patched(IN_TURN) ? new Turns(TRACKERS_AT_ONCE) : undefined;
  let begun = 0;
  // One without terminals ends at once, which tells as much.
  if (turns && tpes.length > 0) void tellBegun();
  const ends = await Promise.allSettled(
    tpes.map(async (tpe) => {
      const { status } = await follow(tpe);
      counts[status] = (counts[status] ?? 0) + 1;
    }),
  );
  // Cancelled before all had begun: those that had are seen to their end, which the shard's own would cut off.
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return counts;

  /** So that the wave lets the next shard begin. */
  async function tellBegun(): Promise<void> {
    await condition(() => begun === tpes.length);
    const { parent } = workflowInfo();
    if (!parent) return;
    await getExternalWorkflowHandle(parent.workflowId)
      .signal(shardBegunSignal, shard)
      // A wave that somebody terminated lets nothing begin any more.
      .catch((error: unknown) => log.warn('the wave could not be told', { error }));
  }

  async function follow(tpe: TrackedTpe): Promise<TpeOutcome> {
    await turns?.take();
    try {
      const tracker = await startChild(tpeUpdate, {
        workflowId: tpeWorkflowId(campaignId, tpe.tpeId),
        args: [{ campaignId, targetVersion, tpe, step, policy }],
        // Whoever terminates a shard wants its trackers gone; the campaign then settles the terminals.
        parentClosePolicy: ParentClosePolicy.TERMINATE,
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        staticSummary: summarise(tpe),
        staticDetails: `Terminal ${tpe.tpeId} (${tpe.idTms} at ${tpe.tms}), attempt ${tpe.attempt}`,
        typedSearchAttributes: [
          { key: CAMPAIGN_ID, value: campaignId },
          { key: TPE_ID, value: tpe.tpeId },
          { key: TARGET_VERSION, value: targetVersion },
          { key: UPDATE_STATUS, value: step === 'update' ? 'REQUESTED' : 'ROLLING_BACK' },
          { key: TMS, value: tpe.tms },
          { key: SITE, value: tpe.site },
        ],
      }).finally(() => {
        begun++;
        turns?.pass();
      });
      return await tracker.result();
    } catch (error) {
      return giveUp(tpe, error);
    }
  }

  /** A tracker that somebody terminated: what became of its terminal is no longer known, and said so. */
  async function giveUp(tpe: TrackedTpe, error: unknown): Promise<TpeOutcome> {
    if (isCancellation(error)) throw error;
    log.warn('the tracker of a terminal has ended without a result', { tpeId: tpe.tpeId, error });
    const outcome: TpeOutcome = {
      tpeId: tpe.tpeId,
      status: 'TIMEOUT',
      reason: 'tracker-ended',
      version: null,
    };
    const attempt = { campaignId, attempt: tpe.attempt };
    if (step === 'update') await record({ ...attempt, ...outcome });
    else {
      const { tpeId, reason, version } = outcome;
      await recordCompensation({ ...attempt, tpeId, state: 'FAILED', reason, version });
    }
    return outcome;
  }

  function summarise({ model, site, fromVersion }: TrackedTpe): string {
    const from = fromVersion ?? '?';
    return `${model} · ${site} · ${step === 'update' ? `${from} → ${targetVersion}` : `${targetVersion} → ${from}`}`;
  }
}
