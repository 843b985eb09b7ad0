/** The saga of one terminal: it has been asked for, it is followed until its status is final. */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { Look, RecordInput, TmsActivities, TrackingActivities } from '../activities/types.ts';
import { cancelTpeSignal, observeNowSignal, stateQuery, statusReportedSignal } from './messages.ts';
import { NOT_SETTLED, tmsTaskQueue, TRACKING_TASK_QUEUE } from './names.ts';
import { describeInterval, describeWindow, type PollingWindow } from './policy/polling.ts';
import { describeObservation } from './policy/verdict.ts';
import { UPDATE_STATUS } from './search-attributes.ts';
import type { TpeOutcome, TpeState, TpeUpdateInput } from './types.ts';

/**
 * Longest that one look may take, the wait for a place in the TMS's queue included. It is also how long a look
 * whose worker was killed is waited for.
 */
const LOOK_TIMEOUT = '30 seconds';

const { record } = proxyActivities<TrackingActivities>({
  taskQueue: TRACKING_TASK_QUEUE,
  startToCloseTimeout: '30 seconds',
  retry: { maximumInterval: '30 seconds' },
});
const { record: recordAtOnce } = proxyLocalActivities<TrackingActivities>({
  startToCloseTimeout: '5 seconds',
  retry: { maximumAttempts: 1 },
});

