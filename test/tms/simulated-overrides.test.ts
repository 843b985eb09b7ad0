/** Simulated terminals that behave differently by their model and by the version that they are to run. */
import { describe, expect, test } from 'vitest';
import { createWorld, DAY, type World } from './simulated-world.ts';

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
