import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateEnd, moved, progressStep, ratePerMinute } from '../../workflows/policy/progress.ts';
import { describeWindow, lookTimes, POLLING_SCHEDULES } from '../../workflows/policy/polling.ts';

describe('the looks of a schedule', () => {
  it('come by attempt: 12 times every 5, 12 times every 15, then every 60 minutes until 24 h', () => {
    const minutes = lookTimes(POLLING_SCHEDULES.standard, 86_400).map((seconds) => seconds / 60);
    expect(minutes.slice(0, 12)).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]);
    expect(minutes.slice(12, 24)).toEqual([75, 90, 105, 120, 135, 150, 165, 180, 195, 210, 225, 240]);
    expect(minutes.slice(24)).toEqual(Array.from({ length: 19 }, (_, hour) => 300 + hour * 60));
  });

  it('come by age: every 5 minutes until 1 h, every 15 until 6 h, every 60 until 24 h', () => {
    const minutes = lookTimes(POLLING_SCHEDULES['by-age'], 86_401).map((seconds) => seconds / 60);
    expect([minutes[11], minutes[31], minutes.at(-1)]).toEqual([60, 360, 1_440]);
    expect(minutes).toHaveLength(50);
  });

  it('are told as people would', () => {
    expect(describeWindow({ everySeconds: 900, attempts: 12 }, 1)).toBe('window 2: every 15 min, 12 looks');
    expect(describeWindow({ everySeconds: 1.5, attempts: 3 }, 0)).toBe('window 1: every 1.5 s, 3 looks');
  });
});

describe('progress', () => {
  it('counts each terminal that moved once', () => {
    expect(moved({ PENDING: 10 }, { PENDING: 4, REQUESTED: 5, FAILED: 1 })).toBe(6);
    expect(moved({ REQUESTED: 3, SUCCESS: 7 }, { REQUESTED: 3, SUCCESS: 7 })).toBe(0);
  });

  it('is noted at most 150 times, since a terminal moves at most three times', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000_000 }), (total) => {
        expect((3 * total) / progressStep(total)).toBeLessThanOrEqual(150);
      }),
    );
  });

  it('gives no end while nothing is final, and the end of all at the pace so far', () => {
    expect(estimateEnd({ final: 0, total: 10, from: 0, to: 60_000 })).toBeNull();
    expect(estimateEnd({ final: 5, total: 10, from: 0, to: 60_000 })).toBe(new Date(120_000).toISOString());
    expect(ratePerMinute(30, { from: 0, to: 120_000 })).toBe(15);
  });
});
