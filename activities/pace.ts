/** Keeps a dispatch at the rate of its campaign. */
import { setTimeout as pause } from 'node:timers/promises';
import { allowedPerMinute } from '../workflows/policy/rate.ts';
import type { RatePolicy } from '../workflows/policy/types.ts';

/** Milliseconds for which the number of successes is good. */
const SUCCESSES_GOOD_MS = 2_000;

export interface Pace {
  /** Terminals per request, so that there is about one request a second. */
  atOnce: number;
  /** Resolves when it is the turn of so many terminals; false if told to stop meanwhile. */
  turn(terminals: number, stop: AbortSignal): Promise<boolean>;
}

/**
 * @param share of the rate that this dispatch has, above 0 to 1
 * @param countSuccesses terminals of the campaign that are SUCCESS, by which the rate grows
 */
export function keepPace(rate: RatePolicy, share: number, countSuccesses: () => Promise<number>): Pace {
  let next = 0;
  let successes = 0;
  let countedAt = -Infinity;
  return {
    atOnce: Math.max(1, Math.floor((rate.perMinute * share) / 60)),
    async turn(terminals, stop) {
      // Not the wall clock: were it set back, the next turn would come only once it is where it was.
      const now = performance.now();
      if (rate.growthFactor > 1 && now - countedAt > SUCCESSES_GOOD_MS) {
        successes = await countSuccesses();
        countedAt = now;
      }
      const wait = next - now;
      if (wait > 0) await pause(wait, undefined, { signal: stop }).catch(() => undefined);
      next = Math.max(next, now) + (terminals * 60_000) / (allowedPerMinute(rate, successes) * share);
      return !stop.aborted;
    },
  };
}
