/** What a dispatch has been answered, on its way to the database. */
import type { Transition } from '../db/transitions.ts';
import type { Recorder } from './recorder.ts';

/**
 * Answers are recorded when there are this many or the oldest is this old, ms. Recording competes with asking for
 * the same cores: a fast TMS is asked for a whole batch first, a slow one is seen to advance. What a crash leaves
 * unrecorded is asked for again with the same key, or found at the TMS.
 */
const COMMIT_SIZE = 500;
const COMMIT_MS = 3_000;

export interface Ledger {
  add(transitions: readonly Transition[]): void;
  /** Resolves once all that was added is committed. @throws the first error of the database */
  settle(): Promise<void>;
}

export function openLedger(recorder: Recorder): Ledger {
  const commits: Promise<unknown>[] = [];
  let entries: Transition[] = [];
  let since = Date.now();
  let failure: unknown;

  function commit(): void {
    commits.push(recorder.recordAll(entries).catch((error: unknown) => (failure ??= error)));
    entries = [];
    since = Date.now();
  }

  return {
    add(transitions) {
      entries.push(...transitions);
      if (entries.length >= COMMIT_SIZE || Date.now() - since >= COMMIT_MS) commit();
    },
    async settle() {
      commit();
      await Promise.all(commits);
      if (failure) throw failure;
    },
  };
}
