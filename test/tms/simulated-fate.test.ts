/** What happens to simulated terminals, under a clock that the test moves. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simulatorConfigSchema, type VendorConfig } from '../../tms/simulator/config.ts';
import { decideFate } from '../../tms/simulator/fate.ts';
import { isOffline, runningVersion, type Terminal } from '../../tms/simulator/terminal.ts';
import { createVendor, type Vendor } from '../../tms/simulator/vendor.ts';

const DAY = 86_400;
const SEED = 7;
const STATES = ['QUEUED', 'DOWNLOADING', 'INSTALLING', 'DONE', 'FAILED'];

interface World {
  vendor: Vendor;
  clock: { time: number };
  terminal: (idTms: string) => Terminal;
  ask: (idTms: string, key?: string | null, targetVersion?: string) => string;
  stateOf: (idTms: string) => string;
}

function createWorld(settings: Record<string, unknown> = {}, terminals = 200): World {
  const config = simulatorConfigSchema.parse({ tms: [{ name: 'acme', ...settings }] }).tms[0] as VendorConfig;
  const clock = { time: 0 };
  const vendor = createVendor(
    config,
    SEED,
    { now: () => clock.time, toEpochMs: (seconds) => seconds * 1000 },
    { accepted: () => undefined, cancelled: () => undefined },
  );
  for (let n = 0; n < terminals; n++) {
    vendor.register({
      tpeId: `tpe-${n}`,
      idTms: `T-${n}`,
      tms: 'acme',
      model: 'A920',
      site: 'Lyon-12',
      initialVersion: '4.1.0',
      operations: [],
      calls: { request: 0, observe: 0, cancel: 0, hardware: 0 },
    });
  }
  return {
    vendor,
    clock,
    terminal(idTms) {
      const terminal = vendor.terminals.get(idTms);
      if (!terminal) throw new Error(`no terminal ${idTms}`);
      return terminal;
    },
    ask(idTms, key = `c:${idTms}:1`, targetVersion = '4.2.0') {
      const result = vendor.request({ idTms, targetVersion, key });
      return 'error' in result ? result.error.code : result.operationId;
    },
    stateOf: (idTms) => vendor.observe({ idTms, operationId: null }).state,
  };
}

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

describe('a terminal that is asked for twice', () => {
  test('with the same key is a repeat where the TMS knows keys', () => {
    const { ask, vendor } = createWorld();
    expect(ask('T-1', 'key')).toBe(ask('T-1', 'key'));
    expect(vendor.stats).toMatchObject({ accepted: 1, repeats: 1, duplicates: 0 });
  });

  test('is really updated twice, a duplicate, where the TMS knows no keys', () => {
    const { ask, vendor } = createWorld({ idempotent: false });
    expect(ask('T-1', 'key')).not.toBe(ask('T-1', 'key'));
    expect(vendor.stats).toMatchObject({ accepted: 2, repeats: 0, duplicates: 1 });
  });

  test('without any key is a duplicate too', () => {
    const { ask, vendor } = createWorld({ idempotent: false });
    ask('T-1', null);
    ask('T-1', null);
    expect(vendor.stats.duplicates).toBe(1);
  });

  test('is a duplicate also after the first update is done', () => {
    const { ask, vendor, clock } = createWorld({ idempotent: false });
    ask('T-1');
    clock.time = DAY;
    ask('T-1');
    expect(vendor.stats.duplicates).toBe(1);
  });

  test.each([
    { title: 'for another version', again: (world: World) => world.ask('T-1', 'c:T-1:1', '4.3.0') },
    { title: 'with the key of another attempt', again: (world: World) => world.ask('T-1', 'c:T-1:2') },
    {
      title: 'after the first update was cancelled',
      again: (world: World) => {
        world.vendor.cancel({ idTms: 'T-1', operationId: null });
        world.ask('T-1');
      },
    },
  ])('$title is no duplicate', ({ again }) => {
    const world = createWorld({ idempotent: false });
    world.ask('T-1');
    again(world);
    expect(world.vendor.stats).toMatchObject({ accepted: 2, duplicates: 0 });
  });

  test('after the first update has failed is no duplicate', () => {
    const { ask, vendor, clock } = createWorld({ idempotent: false, failRate: 1 });
    ask('T-1');
    clock.time = DAY;
    ask('T-1');
    expect(vendor.stats).toMatchObject({ accepted: 2, duplicates: 0 });
  });
});

describe('cancelling', () => {
  const exact = { min: 100, max: 100 };
  test.each([
    { at: 0, state: 'QUEUED', outcome: 'cancelled', end: 'CANCELLED', version: '4.1.0' },
    { at: 150, state: 'DOWNLOADING', outcome: 'cancelled', end: 'CANCELLED', version: '4.1.0' },
    { at: 250, state: 'INSTALLING', outcome: 'too-late', end: 'DONE', version: '4.2.0' },
    { at: 350, state: 'DONE', outcome: 'too-late', end: 'DONE', version: '4.2.0' },
  ])('an operation that is $state is $outcome', ({ at, state, outcome, end, version }) => {
    const { ask, stateOf, vendor, clock, terminal } = createWorld({
      queueSeconds: exact,
      downloadSeconds: exact,
      installSeconds: exact,
    });
    ask('T-1');
    clock.time = at;
    expect(stateOf('T-1')).toBe(state);
    expect(vendor.cancel({ idTms: 'T-1', operationId: null })).toEqual({ outcome });
    clock.time = DAY;
    expect(stateOf('T-1')).toBe(end);
    expect(runningVersion(terminal('T-1'), DAY).version).toBe(version);
  });
});

describe('overrides', () => {
  const ends = (world: World, targetVersion: string): string[] => {
    const { ask, stateOf, clock, vendor, terminal } = world;
    vendor.register({ ...terminal('T-1'), model: 'A77', operations: [] });
    return ['T-1', 'T-2'].map((idTms) => {
      const answer = ask(idTms, `c:${idTms}:${targetVersion}`, targetVersion);
      clock.time += DAY;
      return answer.startsWith('acme-') ? stateOf(idTms) : answer;
    });
  };

  test.each([
    { override: { model: 'A77', version: '4.2.0' }, failed: ['A77 4.2.0'] },
    { override: { model: 'A77' }, failed: ['A77 4.1.0', 'A77 4.2.0'] },
    { override: { version: '4.2.0' }, failed: ['A77 4.2.0', 'A920 4.2.0'] },
  ])('of $override are for $failed only', ({ override, failed }) => {
    const world = createWorld({ overrides: [{ ...override, failRate: 1 }] });
    const seen = ['4.1.0', '4.2.0'].flatMap((version) =>
      ends(world, version).map((state, index) => ({
        state,
        what: `${index === 0 ? 'A77' : 'A920'} ${version}`,
      })),
    );
    expect(
      seen
        .filter(({ state }) => state === 'FAILED')
        .map(({ what }) => what)
        .toSorted(),
    ).toEqual(failed);
    expect(seen.filter(({ state }) => state === 'DONE')).toHaveLength(4 - failed.length);
  });

  test('leave what they do not name as it is, and later ones win', () => {
    const world = createWorld({
      failRate: 1,
      failReasons: ['battery-low'],
      overrides: [
        { model: 'A77', failRate: 0, rejectRate: 1, rejectReasons: ['contract-expired'] },
        { version: '4.2.0', failRate: 1, rejectRate: 0 },
      ],
    });
    expect(ends(world, '4.1.0')).toEqual(['contract-expired', 'FAILED']);
    expect(ends(world, '4.2.0')).toEqual(['FAILED', 'FAILED']);
    expect(world.vendor.observe({ idTms: 'T-1', operationId: null }).reason).toBe('battery-low');
  });

  test.each([
    { override: { failRate: 1 }, message: 'must name a model, a version or both' },
    { override: { model: 'A77', failRate: 3 }, message: 'failRate' },
    { override: { model: 'A77', errorRate: 1 }, message: 'errorRate' },
  ])('$override is refused', ({ override, message }) => {
    expect(() => createWorld({ overrides: [override] })).toThrow(message);
  });
});

describe('a terminal that is rolled back', () => {
  test.each([true, false])('runs its old version again and is no duplicate, idempotent: %s', (idempotent) => {
    const { ask, stateOf, vendor, clock, terminal } = createWorld({ idempotent });
    const version = (): string => runningVersion(terminal('T-1'), clock.time).version;
    ask('T-1', 'c:T-1:1', '4.2.0');
    clock.time += DAY;
    expect(version()).toBe('4.2.0');
    const operationId = ask('T-1', 'c:T-1:2', '4.1.0');
    expect(version()).toBe('4.2.0');
    clock.time += DAY;
    expect([version(), stateOf('T-1')]).toEqual(['4.1.0', 'DONE']);
    expect(vendor.observe({ idTms: 'T-1', operationId: null }).operationId).toBe(operationId);
    expect(vendor.inventory(null, 2).terminals[1]?.version).toBe('4.1.0');
    ask('T-1', 'd:T-1:1', '4.2.0');
    clock.time += DAY;
    expect(version()).toBe('4.2.0');
    expect(vendor.stats).toMatchObject({ accepted: 3, repeats: 0, duplicates: 0 });
  });

  test('runs the version of the operation that ended last, whichever was asked for first', () => {
    const { ask, clock, terminal } = createWorld();
    ask('T-1', 'c:T-1:1', '4.2.0');
    ask('T-1', 'c:T-1:2', '4.1.0');
    const { operations } = terminal('T-1');
    const last = operations.toSorted((a, b) => a.fate.endAt - b.fate.endAt).at(-1);
    clock.time = DAY;
    expect(runningVersion(terminal('T-1'), DAY).version).toBe(last?.targetVersion);
  });
});

test('a terminal that is registered again starts afresh', () => {
  const { ask, vendor, stateOf, terminal } = createWorld();
  const operationId = ask('T-1', 'key');
  vendor.register({ ...terminal('T-1'), operations: [], initialVersion: '4.0.3' });
  expect(stateOf('T-1')).toBe('UNKNOWN');
  expect(vendor.observe({ idTms: 'T-1', operationId }).state).toBe('UNKNOWN');
  ask('T-1', 'key');
  expect(vendor.stats).toMatchObject({ accepted: 2, repeats: 0 });
});
