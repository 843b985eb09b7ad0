/** Group commit: status changes that fall together become one multi-row transaction. */
import DataLoader from 'dataloader';
import pLimit from 'p-limit';
import type { Pool } from '../db/pool.ts';
import {
  recordTransitions,
  type Transition,
  type TransitionContext,
  type Transitioned,
} from '../db/transitions.ts';
import { updateDurationSeconds } from '../observability/metrics.ts';
import { isFinalTpeStatus } from '../workflows/status.ts';

/** Milliseconds that a change waits for others to share its transaction. */
const GROUP_MS = 10;
/** Changes per transaction: beyond it the statement's own time outweighs what is saved. */
const GROUP_SIZE = 500;

/** Transactions at once. More of them write no faster, and keep what is read meanwhile, to be asked for next, waiting. */
const RECORDINGS = 2;

export interface Recorder {
  /**
   * Resolves once the change is committed, together with those that came within the same moment.
   * @returns whether it has changed the terminal's status
   */
  record(transition: Transition): Promise<boolean>;
  /** Commits these changes as one transaction, at once. */
  recordAll(transitions: readonly Transition[]): Promise<Transitioned[]>;
}

export function createRecorder(pool: Pool, context: TransitionContext): Recorder {
  const inTurn = pLimit(RECORDINGS);

  async function recordAll(transitions: readonly Transition[]): Promise<Transitioned[]> {
    const changed = await inTurn(() => recordTransitions(pool, context, transitions));
    for (const { tms, status, secondsSinceRequest } of changed) {
      if (secondsSinceRequest === null || !isFinalTpeStatus(status)) continue;
      updateDurationSeconds.observe({ tms, status }, secondsSinceRequest);
    }
    return changed;
  }

  const group = new DataLoader<Transition, boolean>(
    async (transitions) => {
      const changed = new Set((await recordAll(transitions)).map(keyOf));
      return transitions.map((transition) => changed.has(keyOf(transition)));
    },
    { cache: false, maxBatchSize: GROUP_SIZE, batchScheduleFn: (commit) => setTimeout(commit, GROUP_MS) },
  );
  return {
    record: (transition) => group.load(transition),
    recordAll,
  };
}

function keyOf({ campaignId, tpeId }: Pick<Transition, 'campaignId' | 'tpeId'>): string {
  return `${campaignId}|${tpeId}`;
}