export async function tpeUpdate(input: TpeUpdateInput): Promise<TpeOutcome> {
  const { campaignId, targetVersion, tpe, policy } = input;
  const deadline = tpe.requestedAt + policy.deadlineSeconds * 1000;
  const tmsOptions = {
    taskQueue: tmsTaskQueue(tpe.tms),
    startToCloseTimeout: LOOK_TIMEOUT,
    // A look that nobody waits for any more ends with the workflow; telling it so would be five more events.
    cancellationType: ActivityCancellationType.ABANDON,
  };
  const state: TpeState = {
    tpeId: tpe.tpeId,
    campaignId,
    targetVersion,
    status: 'REQUESTED',
    reason: null,
    attempt: tpe.attempt,
    waitingFor: 'the first look',
    deadline: new Date(deadline).toISOString(),
  };
  let lastLook: Look | undefined;
  let reports = 0;
  let cancelWanted = input.cancelRequested ?? false;

  setHandler(stateQuery, () => state);
  setHandler(statusReportedSignal, () => void reports++);
  setHandler(observeNowSignal, () => void reports++);
  setHandler(cancelTpeSignal, () => void (cancelWanted = true));
  // "Request cancellation" in the Temporal Web UI means what the cancel signal means.
  CancellationScope.current().cancelRequested.catch(() => (cancelWanted = true));

  return CancellationScope.nonCancellable(async () => {
    const end = await follow();
    if (end !== 'cancelled') lastLook = end ?? lastLook;
    const outcome = conclude(end);
    await settle(outcome);
    return outcome;
  });

  /** Follows the terminal until a look settles it, its cancellation is confirmed, or its time is over. */
  async function follow(): Promise<Look | 'cancelled' | undefined> {
    tell(`Asked for, attempt ${tpe.attempt}. Its time is over at ${state.deadline}.`);
    const scope = new CancellationScope();
    try {
      return await scope.run(async () => {
        const timeOver = sleep(Math.max(1, deadline - Date.now()), {
          summary: `deadline: ${describeInterval(policy.deadlineSeconds)} after the request`,
        }).then(() => lookLast());
        return Promise.race([followSchedule(), followReports(), followCancel(), timeOver]);
      });
    } finally {
      scope.cancel();
    }
  }

  async function followSchedule(): Promise<Look | undefined> {
    let waited = Date.now() - tpe.requestedAt;
    for (const [index, window] of policy.polling.entries()) {
      const summary = describeWindow(window, index);
      tell(`Waiting in ${summary}.`);
      const look = await lookThrough(window, summary, window.everySeconds * 1000 - waited);
      if (look) return look;
      waited = 0;
    }
    return lastLook;
  }

  /**
   * The looks of one window. They and the waits between them are retries of one activity, so that the server
   * keeps the timers and a look that settles nothing costs no history event.
   */
  async function lookThrough(
    { everySeconds, attempts }: PollingWindow,
    summary: string,
    firstAfterMs: number,
  ): Promise<Look | undefined> {
    const interval = everySeconds * 1000;
    const { observe } = proxyActivities<TmsActivities>({
      ...tmsOptions,
      summary,
      retry: {
        initialInterval: interval,
        backoffCoefficient: 1,
        maximumInterval: interval,
        // The first attempt only begins the wait.
        maximumAttempts: attempts + 1,
      },
    });
    try {
      return await observe({ campaignId, targetVersion, tpe, firstAfterMs: Math.max(1, firstAfterMs) });
    } catch (error) {
      lastLook = unsettledLook(error) ?? lastLook;
      return undefined;
    }
  }

  /** A call-back of the TMS, or somebody who wants to know: one look, at once. */
  async function followReports(): Promise<Look> {
    for (;;) {
      await condition(() => reports > 0);
      reports = 0;
      const look = await lookOnce('look now');
      if (look?.verdict.settled) return look;
    }
  }

  async function followCancel(): Promise<Look | 'cancelled'> {
    await condition(() => cancelWanted);
    tell('Asking the TMS to cancel.');
    const { cancelUpdate } = proxyActivities<TmsActivities>({
      ...tmsOptions,
      summary: 'ask the TMS to cancel',
      retry: { maximumInterval: '1 minute' },
    });
    if (await cancelUpdate({ campaignId, tpe })) return 'cancelled';
    tell('Too late to cancel: it is followed to its end.');
    const look = await lookOnce('look after the refused cancellation');
    return look?.verdict.settled ? look : never();
  }

  /** The look at the deadline, so that a terminal that made it since the last one is not called late. */
  async function lookLast(): Promise<Look | undefined> {
    lastLook = (await lookOnce('last look, at the deadline')) ?? lastLook;
    return lastLook;
  }

  async function lookOnce(summary: string): Promise<Look | undefined> {
    const { observe } = proxyActivities<TmsActivities>({
      ...tmsOptions,
      summary,
      retry: { maximumAttempts: 3 },
    });
    try {
      return await observe({ campaignId, targetVersion, tpe, last: true });
    } catch (error) {
      if (isCancellation(error)) throw error;
      return undefined;
    }
  }

  function conclude(end: Look | 'cancelled' | undefined): TpeOutcome {
    if (end === 'cancelled') {
      return { tpeId: tpe.tpeId, status: 'CANCELLED', reason: 'cancelled', version: null };
    }
    const version = end?.observation.hardware?.version ?? null;
    const verdict = end?.verdict;
    return verdict?.settled
      ? { tpeId: tpe.tpeId, status: verdict.status, reason: verdict.reason, version }
      : { tpeId: tpe.tpeId, status: 'TIMEOUT', reason: verdict?.reason ?? 'unreachable', version };
  }

  async function settle(outcome: TpeOutcome): Promise<void> {
    state.status = outcome.status;
    state.reason = outcome.reason;
    const words = outcome.reason ? `${outcome.status} (${outcome.reason})` : outcome.status;
    upsertSearchAttributes([{ key: UPDATE_STATUS, value: outcome.status }]);
    tell(`${words}: recording it.`);
    await recordDurably({ campaignId, attempt: tpe.attempt, ...outcome }, `record ${words}`);
    state.waitingFor = 'nothing';
    setCurrentDetails(
      `**${words}** · terminal runs ${outcome.version ?? 'an unknown version'}` +
        (lastLook ? ` · last look: ${describeObservation(lastLook.observation)}` : ''),
    );
  }

  function tell(words: string): void {
    state.waitingFor = words;
    setCurrentDetails(words);
  }
}

/**
 * Records within the workflow task that decided it, which spares the server a third of its work for a terminal;
 * where that fails, as an activity that is tried until the database is back.
 */
async function recordDurably(input: RecordInput, summary: string): Promise<void> {
  try {
    await recordAtOnce.executeWithOptions({ summary }, [input]);
  } catch {
    await record.executeWithOptions({ summary }, [input]);
  }
}

/** The look that a failed window ended with; undefined when it failed for another reason. */
function unsettledLook(error: unknown): Look | undefined {
  if (isCancellation(error)) throw error;
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || cause.type !== NOT_SETTLED) return undefined;
  return cause.details?.[0] as Look | undefined;
}

/** Never settles: the other ways to an end go on. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}
