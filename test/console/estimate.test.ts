import { describe, expect, test } from 'vitest';
import {
  estimateWaves,
  openParts,
  type Estimate,
  type WaveToRun,
} from '../../console/pages/new-campaign/estimate.ts';
import { ticksBetween } from '../../console/pages/new-campaign/ticks.ts';
import type { PolicyRequest } from '../../console/api/schema.ts';

const NOW = Date.parse('2026-11-27T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** With ten minutes for an update, by the clock of UTC. */
function estimate(policy: PolicyRequest, ...sizes: number[]): Estimate {
  const waves = sizes.map((terminals, i): WaveToRun => ({ wave: i + 1, name: `wave ${i + 1}`, terminals }));
  return estimateWaves(waves, policy, { now: NOW, updateSeconds: 600, zone: 'UTC' });
}

/** Minutes from now, to the hundredth. */
const minutes = (at: number): number => Math.round(((at - NOW) / MINUTE) * 100) / 100;
const inMinutes = ({ waves }: Estimate): unknown =>
  waves.map(({ startsAt, askedAt, reachedAt, overAt }) =>
    [startsAt, askedAt, reachedAt, overAt].map(minutes),
  );

describe('without anything in the way', () => {
  test('all are asked at once, and done when their updates are', () => {
    const found = estimate({}, 1000);
    expect(inMinutes(found)).toEqual([[0, 0, 10, 10]]);
    expect([minutes(found.endsAt), found.left, found.closed]).toEqual([10, 0, []]);
  });

  test('a rate asks for so many per minute', () => {
    expect(inMinutes(estimate({ rate: { perMinute: 50 } }, 1000))).toEqual([[0, 20, 30, 30]]);
  });

  test('nothing starts before its time', () => {
    expect(inMinutes(estimate({ startAt: '2026-11-27T13:00:00Z' }, 10))).toEqual([[60, 60, 70, 70]]);
  });
});

describe('a rate that grows', () => {
  test('does so when the successes are there, which is an update later', () => {
    // 10 per minute until the 100th success, at 10 + 10 minutes; 200 are asked for by then, the other 200 in 10 more.
    const rate = { perMinute: 10, growthFactor: 2, growEvery: 100, maxPerMinute: 20 };
    expect(inMinutes(estimate({ rate }, 400))).toEqual([[0, 30, 40, 40]]);
  });

  test('ends, however often it grows', () => {
    const rate = { perMinute: 1, growthFactor: 1.000001, growEvery: 1 };
    const { waves } = estimate({ rate }, 10_000);
    expect(minutes(waves[0]?.askedAt ?? 0)).toBeGreaterThan(9_000);
  });
});

describe('waves', () => {
  test('begin when enough of the one before are updated, and its soak is over', () => {
    const policy: PolicyRequest = {
      waves: [{ count: 100, gate: { minSuccessPercent: 50, soakSeconds: 1800 } }, { rest: true }],
      rate: { perMinute: 10 },
    };
    // The 50th is asked for after 5 minutes, updated after 15; soaked at 45.
    expect(inMinutes(estimate(policy, 100, 100))).toEqual([
      [0, 10, 15, 45],
      [45, 55, 65, 65],
    ]);
  });

  test('wait for all of the one before where no share of it is asked for', () => {
    const policy: PolicyRequest = { waves: [{ count: 100, gate: { minSuccessPercent: 0 } }, { rest: true }] };
    expect(inMinutes(estimate(policy, 100, 1))).toEqual([
      [0, 0, 10, 10],
      [10, 10, 20, 20],
    ]);
  });

  test('have the gate that the policy gives them, also where one without terminals is between', () => {
    const policy: PolicyRequest = {
      waves: [
        { count: 1, gate: { approval: true } },
        { rule: 'tag "x"', gate: { soakSeconds: 60 } },
        { rest: true },
      ],
    };
    const found = estimate(policy, 1, 0, 5);
    expect(inMinutes(found)).toEqual([
      [0, 0, 10, 10],
      [10, 10, 10, 11],
      [11, 11, 21, 21],
    ]);
    expect(found.waves.map(({ approval }) => approval)).toEqual([true, false, false]);
  });
});

describe('windows', () => {
  const nights = { windows: [{ from: '22:00', to: '02:00' }] };

  test('hold up what is asked for, night after night', () => {
    const found = estimate({ maintenance: nights, rate: { perMinute: 1 } }, 300);
    // 240 in the first night, 60 in the second.
    expect(inMinutes(found)).toEqual([[600, 600 + 24 * 60 + 60, 600 + 24 * 60 + 70, 600 + 24 * 60 + 70]]);
    expect(found.closed).toEqual([{ from: NOW + 14 * HOUR, to: NOW + 34 * HOUR }]);
  });

  test('go by the policy’s own time zone before that of the sites', () => {
    const found = estimate({ maintenance: { ...nights, timeZone: 'Asia/Tokyo' } }, 1);
    expect(minutes(found.waves[0]?.startsAt ?? 0)).toBe(60);
  });

  test('that are frozen do not open', () => {
    const maintenance = { ...nights, freezes: [{ from: '2026-11-27', to: '2026-11-27' }] };
    expect(minutes(estimate({ maintenance }, 1).waves[0]?.startsAt ?? 0)).toBe(12 * 60);
  });
});

test.each([
  [[], [[0, 10]]],
  [
    [[3, 5]],
    [
      [0, 3],
      [5, 10],
    ],
  ],
  [
    [
      [-5, 2],
      [8, 20],
    ],
    [[2, 8]],
  ],
  [[[20, 30]], [[0, 10]]],
] as [number[][], number[][]][])('a bar is not drawn where windows are closed: %j', (closed, parts) => {
  const spans = closed.map(([from = 0, to = 0]) => ({ from, to }));
  expect(openParts(0, 10, spans).map(({ from, to }) => [from, to])).toEqual(parts);
});

describe('the end', () => {
  test('leaves out what is not asked for by then', () => {
    const found = estimate({ endAt: '2026-11-27T12:30:00Z', rate: { perMinute: 10 } }, 200, 300);
    expect(inMinutes(found)).toEqual([
      [0, 20, 29, 29],
      [29, 30, 40, 40],
    ]);
    expect(Math.round(found.left)).toBe(290);
  });

  test('before the windows open leaves out all', () => {
    const maintenance = { windows: [{ from: '22:00', to: '23:00' }] };
    const found = estimate({ maintenance, endAt: '2026-11-27T20:00:00Z' }, 5, 6);
    expect([found.waves, found.left]).toEqual([[], 11]);
  });

  test('is after 400 days at the latest, so that it is found at once for whatever rate', () => {
    const found = estimate(
      { rate: { perMinute: 0.1 }, maintenance: { windows: [{ from: '22:00', to: '23:00' }] } },
      1_000_000,
    );
    expect(minutes(found.waves[0]?.askedAt ?? 0)).toBeLessThanOrEqual(400 * 24 * 60);
    expect(found.left).toBeGreaterThan(900_000);
  });
});

test.each([
  [5 * MINUTE, 2 * MINUTE],
  [3 * HOUR, HOUR],
  [30 * HOUR, 12 * HOUR],
  [40 * 24 * HOUR, 14 * 24 * HOUR],
  [3_000 * 24 * HOUR, 750 * 24 * HOUR],
])('an axis over %d ms has a step of %d ms, and no more marks than fit', (span, step) => {
  const found = ticksBetween(NOW + 1, NOW + 1 + span);
  expect(found.step).toBe(step);
  expect(found.ticks.length).toBeLessThanOrEqual(5);
  expect(found.ticks.every((at) => at > NOW && at <= NOW + 1 + span)).toBe(true);
});
