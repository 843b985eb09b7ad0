/** A process role that consists of several parts, which run side by side and stop together. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../observability/logger.ts';
import type { WorkerHandle } from './process.ts';

export interface Part {
  /** For logs and errors. */
  name: string;
  /** Whether it can do its work now. */
  ready(): boolean;
  /** Finishes what is under way and lets go of everything; called once. */
  stop(): Promise<void>;
  /** Where it can end by itself: rejects when it can't go on, which ends the process; resolves after `stop`. */
  finished?: Promise<void>;
}

/**
 * The parts as one role: ready when all of them are, ended by the first that fails.
 * @param close lets go of what the parts share, once all have stopped
 */
export function runParts(parts: readonly Part[], close: () => Promise<void>): WorkerHandle {
  const endings = parts.flatMap(({ name, finished }) =>
    finished ? [finished.catch((error: unknown) => Promise.reject(ended(name, error)))] : [],
  );
  const failed = Promise.all(endings).then(() => undefined);
  // Also where the process's main does not get to await it.
  failed.catch(() => undefined);
  return {
    ready: () => parts.every((part) => part.ready()),
    ...(endings.length > 0 ? { finished: failed } : {}),
    async stop() {
      const stopped = await Promise.allSettled(parts.map((part) => part.stop()));
      await close();
      const failure = stopped.find((result) => result.status === 'rejected');
      if (failure) throw failure.reason;
    },
  };
}

function ended(name: string, cause: unknown): Error {
  return new Error(`${name} can't go on: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
}

export interface PeriodicOptions {
  name: string;
  logger: Logger;
  /** Milliseconds from the end of one run to the next. */
  everyMs: number;
  /** Milliseconds until a run that failed is tried again; default: as after any run. */
  retryMs?: number;
  /** Aborted when the part is to stop. */
  work: (signal: AbortSignal) => Promise<void>;
}

/** A part that does something now and then; the first time at once. Ready also while it fails: others don't need it. */
export function periodically({ name, logger, everyMs, retryMs = everyMs, work }: PeriodicOptions): Part {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      let pause = everyMs;
      try {
        await work(signal);
      } catch (error) {
        if (!signal.aborted) logger.warn({ err: error }, `${name} failed: it is tried again`);
        pause = retryMs;
      }
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    name,
    ready: () => true,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
