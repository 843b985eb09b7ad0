/** One wave of a campaign: asks for its terminals in batches and has each followed to its end. */
import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  patched,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { CampaignActivities, ShardSizeOf, TmsActivities } from '../activities/types.ts';
import { campaignShard } from './campaign-shard.ts';
import { type WaveCommand, waveCommandSignal, type WaveNews, waveNewsSignal } from './messages.ts';
import {
  CAMPAIGN_TASK_QUEUE,
  campaignWorkflowId,
  shardWorkflowId,
  tmsTaskQueue,
  TRACKING_TASK_QUEUE,
} from './names.ts';
import { platform } from './platform.ts';
import {
  type Batch,
  countTerminals,
  cutBatches,
  MAX_SHARDS,
  MAX_SHARDS_AT_ONCE,
  SHARDS_PER_RUN,
  shardSize,
} from './policy/sizing.ts';
import { CAMPAIGN_ID, TARGET_VERSION } from './search-attributes.ts';
import { isInTurn, ShardTurns } from './shards-in-turn.ts';
import type { WaveInput } from './types.ts';

/**
 * Batches of one TMS given to its workers at once: what these are not asking for yet waits there, and is not held up by
 * what was asked for being recorded. The rest waits here, so that a second campaign finds room in the queue.
 */
const BATCHES_AT_ONCE = 64;
/** The same where maintenance windows may close: each closing interrupts all of them, which costs the history 12 events. */
const WINDOWED_BATCHES_AT_ONCE = 8;

/**
 * How long the trackers of a dispatched batch may wait for the rest of the dispatch. Starting them costs the
 * Temporal server more than dispatch itself, and their first look is minutes away.
 */
const TRACKING_GRACE_MS = 20_000;

const { awaitRollBackAsked } = proxyActivities<CampaignActivities>({
  taskQueue: CAMPAIGN_TASK_QUEUE,
  summary: 'wait until every roll-back has been asked for',
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 1 },
});

/** A batch for which maintenance windows are closed. */
interface HeldBatch {
  batch: Batch;
  /** Epoch ms; null: as far as is known they never open again. */
  opensAt: number | null;
}

