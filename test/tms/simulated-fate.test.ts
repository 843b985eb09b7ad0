/** What happens to simulated terminals: which fates there are, and what they depend on. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideFate } from '../../tms/simulator/fate.ts';
import { isOffline, runningVersion } from '../../tms/simulator/terminal.ts';
import { createWorld, DAY, SEED } from './simulated-world.ts';

const STATES = ['QUEUED', 'DOWNLOADING', 'INSTALLING', 'DONE', 'FAILED'];

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `T-${n}`);
const MIXED = {
  failRate: 0.3,
  offlineRate: 0.3,
  neverBackRate: 0.3,
  lieRate: 0.3,
  forgetRate: 0.2,
  rejectRate: 0.2,
};

test('a terminal goes from QUEUED over DOWNLOADING and INSTALLING to DONE, and then runs the version', () => {
  const { ask, stateOf, clock, terminal } = createWorld({
    queueSeconds: { min: 10, max: 10 },
    downloadSeconds: { min: 20, max: 20 },
    installSeconds: { min: 30, max: 30 },
  });
  ask('T-1');
  const seen = [0, 9.9, 10, 29.9, 30, 59.9, 60].map((time) => {
    clock.time = time;
    return `${stateOf('T-1')} ${runningVersion(terminal('T-1'), time).version}`;
  });
  expect(seen).toEqual([
    'QUEUED 4.1.0',
    'QUEUED 4.1.0',
    'DOWNLOADING 4.1.0',
    'DOWNLOADING 4.1.0',
    'INSTALLING 4.1.0',
    'INSTALLING 4.1.0',
    'DONE 4.2.0',
  ]);
});

test('what happens does not depend on the order of the calls, on their time or on the others', () => {
  const ends = (order: string[], pause: number): Map<string, string> => {
    const { ask, stateOf, clock } = createWorld(MIXED);
    const refused = new Map<string, string>();
    for (const idTms of order) {
      const answer = ask(idTms);
      if (!answer.startsWith('acme-')) refused.set(idTms, answer);
      clock.time += pause;
    }
    clock.time += 30 * DAY;
    return new Map(order.toSorted().map((idTms) => [idTms, refused.get(idTms) ?? stateOf(idTms)]));
  };
  const expected = ends(names(200), 0);
  expect(new Set(expected.values())).toEqual(
    new Set(['DONE', 'FAILED', 'QUEUED', 'UNKNOWN', 'model-not-supported', 'contract-expired']),
  );
  expect(ends(names(200).toReversed(), 13)).toEqual(expected);
  const some = ends(names(50), 1);
  expect(some).toEqual(new Map([...expected].filter(([idTms]) => some.has(idTms))));
});

test('another seed, attempt or version is another fate', () => {
  const { behaviour } = createWorld(MIXED).vendor;
  const fates = (seed: number, attempt: number, version: string): string[] =>
    names(50).map((idTms) => {
      const { end, lies, forgotten, offlineUntil } = decideFate(behaviour, seed, idTms, attempt, version);
      return [end, lies, forgotten, offlineUntil > 0].join();
    });
  const expected = fates(1, 1, '4.2.0');
  expect(fates(1, 1, '4.2.0')).toEqual(expected);
  expect(fates(2, 1, '4.2.0')).not.toEqual(expected);
  expect(fates(1, 2, '4.2.0')).not.toEqual(expected);
  expect(fates(1, 1, '4.3.0')).not.toEqual(expected);
});

test('a second operation of a terminal for the same version is its second attempt', () => {
  const { ask, terminal, vendor } = createWorld(MIXED);
  const idTms = names(200).find((name) => ask(name, `${name}:1`).startsWith('acme-'));
  if (!idTms) throw new Error('none accepted');
  ask(idTms, `${idTms}:2`);
  expect(terminal(idTms).operations.map(({ fate }) => fate)).toEqual(
    [1, 2].map((attempt) => decideFate(vendor.behaviour, SEED, idTms, attempt, '4.2.0')),
  );
});

test('a state never goes back, and a version changes only when an update is really done', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 199 }),
      fc.array(fc.double({ min: 0, max: 3 * DAY, noNaN: true })),
      (n, times) => {
        const { ask, stateOf, clock, terminal } = createWorld({
          failRate: 0.3,
          offlineRate: 0.3,
          lieRate: 0.3,
        });
        ask(`T-${n}`);
        const fate = terminal(`T-${n}`).operations[0]?.fate;
        let rank = 0;
        for (const time of times.toSorted((a, b) => a - b)) {
          clock.time = time;
          const state = stateOf(`T-${n}`);
          expect(STATES.indexOf(state)).toBeGreaterThanOrEqual(rank);
          rank = STATES.indexOf(state);
          const updated = state === 'DONE' && !fate?.lies;
          expect(runningVersion(terminal(`T-${n}`), time).version).toBe(updated ? '4.2.0' : '4.1.0');
        }
      },
    ),
  );
});

test('each rate concerns about its share of the terminals', () => {
  const fleet = names(5_000);
  const { ask, terminal } = createWorld({ failRate: 0.1, offlineRate: 0.2, lieRate: 0.05 }, 5_000);
  for (const idTms of fleet) ask(idTms);
  const fates = fleet.flatMap((idTms) => terminal(idTms).operations.map(({ fate }) => fate));
  // The seed is fixed, so these are the same numbers in every run.
  expect(fates.filter(({ end }) => end === 'FAILED').length / 5_000).toBeCloseTo(0.1, 1);
  expect(fates.filter(({ offlineUntil }) => offlineUntil > 0).length / 5_000).toBeCloseTo(0.2, 1);
  expect(fates.filter(({ lies }) => lies).length / 5_000).toBeCloseTo(0.045, 1);
});

describe('a terminal whose update goes wrong', () => {
  test('fails with a reason of the vendor and keeps its version', () => {
    const { ask, vendor, clock, terminal } = createWorld({ failRate: 1, failReasons: ['battery-low'] });
    ask('T-1');
    clock.time = DAY;
    expect(vendor.observe({ idTms: 'T-1', operationId: null })).toMatchObject({
      state: 'FAILED',
      reason: 'battery-low',
    });
    expect(runningVersion(terminal('T-1'), DAY).version).toBe('4.1.0');
  });

  test('is off until it comes back, and only then begins', () => {
    const { ask, stateOf, clock, terminal } = createWorld({
      offlineRate: 1,
      offlineSeconds: { min: 1_000, max: 1_000 },
    });
    expect(isOffline(terminal('T-1'), clock.time)).toBe(false);
    ask('T-1');
    clock.time = 999;
    expect([isOffline(terminal('T-1'), clock.time), stateOf('T-1')]).toEqual([true, 'QUEUED']);
    clock.time = 1_000;
    expect([isOffline(terminal('T-1'), clock.time), stateOf('T-1')]).toEqual([false, 'QUEUED']);
    clock.time = DAY;
    expect(stateOf('T-1')).toBe('DONE');
  });

  test('that never comes back stays QUEUED and out of reach', () => {
    const { ask, stateOf, clock, terminal } = createWorld({ offlineRate: 1, neverBackRate: 1 });
    ask('T-1');
    clock.time = 365 * DAY;
    expect([isOffline(terminal('T-1'), clock.time), stateOf('T-1')]).toEqual([true, 'QUEUED']);
  });

  test('is DONE for a TMS that lies, in its inventory too, and runs the old version', () => {
    const { ask, stateOf, vendor, clock, terminal } = createWorld({ lieRate: 1 });
    ask('T-0');
    clock.time = DAY;
    expect(stateOf('T-0')).toBe('DONE');
    expect(vendor.inventory(null, 1).terminals[0]?.version).toBe('4.2.0');
    expect(runningVersion(terminal('T-0'), DAY).version).toBe('4.1.0');
  });

  test('is accepted and then UNKNOWN for a TMS that forgets', () => {
    const { ask, stateOf, vendor } = createWorld({ forgetRate: 1 });
    const operationId = ask('T-1');
    expect(operationId).toBe('acme-T-1-1');
    expect(stateOf('T-1')).toBe('UNKNOWN');
    expect(vendor.observe({ idTms: 'T-1', operationId }).state).toBe('UNKNOWN');
  });

  test('is refused for the same reason however often it is asked for', () => {
    const { ask, vendor } = createWorld({ rejectRate: 1, rejectReasons: ['contract-expired'] });
    expect([ask('T-1'), ask('T-1', 'other')]).toEqual(['contract-expired', 'contract-expired']);
    expect(vendor.stats).toMatchObject({ rejected: 2, accepted: 0 });
  });
});
