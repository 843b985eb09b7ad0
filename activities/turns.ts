/** Whose turn it is to ask: the batches of a campaign are asked for in their order, a few at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import PQueue from 'p-queue';

/**
 * Batches of one campaign that this process asks for at once. Those after them are not even read: what a slow TMS comes
 * to in an hour is looked at then, and the first terminals are followed while the last ones wait.
 */
const ASKED_AT_ONCE = 8;

export interface Turns {
  /** Runs `work` when it is the campaign's next turn. Campaigns do not wait for each other. */
  take<T>(campaignId: string, work: () => Promise<T>): Promise<T>;
  /** Resolves when no batch of the campaign is being asked for or waits for its turn, or after so many milliseconds. */
  over(campaignId: string, atMostMs: number): Promise<void>;
}

export function createTurns(): Turns {
  const campaigns = new Map<string, PQueue>();

  async function forgetOnceIdle(campaignId: string, queue: PQueue): Promise<void> {
    await queue.onIdle();
    campaigns.delete(campaignId);
  }

  return {
    take(campaignId, work) {
      const known = campaigns.get(campaignId);
      if (known) return known.add(work);
      const queue = new PQueue({ concurrency: ASKED_AT_ONCE });
      campaigns.set(campaignId, queue);
      const done = queue.add(work);
      void forgetOnceIdle(campaignId, queue);
      return done;
    },
    async over(campaignId, atMostMs) {
      const late = new AbortController();
      await Promise.race([
        campaigns.get(campaignId)?.onIdle(),
        sleep(atMostMs, undefined, { signal: late.signal }).catch(() => undefined),
      ]);
      late.abort();
    },
  };
}
