/** Bounds for what may never end: a run that stands still tells nobody what it waits for. */
import { setTimeout as sleep } from 'node:timers/promises';

/** @throws Error that names `what`, where `work` has not ended after `ms` milliseconds */
export async function inTime<T>(what: string, work: Promise<T>, ms: number): Promise<T> {
  const over = new AbortController();
  const late = sleep(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${what}: nothing came of it within ${ms / 1_000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}
