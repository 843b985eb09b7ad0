import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowedPerMinute, HIGHEST_RATE } from '../../workflows/policy/rate.ts';
import type { RatePolicy } from '../../workflows/policy/types.ts';

const rates: fc.Arbitrary<RatePolicy> = fc.record({
  perMinute: fc.double({ min: 0.1, max: 1e6, noNaN: true }),
  growthFactor: fc.double({ min: 1, max: 100, noNaN: true }),
  growEvery: fc.integer({ min: 1, max: 10_000 }),
  maxPerMinute: fc.option(fc.double({ min: 1e6, max: 1e7, noNaN: true })),
});

describe('the rate at which terminals are asked for', () => {
  it('is multiplied at each step of successes', () => {
    const rate = { perMinute: 10, growthFactor: 2, growEvery: 50, maxPerMinute: null };
    expect([0, 49, 50, 99, 100, 250].map((successes) => allowedPerMinute(rate, successes))).toEqual([
      10, 10, 20, 20, 40, 320,
    ]);
  });

  it('never goes beyond its maximum', () => {
    const rate = { perMinute: 10, growthFactor: 1.5, growEvery: 10, maxPerMinute: 25 };
    expect([0, 10, 20, 30].map((successes) => allowedPerMinute(rate, successes))).toEqual([10, 15, 22.5, 25]);
  });

  it('is constant with factor 1', () => {
    const rate = { perMinute: 7.5, growthFactor: 1, growEvery: 1, maxPerMinute: null };
    expect(allowedPerMinute(rate, 1_000_000)).toBe(7.5);
  });

  it('is a finite number that never falls, however many successes there are', () => {
    fc.assert(
      fc.property(rates, fc.nat(), fc.nat(), (rate, some, more) => {
        const now = allowedPerMinute(rate, some);
        expect(now).toBeGreaterThanOrEqual(rate.perMinute);
        expect(now).toBeLessThanOrEqual(rate.maxPerMinute ?? HIGHEST_RATE);
        expect(allowedPerMinute(rate, some + more)).toBeGreaterThanOrEqual(now);
      }),
    );
  });
});
