/** How many terminals may be asked for per minute, by the successes so far. */
import type { RatePolicy } from './types.ts';

/** What a rate about whose growth nothing was said has: it is constant. */
export const DEFAULT_GROWTH: Omit<RatePolicy, 'perMinute'> = {
  growthFactor: 1,
  growEvery: 100,
  maxPerMinute: null,
};

/** Beyond what any TMS takes; a rate that grows without limit of its own ends here, and stays a number. */
export const HIGHEST_RATE = 1_000_000_000;

/**
 * Terminals per minute: `perMinute`, multiplied by `growthFactor` at each `growEvery` successes, `maxPerMinute` at most.
 * May be a fraction.
 * @param successes terminals of the campaign that are SUCCESS
 */
export function allowedPerMinute(rate: RatePolicy, successes: number): number {
  const steps = Math.floor(successes / rate.growEvery);
  // Infinity where the power overflows: the smaller of the two is then the limit.
  const grown = rate.perMinute * rate.growthFactor ** steps;
  return Math.min(grown, rate.maxPerMinute ?? HIGHEST_RATE, HIGHEST_RATE);
}
