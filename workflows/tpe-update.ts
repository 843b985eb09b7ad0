/**
 * The saga of one terminal: it has been asked for and is followed until its status is final. What fails is tried
 * again where the policy says so, and compensated by rolling the terminal back to the version that it ran before.
 */
import {
  CancellationScope,
  condition,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type {
  AskResult,
  RecordedEnd,
  RecordInput,
  TmsActivities,
  TrackingActivities,
} from '../activities/types.ts';
import { followTerminal, type FollowEnd, type Mailbox } from './follow.ts';
import { cancelTpeSignal, observeNowSignal, stateQuery, statusReportedSignal } from './messages.ts';
import { tmsTaskQueue, TRACKING_TASK_QUEUE } from './names.ts';
import { backoffSeconds, isRetried } from './policy/retry.ts';
import { describeInterval } from './policy/polling.ts';
import { describeObservation } from './policy/verdict.ts';
import { UPDATE_STATUS } from './search-attributes.ts';
import type {
  CompensationOutcome,
  SagaStep,
  TpeOutcome,
  TpeState,
  TpeUpdateInput,
  TrackedTpe,
} from './types.ts';

const { beginRetry, beginTpeRollBack, record, recordCompensation } = proxyActivities<TrackingActivities>({
  taskQueue: TRACKING_TASK_QUEUE,
  startToCloseTimeout: '30 seconds',
  retry: { maximumInterval: '30 seconds' },
});
const { record: recordAtOnce } = proxyLocalActivities<TrackingActivities>({
  startToCloseTimeout: '5 seconds',
  retry: { maximumAttempts: 1 },
});

export async function tpeUpdate(input: TpeUpdateInput): Promise<TpeOutcome> {
  const { campaignId, targetVersion, policy } = input;
  const mailbox: Mailbox = { reports: 0, cancelWanted: false, forced: false };
  let { tpe } = input;
  const state: TpeState = {
    tpeId: tpe.tpeId,
    campaignId,
    targetVersion,
    status: 'REQUESTED',
    reason: null,
    attempt: tpe.attempt,
    step: input.step,
    waitingFor: 'the first look',
    deadline: deadlineOf(tpe),
  };

  setHandler(stateQuery, () => state);
  setHandler(statusReportedSignal, () => void mailbox.reports++);
  setHandler(observeNowSignal, () => void mailbox.reports++);
  setHandler(cancelTpeSignal, ({ force } = {}) => {
    mailbox.cancelWanted = true;
    mailbox.forced ||= force ?? false;
  });
  // "Request cancellation" in the Temporal Web UI means what the cancel signal means.
  CancellationScope.current().cancelRequested.catch(() => (mailbox.cancelWanted = true));

  return CancellationScope.nonCancellable(() => (input.step === 'update' ? update() : rollBackOnly()));

  async function update(): Promise<TpeOutcome> {
    const { outcome: concluded, end } = await tryToUpdate();
    const outcome = await settle(concluded, end);
    const failed = outcome.status === 'FAILED' || outcome.status === 'TIMEOUT';
    if (failed && policy.onFailure === 'roll-back' && !mailbox.forced) {
      await beginTpeRollBack({ campaignId, tpeId: tpe.tpeId, attempt: tpe.attempt });
      tpe = { ...tpe, attempt: tpe.attempt + 1, status: outcome.status };
      await compensate();
    }
    return outcome;
  }

  /** Attempt after attempt, until one is the last. */
  async function tryToUpdate(): Promise<{ outcome: TpeOutcome; end: FollowEnd | undefined }> {
    for (;;) {
      const refused = tpe.pending === null ? undefined : await askAgain();
      const end = refused ? undefined : await followThis(targetVersion, 'update');
      const outcome = refused ?? conclude(end as FollowEnd);
      if (mailbox.cancelWanted || !isRetried(policy.retry, outcome, tpe.attempt)) return { outcome, end };
      await prepareRetry(outcome);
    }
  }

  async function prepareRetry({ status, reason }: TpeOutcome): Promise<void> {
    // What timed out may still be waiting at the TMS: it must not happen beside the next attempt.
    if (status === 'TIMEOUT') await cancelAtTms();
    const why = reason ?? status;
    await beginRetry.executeWithOptions({ summary: `attempt ${tpe.attempt} ended: ${why}` }, [
      { campaignId, tpeId: tpe.tpeId, attempt: tpe.attempt, reason: why },
    ]);
    tpe = { ...tpe, attempt: tpe.attempt + 1, pending: why, operationId: null };
    Object.assign(state, { attempt: tpe.attempt, status: 'PENDING', reason: why });
  }

  /** Waits until the next attempt is due, and asks. @returns how the attempt ended, where it was not accepted */
  async function askAgain(): Promise<TpeOutcome | undefined> {
    const pause = backoffSeconds(policy.retry, tpe.attempt - 1);
    tell(`Attempt ${tpe.attempt} in ${describeInterval(pause)}: the one before ended ${tpe.pending ?? ''}.`);
    await condition(() => mailbox.cancelWanted, pause * 1000);
    if (mailbox.cancelWanted) return endedBy('CANCELLED', 'cancelled');
    const answer = await ask('update', targetVersion);
    if (answer.outcome === 'rejected') return endedBy('FAILED', `rejected:${answer.reason}`);
    if (answer.outcome === 'left') return endedBy('CANCELLED', 'cancelled');
    accept(answer);
    return undefined;
  }

  /** A terminal that its campaign rolls back, however its update had ended. */
  async function rollBackOnly(): Promise<TpeOutcome> {
    const { state: how, reason, version } = await compensate();
    const status = how === 'ROLLED_BACK' ? 'CANCELLED' : 'FAILED';
    return { tpeId: tpe.tpeId, status, reason: reason ?? 'rolled-back', version };
  }

  /** Brings the terminal back to the version that it ran before, and has the terminal itself confirm that. */
  async function compensate(): Promise<CompensationOutcome> {
    Object.assign(state, { step: 'roll-back', attempt: tpe.attempt });
    upsertSearchAttributes([{ key: UPDATE_STATUS, value: 'ROLLING_BACK' }]);
    const outcome = { tpeId: tpe.tpeId, ...(await rollBack()) };
    const words = outcome.reason ? `${outcome.state} (${outcome.reason})` : outcome.state;
    await recordCompensation.executeWithOptions({ summary: `record ${words}` }, [
      { campaignId, attempt: tpe.attempt, ...outcome },
    ]);
    upsertSearchAttributes([{ key: UPDATE_STATUS, value: outcome.state }]);
    state.waitingFor = 'nothing';
    setCurrentDetails(`**${words}** · terminal runs ${outcome.version ?? 'an unknown version'}`);
    return outcome;
  }

  async function rollBack(): Promise<Omit<CompensationOutcome, 'tpeId'>> {
    const { fromVersion } = tpe;
    if (fromVersion === null) return { state: 'FAILED', reason: 'no-previous-version', version: null };
    tell(`Rolling back to ${fromVersion}.`);
    if (await isUnchanged(fromVersion))
      return { state: 'ROLLED_BACK', reason: 'unchanged', version: fromVersion };
    const answer = await ask('roll-back', fromVersion);
    if (answer.outcome === 'rejected') {
      return { state: 'FAILED', reason: `rejected:${answer.reason}`, version: null };
    }
    if (answer.outcome === 'left') return { state: 'LEFT', reason: 'called-off', version: null };
    accept(answer);
    const { how, look } = await followThis(fromVersion, 'roll-back');
    const version = look?.observation.hardware?.version ?? null;
    if (how === 'settled' && look?.verdict.settled && look.verdict.status === 'SUCCESS') {
      return { state: 'ROLLED_BACK', reason: null, version };
    }
    return { state: 'FAILED', reason: look?.verdict.reason ?? 'unreachable', version };
  }

  /** Whether the update has left the terminal as it was and can't change it any more. */
  async function isUnchanged(fromVersion: string): Promise<boolean> {
    if (tpe.status === 'SUCCESS') return false;
    const isOver = tpe.status === 'FAILED' || (await cancelAtTms());
    if (!isOver) return false;
    const { observe } = proxyActivities<TmsActivities>({
      taskQueue: tmsTaskQueue(tpe.tms),
      summary: `does it still run ${fromVersion}?`,
      startToCloseTimeout: '30 seconds',
      scheduleToCloseTimeout: '2 minutes',
    });
    const look = await observe({ campaignId, targetVersion: fromVersion, tpe, last: true }).catch(
      () => undefined,
    );
    return look?.observation.hardware?.version === fromVersion;
  }

  function followThis(version: string, step: SagaStep): Promise<FollowEnd> {
    return followTerminal({ campaignId, tpe, version, policy, mailbox, step, tell });
  }

  async function ask(step: SagaStep, version: string): Promise<AskResult> {
    const asking = proxyActivities<TmsActivities>({
      taskQueue: tmsTaskQueue(tpe.tms),
      summary: step === 'update' ? `attempt ${tpe.attempt}: ask for ${version}` : `roll back to ${version}`,
      startToCloseTimeout: '30 seconds',
      retry: { initialInterval: '2 seconds', maximumInterval: '1 minute' },
    });
    return asking.ask({ campaignId, tpe, step, version });
  }

  function accept({ operationId, requestedAt }: Extract<AskResult, { outcome: 'accepted' }>): void {
    tpe = { ...tpe, operationId, requestedAt, pending: null };
    Object.assign(state, { status: 'REQUESTED', reason: null, deadline: deadlineOf(tpe) });
  }

  /** As well as it goes: a TMS that does not answer for a minute is not waited for. */
  async function cancelAtTms(): Promise<boolean> {
    const { cancelUpdate } = proxyActivities<TmsActivities>({
      taskQueue: tmsTaskQueue(tpe.tms),
      summary: 'ask the TMS to cancel what is still open',
      startToCloseTimeout: '30 seconds',
      scheduleToCloseTimeout: '1 minute',
    });
    return cancelUpdate({ campaignId, tpe }).catch(() => false);
  }

  function conclude({ how, look }: FollowEnd): TpeOutcome {
    const version = look?.observation.hardware?.version ?? null;
    const verdict = look?.verdict;
    if (how === 'cancelled') return endedBy('CANCELLED', 'cancelled');
    if (verdict?.settled)
      return { tpeId: tpe.tpeId, status: verdict.status, reason: verdict.reason, version };
    if (how === 'forced') return { ...endedBy('CANCELLED', 'cancel-unconfirmed'), version };
    return { tpeId: tpe.tpeId, status: 'TIMEOUT', reason: verdict?.reason ?? 'unreachable', version };
  }

  function endedBy(status: TpeOutcome['status'], reason: TpeOutcome['reason']): TpeOutcome {
    return { tpeId: tpe.tpeId, status, reason, version: null };
  }

  /** @returns how the terminal has ended: what was recorded before, by a look or a cancellation, stands */
  async function settle(concluded: TpeOutcome, end: FollowEnd | undefined): Promise<TpeOutcome> {
    show(concluded);
    const isRecorded = concluded.status === 'SUCCESS' && end?.look?.recorded === true;
    const outcome = isRecorded ? concluded : await recordEnd(concluded);
    if (outcome.status !== concluded.status) show(outcome);
    state.waitingFor = 'nothing';
    setCurrentDetails(
      `**${describeEnd(outcome)}** · terminal runs ${outcome.version ?? 'an unknown version'}` +
        (end?.look ? ` · last look: ${describeObservation(end.look.observation)}` : ''),
    );
    return outcome;
  }

  function show({ status, reason }: TpeOutcome): void {
    Object.assign(state, { status, reason });
    upsertSearchAttributes([{ key: UPDATE_STATUS, value: status }]);
  }

  async function recordEnd(outcome: TpeOutcome): Promise<TpeOutcome> {
    const words = describeEnd(outcome);
    tell(`${words}: recording it.`);
    const stands = await recordDurably({ campaignId, attempt: tpe.attempt, ...outcome }, `record ${words}`);
    return stands ? { tpeId: tpe.tpeId, ...stands } : outcome;
  }

  function deadlineOf({ requestedAt }: TrackedTpe): string {
    return new Date(requestedAt + policy.deadlineSeconds * 1000).toISOString();
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
async function recordDurably(input: RecordInput, summary: string): Promise<RecordedEnd | undefined> {
  try {
    return await recordAtOnce.executeWithOptions({ summary }, [input]);
  } catch {
    return record.executeWithOptions({ summary }, [input]);
  }
}

function describeEnd({ status, reason }: TpeOutcome): string {
  return reason ? `${status} (${reason})` : status;
}
