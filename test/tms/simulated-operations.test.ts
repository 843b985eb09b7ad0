/** What may be asked for after a first update of a simulated terminal: the same again, an end of it, a way back. */
import { describe, expect, test } from 'vitest';
import { runningVersion } from '../../tms/simulator/terminal.ts';
import { createWorld, DAY, type World } from './simulated-world.ts';

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
