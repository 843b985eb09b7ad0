/** Takes OPS's commands to a campaign: acts on them at once, then makes them visible one after the other. */
import { CancellationScope, condition, isCancellation, setHandler } from '@temporalio/workflow';
import type { CommandRecord } from '../activities/types.ts';
import { type Command, cancelSignal, pauseSignal, resumeSignal } from './messages.ts';

export interface CommandDesk {
  readonly paused: boolean;
  readonly cancelled: boolean;
  readonly last: (Omit<CommandRecord, 'campaignId'> & { at: string }) | null;
  /**
   * Runs `work` so that a pause or cancel stops it.
   * @returns undefined when it was stopped before it could answer
   */
  stoppable<T>(work: () => Promise<T>): Promise<T | undefined>;
  /** Resolves once the campaign is cancelled. */
  untilCancelled(): Promise<void>;
  /** Resolves once every command so far has been recorded. */
  drained(): Promise<void>;
}

/** @param record makes a command visible; called in the order in which the commands came */
export function openCommandDesk(
  record: (command: Omit<CommandRecord, 'campaignId'>) => Promise<void>,
): CommandDesk {
  let paused = false;
  let cancelled = false;
  let last: CommandDesk['last'] = null;
  let recorded = Promise.resolve();
  const scopes = new Set<CancellationScope>();

  const stop = (): void => scopes.forEach((scope) => scope.cancel());
  const take = (command: CommandRecord['command'], { by, reason }: Command = {}): void => {
    const taken = { command, by: by ?? 'temporal', reason: reason ?? null };
    last = { ...taken, at: new Date().toISOString() };
    // Handlers run in the workflow's own scope, which a cancellation request in Temporal has ended.
    recorded = recorded.then(() => CancellationScope.nonCancellable(() => record(taken)));
  };

  const cancel = (command?: Command): void => {
    if (cancelled) return;
    cancelled = true;
    paused = false;
    stop();
    take('cancel', command);
  };
  setHandler(pauseSignal, (command) => {
    if (paused || cancelled) return;
    paused = true;
    stop();
    take('pause', command);
  });
  setHandler(resumeSignal, (command) => {
    if (!paused) return;
    paused = false;
    take('resume', command);
  });
  setHandler(cancelSignal, cancel);
  // "Request cancellation" in the Temporal Web UI means what the cancel signal means.
  CancellationScope.current().cancelRequested.catch(() =>
    cancel({ reason: 'cancellation requested in Temporal' }),
  );

  return {
    get paused() {
      return paused;
    },
    get cancelled() {
      return cancelled;
    },
    get last() {
      return last;
    },
    async stoppable(work) {
      const scope = new CancellationScope();
      scopes.add(scope);
      try {
        return await scope.run(work);
      } catch (error) {
        if (isCancellation(error)) return undefined;
        throw error;
      } finally {
        scopes.delete(scope);
      }
    },
    untilCancelled: () => condition(() => cancelled),
    async drained() {
      let seen;
      do {
        seen = recorded;
        await seen;
      } while (seen !== recorded);
    },
  };
}