export async function campaignWave(input: WaveInput): Promise<void> {
  const { campaignId, campaignTotal, run, targetVersion, wave } = input;
  const total = countTerminals(input.lanes);
  const turns = isInTurn(total) ? new ShardTurns() : undefined;
  const size = shardSize(campaignTotal, turns ? MAX_SHARDS : MAX_SHARDS_AT_ONCE);
  const atOnce = isWide(input) ? BATCHES_AT_ONCE : WINDOWED_BATCHES_AT_ONCE;
  const scopes = new Set<CancellationScope>();
  const trackers: Promise<void>[] = [];
  let { paused, rate } = input;
  let stopped = false;
  let reloads = 0;
  let dispatching = true;
  let nextShard = run * SHARDS_PER_RUN;
  let dispatchSettled: Promise<unknown> | undefined;

  setHandler(waveCommandSignal, (command, change) => obey(command, change));
  CancellationScope.current().cancelRequested.catch(() => obey('stop'));
  return CancellationScope.nonCancellable(work);

  async function work(): Promise<void> {
    tell(`${input.step === 'update' ? 'Asking for' : 'Rolling back'} ${total} terminals.`);
    if (input.step === 'update') await dispatchAll();
    else await rollBack();
    dispatching = false;
    await report({ dispatched: true, opensAt: null });
    tell(`All are asked for; following them in ${trackers.length} shards.`);
    await Promise.all(trackers);
    tell('All its terminals are final.');
  }

  function obey(command: WaveCommand, change?: Pick<WaveInput, 'rate'>): void {
    if (command === 'pause') paused = true;
    if (command === 'resume') paused = false;
    if (command === 'stop') stopped = true;
    if (command === 'reload') {
      rate = change?.rate ?? null;
      reloads++;
    }
    if (command !== 'resume') scopes.forEach((scope) => scope.cancel());
  }

  /** Round after round, each with what may be asked for by then; between them the windows are closed. */
  async function dispatchAll(): Promise<void> {
    let waiting: Batch[] = input.lanes;
    let held: HeldBatch[] = [];
    for (;;) {
      if (stopped || (waiting.length === 0 && held.length === 0)) return;
      const seen = reloads;
      const left = await dispatchRound(cutBatches(waiting, rate));
      held.push(...left.held);
      waiting = left.waiting;
      if (stopped) return;
      if (reloads === seen && held.length > 0 && (waiting.length === 0 || left.closed)) {
        await untilOpen(held, left.closed);
      }
      const due = held.filter(({ opensAt }) => reloads !== seen || (opensAt ?? Infinity) <= Date.now());
      waiting.push(...due.map(({ batch }) => batch));
      held = held.filter((each) => !due.includes(each));
    }
  }

  async function untilOpen(held: readonly HeldBatch[], closed: number | 'never' | null): Promise<void> {
    const openings = [
      ...held.map(({ opensAt }) => opensAt ?? Infinity),
      ...(closed === 'never' ? [] : [closed ?? Infinity]),
    ];
    const opensAt = Math.min(...openings);
    const seen = reloads;
    await report({ dispatched: false, opensAt: Number.isFinite(opensAt) ? opensAt : null });
    tell(
      `Outside the maintenance windows${Number.isFinite(opensAt) ? `; they open at ${new Date(opensAt).toISOString()}` : ''}.`,
    );
    const isOver = (): boolean => stopped || reloads !== seen;
    if (Number.isFinite(opensAt)) await condition(isOver, Math.max(1, opensAt - Date.now()));
    else await condition(isOver);
    await report({ dispatched: false, opensAt: null });
  }

  /** @returns what could not be asked for, and whether every window of the wave is closed */
  async function dispatchRound(
    batches: readonly Batch[],
  ): Promise<{ waiting: Batch[]; held: HeldBatch[]; closed: number | 'never' | null }> {
    const queues = Map.groupBy(batches, ({ tms }) => tms);
    const held: HeldBatch[] = [];
    let closed: number | 'never' | null = null;
    const seen = reloads;
    const isOver = (): boolean => stopped || closed !== null || reloads !== seen;
    await Promise.all(
      [...queues.values()].flatMap((queue) =>
        // A rate is kept by one batch after the other.
        Array.from({ length: Math.min(rate ? 1 : atOnce, queue.length) }, async () => {
          while (!isOver()) {
            const batch = queue.shift();
            if (!batch) return;
            const outcome = await dispatchBatch(batch, isOver);
            if (outcome === 'done') continue;
            if (outcome === 'interrupted') return void queue.unshift(batch);
            held.push({ batch, opensAt: outcome.opensAt });
            closed ??= await platform.nextOpening(campaignId, wave);
          }
        }),
      ),
    );
    return { waiting: [...queues.values()].flat(), held, closed };
  }

  /** Asks for one batch, in as many runs as pauses make of it. */
  async function dispatchBatch(
    batch: Batch,
    isOver: () => boolean,
  ): Promise<'done' | 'interrupted' | { opensAt: number | null }> {
    const { dispatch } = dispatcher(batch);
    const lane = input.lanes.filter(({ tms }) => tms === batch.tms);
    for (;;) {
      await condition(() => !paused || isOver());
      if (isOver()) return 'interrupted';
      const firstShard = nextShard;
      nextShard += Math.ceil((batch.to - batch.from) / size);
      const range = { from: firstShard, to: nextShard };
      const result = await stoppable(() =>
        dispatch({
          ...batch,
          campaignId,
          targetVersion,
          firstShard,
          shardSize: size,
          rateShare: countTerminals(lane) / total,
        }),
      );
      follow(result ? result.shards : await platform.findShards(campaignId, range));
      if (result?.remaining === 0) return 'done';
      if (result?.closed) return result.closed;
    }
  }

  /** Runs `work` so that a command stops it; undefined when it was stopped before it could answer. */
  async function stoppable<T>(asking: () => Promise<T>): Promise<T | undefined> {
    const scope = new CancellationScope();
    scopes.add(scope);
    try {
      return await scope.run(asking);
    } catch (error) {
      if (isCancellation(error)) return undefined;
      throw error;
    } finally {
      scopes.delete(scope);
    }
  }

  async function rollBack(): Promise<void> {
    dispatchSettled = Promise.resolve();
    follow(await platform.beginRollBack({ campaignId, wave, firstShard: nextShard, shardSize: size }));
    await awaitRollBackAsked(campaignId, wave);
  }

  function follow(found: readonly ShardSizeOf[]): void {
    if (found.length === 0) return;
    dispatchSettled ??= condition(() => !dispatching || paused || stopped, TRACKING_GRACE_MS);
    const settled = dispatchSettled;
    trackers.push(...found.map(({ shard }) => settled.then(() => trackShard(shard))));
  }

  async function trackShard(shard: number): Promise<void> {
    await turns?.take(shard);
    try {
      await executeChild(campaignShard, {
        workflowId: shardWorkflowId(campaignId, shard),
        taskQueue: TRACKING_TASK_QUEUE,
        args: [{ campaignId, shard, targetVersion, step: input.step, policy: input.policy, inTurn: !!turns }],
        // Terminals that were asked for change whether we look or not: they are followed all the same.
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `${input.name} · shard ${shard} → ${input.step === 'update' ? targetVersion : 'previous version'}`,
        typedSearchAttributes: [
          { key: CAMPAIGN_ID, value: campaignId },
          { key: TARGET_VERSION, value: targetVersion },
        ],
      });
    } catch (error) {
      // closeCampaign settles what a shard leaves open that somebody terminated or cancelled, and says why.
      log.warn('a shard has ended without a result', { shard, error });
    } finally {
      turns?.pass(shard);
    }
  }

  async function report(news: Omit<WaveNews, 'run'>): Promise<void> {
    await getExternalWorkflowHandle(campaignWorkflowId(campaignId))
      .signal(waveNewsSignal, { run, ...news })
      // A campaign that somebody terminated needs no news.
      .catch((error: unknown) => log.warn('the campaign could not be told', { error }));
  }

  function tell(words: string): void {
    setCurrentDetails(`**${input.name}** · ${words}`);
  }
}

/**
 * Whether more batches are given out at once than the first workers did. The wave's own history is asked, too: one of
 * those may have begun a wave that a newer campaign has started. Not where it makes no difference, so that such a wave
 * can still go on at a worker that knows nothing of it (decision 14).
 */
function isWide({ lanes, step, windowed }: WaveInput): boolean {
  const queues = Map.groupBy(cutBatches(lanes), ({ tms }) => tms);
  const isLong = [...queues.values()].some((queue) => queue.length > WINDOWED_BATCHES_AT_ONCE);
  return step === 'update' && windowed === false && isLong && patched('wide-dispatch');
}

function dispatcher({ tms, from, to }: Batch): Pick<TmsActivities, 'dispatch'> {
  return proxyActivities<TmsActivities>({
    taskQueue: tmsTaskQueue(tms),
    summary: `ask ${tms} for terminals ${from + 1}–${to}`,
    // A batch under a slow rate takes as long as the rate says; a worker that is gone is noticed by its silence.
    startToCloseTimeout: '30 days',
    // Longer than any one call to a TMS, so that what a dead worker sent has arrived before another asks.
    heartbeatTimeout: '10 seconds',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
    priority: { priorityKey: 1 },
  });
}
