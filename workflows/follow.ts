/** Follows one terminal that was asked for until a look settles it, it is cancelled, or its time is over. */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';
import type { Look, LookInput, TmsActivities } from '../activities/types.ts';
import { NOT_SETTLED, tmsTaskQueue } from './names.ts';
import { describeInterval, describeWindow, type PollingWindow } from './policy/polling.ts';
import type { SagaStep, TrackedTpe, TrackingPolicy } from './types.ts';

/**
 * Longest that one look may take, the wait for a place in the TMS's queue included. It is also how long a look
 * whose worker was killed is waited for.
 */
const LOOK_TIMEOUT = '30 seconds';

/** What signals have said to a terminal's saga so far. */
export interface Mailbox {
  /** Times that a look was asked for. */
  reports: number;
  cancelWanted: boolean;
  /** What is known now is to do: nothing more is waited for. */
  forced: boolean;
}

export interface Following {
  campaignId: string;
  tpe: TrackedTpe;
  /** The version that it is to run. */
  version: string;
  policy: Pick<TrackingPolicy, 'polling' | 'deadlineSeconds'>;
  mailbox: Mailbox;
  /** A roll-back that has been asked for is not cancelled: it repairs. */
  step: SagaStep;
  /** Says what is waited for. */
  tell: (words: string) => void;
}

export interface FollowEnd {
  /** `time-over`: the last look settled nothing; so it is with `forced`, before the time was over. */
  how: 'settled' | 'cancelled' | 'time-over' | 'forced';
  /** The last look that there was. */
  look: Look | undefined;
}

export async function followTerminal(following: Following): Promise<FollowEnd> {
  const { campaignId, mailbox, policy, step, tell, tpe, version: targetVersion } = following;
  const deadline = tpe.requestedAt + policy.deadlineSeconds * 1000;
  const tmsOptions = {
    taskQueue: tmsTaskQueue(tpe.tms),
    startToCloseTimeout: LOOK_TIMEOUT,
    // A look that nobody waits for any more ends with the workflow; telling it so would be five more events.
    cancellationType: ActivityCancellationType.ABANDON,
  };
  let lastLook: Look | undefined;

  tell(`Asked for, attempt ${tpe.attempt}. Its time is over at ${new Date(deadline).toISOString()}.`);
  const scope = new CancellationScope();
  try {
    return await scope.run(async () => {
      const timeOver = sleep(Math.max(1, deadline - Date.now()), {
        summary: `deadline: ${describeInterval(policy.deadlineSeconds)} after the request`,
      }).then(() => lookLast('time-over', 'last look, at the deadline'));
      return Promise.race([followSchedule(), followReports(), followCancel(), followForce(), timeOver]);
    });
  } finally {
    scope.cancel();
  }

  async function followSchedule(): Promise<FollowEnd> {
    for (const [index, window] of policy.polling.entries()) {
      const summary = describeWindow(window, index);
      tell(`Waiting in ${summary}.`);
      const interval = window.everySeconds * 1000;
      const look = await lookThrough(window, summary, {
        // Not from the request: a campaign's trackers begin at the pace that the server has, and so do their looks, which
        // all at once would keep it from everything else. The campaign knows what the first ones would see by then.
        firstAfterMs: interval,
        // Later ones have drifted apart: each has waited from the end of the look before.
        ...(index === 0 && step === 'update' ? { dueAfterMs: interval } : {}),
      });
      if (look) return settledBy(look);
    }
    return { how: 'time-over', look: lastLook };
  }

  /**
   * The looks of one window. They and the waits between them are retries of one activity, so that the server
   * keeps the timers and a look that settles nothing costs no history event.
   */
  async function lookThrough(
    { everySeconds, attempts }: PollingWindow,
    summary: string,
    first: Pick<LookInput, 'firstAfterMs' | 'dueAfterMs'>,
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
      return await observe({ campaignId, targetVersion, tpe, step, ...first });
    } catch (error) {
      lastLook = unsettledLook(error) ?? lastLook;
      return undefined;
    }
  }

  /** A call-back of the TMS, or somebody who wants to know: one look, at once. */
  async function followReports(): Promise<FollowEnd> {
    for (;;) {
      await condition(() => mailbox.reports > 0);
      mailbox.reports = 0;
      const look = await lookOnce('look now');
      if (look?.verdict.settled) return settledBy(look);
    }
  }

  async function followCancel(): Promise<FollowEnd> {
    if (step === 'roll-back') return never();
    await condition(() => mailbox.cancelWanted);
    tell('Asking the TMS to cancel.');
    const { cancelUpdate } = proxyActivities<TmsActivities>({
      ...tmsOptions,
      summary: 'ask the TMS to cancel',
      retry: { maximumInterval: '1 minute' },
    });
    if (await cancelUpdate({ campaignId, tpe })) return { how: 'cancelled', look: lastLook };
    tell('Too late to cancel: it is followed to its end.');
    const look = await lookOnce('look after the refused cancellation');
    return look?.verdict.settled ? settledBy(look) : never();
  }

  async function followForce(): Promise<FollowEnd> {
    await condition(() => mailbox.forced);
    tell('Told to end now: one last look.');
    return lookLast('forced', 'last look, told to end');
  }

  /** The last look, so that a terminal that made it since the one before is not called late. */
  async function lookLast(how: 'time-over' | 'forced', summary: string): Promise<FollowEnd> {
    const look = await lookOnce(summary);
    if (look?.verdict.settled) return settledBy(look);
    return { how, look: look ?? lastLook };
  }

  async function lookOnce(summary: string): Promise<Look | undefined> {
    const { observe } = proxyActivities<TmsActivities>({
      ...tmsOptions,
      summary,
      // Nobody to look (no worker of this TMS) must not keep the terminal from its end.
      scheduleToCloseTimeout: '2 minutes',
      retry: { maximumAttempts: 3 },
    });
    try {
      return await observe({ campaignId, targetVersion, tpe, step, last: true });
    } catch (error) {
      if (isCancellation(error)) throw error;
      return undefined;
    }
  }
}

function settledBy(look: Look): FollowEnd {
  return { how: 'settled', look };
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
