/** Takes commands to a campaign: acts on them at once, then makes them visible one after the other. */
import { CancellationScope, condition, setHandler } from '@temporalio/workflow';
import {
  approveSignal,
  type CancelCommand,
  cancelSignal,
  type Command,
  pauseSignal,
  rejectSignal,
  resumeSignal,
  startNextWaveSignal,
} from './messages.ts';

/** What was decided about a campaign: by a person, or by its own rules. */
export type Decision =
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'force-cancel'
  | 'abort'
  /** Abort, and bring back what was changed. */
  | 'roll-back'
  | 'approve'
  | 'refuse-approval'
  | 'reject'
  | 'start-next-wave';

export interface Taken {
  command: Decision;
  by: string;
  reason: string | null;
  /** ISO 8601. */
  at: string;
  /** Ids of the request that gave the command, where it has any of its own. */
  correlationId?: string;
  traceparent?: string;
}

/** How a campaign is stopped. */
export interface Stop {
  how: 'cancel' | 'abort';
  rollBack: boolean;
}

export interface CommandDesk {
  /** Takes commands from now on, those first that have come before. */
  listen(): void;
  readonly paused: boolean;
  /** Set once the campaign is to end before its time. */
  readonly stop: Stop | null;
  /** Nothing is waited for any more. */
  readonly forced: boolean;
  /** A cancel came while the campaign was rolling back: what has not begun is left as it is. */
  readonly rollBackCalledOff: boolean;
  readonly last: Taken | null;
  /** Approvals that counted; grows by one with each. */
  readonly approvals: number;
  /** Times that somebody asked for the next wave, or resumed after a failed gate. */
  readonly advances: number;
  /** From now on an approval is awaited; of somebody else than `notBy`, where that is given. */
  expectApproval(notBy: string | null): void;
  /** Whether the next wave can be started by order, also by resuming, or not at all. */
  expectAdvance(expected: 'by-order' | 'by-resume' | 'never'): void;
  /** The campaign's own rules pause it. */
  pause(reason: string): void;
  /** The campaign's own rules end it. */
  abort(rollBack: boolean, reason: string): void;
  /** A cancel has been waited for long enough: makes visible that what is open is settled by what is known. */
  giveUpWaiting(reason: string): void;
  /** Resolves once the campaign is told to stop. */
  untilStopped(): Promise<void>;
  /** Resolves once every command so far has been recorded. */
  drained(): Promise<void>;
}

/** The campaign's own rules, where a person's name would stand. */
const PLATFORM = 'platform';

export interface DeskOptions {
  /** Makes a command visible; called in the order in which the commands came. */
  record: (taken: Taken) => Promise<void>;
  /** Called at once with each command that has changed something. */
  changed: () => void;
}

export function openCommandDesk({ record, changed }: DeskOptions): CommandDesk {
  let paused = false;
  let stop: Stop | null = null;
  let forced = false;
  let rollBackCalledOff = false;
  let last: CommandDesk['last'] = null;
  let approvals = 0;
  let advances = 0;
  let awaited: { notBy: string | null } | null = null;
  let advance: 'by-order' | 'by-resume' | 'never' = 'never';
  /** Approvals and rejections that came before the campaign knew whether it needs one. */
  let early: (() => void)[] | null = [];
  let recorded = Promise.resolve();

  const take = (command: Decision, { by, reason, correlationId, traceparent }: Command = {}): void => {
    const taken = {
      command,
      by: by ?? 'temporal',
      reason: reason ?? null,
      at: new Date().toISOString(),
      ...(correlationId !== undefined && { correlationId }),
      ...(traceparent !== undefined && { traceparent }),
    };
    last = taken;
    changed();
    // Handlers run in the workflow's own scope, which a cancellation request in Temporal has ended.
    recorded = recorded.then(() => CancellationScope.nonCancellable(() => record(taken)));
  };
  const end = (how: Stop['how'], rollBack: boolean, command: Decision, who?: Command): void => {
    stop = { how, rollBack };
    paused = false;
    take(command, who);
  };

  const pause = (command?: Command): void => {
    if (paused || (stop && !stop.rollBack)) return;
    paused = true;
    take('pause', command);
  };
  const resume = (command?: Command): void => {
    if (!paused) return;
    paused = false;
    if (advance === 'by-resume') advances++;
    take('resume', command);
  };
  const cancel = ({ force, rollBack, ...who }: CancelCommand = {}): void => {
    if (force && !forced) {
      forced = true;
      paused = false;
      stop ??= { how: 'cancel', rollBack: false };
      rollBackCalledOff = stop.rollBack;
      return take('force-cancel', who);
    }
    if (!stop) return rollBack ? end('abort', true, 'roll-back', who) : end('cancel', false, 'cancel', who);
    if (stop.rollBack && !rollBackCalledOff) {
      rollBackCalledOff = true;
      paused = false;
      take('cancel', who);
    }
  };
  const approve = (who: Command = {}): void => {
    if (!awaited) return void early?.push(() => approve(who));
    if (awaited.notBy !== null && (who.by === undefined || who.by === awaited.notBy)) {
      return take('refuse-approval', { ...who, reason: whyRefused(who.by) });
    }
    awaited = null;
    approvals++;
    take('approve', who);
  };
  const reject = (who?: Command): void => {
    if (!awaited) return void early?.push(() => reject(who));
    if (awaited.notBy !== null && !stop) end('cancel', false, 'reject', who);
  };
  return {
    listen() {
      setHandler(pauseSignal, pause);
      setHandler(resumeSignal, resume);
      setHandler(cancelSignal, cancel);
      setHandler(approveSignal, approve);
      setHandler(rejectSignal, reject);
      setHandler(startNextWaveSignal, (who) => {
        if (advance === 'never') return;
        advance = 'never';
        paused = false;
        advances++;
        take('start-next-wave', who);
      });
      // "Request cancellation" in the Temporal Web UI means what the cancel signal means.
      CancellationScope.current().cancelRequested.catch(() =>
        cancel({ reason: 'cancellation requested in Temporal' }),
      );
    },
    get paused() {
      return paused;
    },
    get stop() {
      return stop;
    },
    get forced() {
      return forced;
    },
    get rollBackCalledOff() {
      return rollBackCalledOff;
    },
    get last() {
      return last;
    },
    get approvals() {
      return approvals;
    },
    get advances() {
      return advances;
    },
    expectApproval(notBy) {
      awaited = { notBy };
      const waiting = early ?? [];
      early = null;
      for (const handle of waiting) handle();
    },
    expectAdvance(expected) {
      advance = expected;
      early = null;
    },
    pause: (reason) => pause({ by: PLATFORM, reason }),
    abort(rollBack, reason) {
      if (!stop) end('abort', rollBack, rollBack ? 'roll-back' : 'abort', { by: PLATFORM, reason });
    },
    giveUpWaiting: (reason) => take('force-cancel', { by: PLATFORM, reason }),
    untilStopped: () => condition(() => stop !== null),
    async drained() {
      let seen;
      do {
        seen = recorded;
        await seen;
      } while (seen !== recorded);
    },
  };
}

function whyRefused(by: string | undefined): string {
  return by === undefined
    ? 'an approval needs the name of who approves'
    : 'the author of a campaign can not approve it';
}
