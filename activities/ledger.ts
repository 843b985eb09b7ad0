/** What a dispatch has been answered, on its way to the database. */
import type { Transition } from '../db/transitions.ts';
import { chunk } from './chunk.ts';
import type { Recorder } from './recorder.ts';

/**
 * Milliseconds after which answers are recorded while a batch is being asked for, and that it then waits for the rest of
 * its campaign to be asked for, at most. Recording competes with asking for the same cores: a
 * fast TMS is asked for all that can be asked for first, a slow one is seen to advance. What a crash leaves unrecorded
 * is asked for again with the same key, or found at the TMS.
 */
export const RECORD_MS = 3_000;
/** Answers per transaction. */
const COMMIT_SIZE = 500;

export interface Ledger {
  add(transitions: readonly Transition[]): void;
  /** Resolves once all that was added is committed. @throws the first error of the database */
  settle(): Promise<void>;
}

export function openLedger(recorder: Recorder): Ledger {
  const commits: Promise<unknown>[] = [];
  let entries: Transition[] = [];
  let since = performance.now();
  let failure: unknown;

  function commit(): void {
    for (const some of chunk(entries, COMMIT_SIZE)) {
      commits.push(recorder.recordAll(some).catch((error: unknown) => (failure ??= error)));
    }
    entries = [];
    since = performance.now();
  }

  return {
    add(transitions) {
      entries.push(...transitions);
      if (performance.now() - since >= RECORD_MS) commit();
    },
    async settle() {
      commit();
      await Promise.all(commits);
      if (failure) throw failure;
    },
  };
}
