import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_GATE } from '../../workflows/policy/defaults.ts';
import { murmur3 } from '../../workflows/policy/hash.ts';
import type { WaveOrder, WavePolicy, WaveSize } from '../../workflows/policy/types.ts';
import { REST_OF_THE_SITES, sizesAsked, sliceWaves, type WaveTpe } from '../../workflows/policy/waves.ts';

type Sliced = ReturnType<typeof sliceWaves>;

const wave = (size: WaveSize, index = 0): WavePolicy => ({
  name: `wave ${index + 1}`,
  size,
  gate: DEFAULT_GATE,
});

const sizes: fc.Arbitrary<WaveSize> = fc.oneof(
  fc.double({ min: 0.1, max: 100, noNaN: true }).map((percent) => ({ percent })),
  fc.integer({ min: 1, max: 20 }).map((count) => ({ count })),
  fc.constant({ rule: 'tag = vip' }),
);

/** Waves as the API lets them through: the last one takes what is left. */
const policies: fc.Arbitrary<WavePolicy[]> = fc
  .array(sizes, { maxLength: 5 })
  .map((given) => [...given, { rest: true } as const].map(wave));

const fleets: fc.Arbitrary<WaveTpe[]> = fc.uniqueArray(
  fc.record({
    tpeId: fc.uuid(),
    site: fc.integer({ min: 0, max: 12 }).map((n) => `site-${n}`),
    matches: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  }),
  { selector: ({ tpeId }) => tpeId, maxLength: 60 },
);

const orders: fc.Arbitrary<WaveOrder> = fc.record({
  by: fc.constantFrom('given', 'random', 'site'),
  seed: fc.nat(),
});

const fleet = (sites: string): WaveTpe[] =>
  sites.split('').map((site, n) => ({ tpeId: `tpe-${n}`, site, matches: [] }));

const idsOf = ({ slices }: Sliced): string[] => slices.map(({ tpeId }) => tpeId);
const countsOf = ({ slices, waves }: Sliced): number[] =>
  waves.map((_, index) => slices.filter((slice) => slice.wave === index + 1).length);

describe('cutting a campaign into waves', () => {
  it('puts every terminal into exactly one wave, at a place that grows from wave to wave', () => {
    fc.assert(
      fc.property(fleets, policies, orders, (tpes, waves, order) => {
        const sliced = sliceWaves(tpes, waves, order);
        expect(idsOf(sliced).toSorted()).toEqual(tpes.map(({ tpeId }) => tpeId).toSorted());
        expect(sliced.slices.map(({ place }) => place)).toEqual(tpes.map((_, index) => index));
        const numbers = sliced.slices.map((slice) => slice.wave);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        expect(numbers.every((number) => number >= 1 && number <= sliced.waves.length)).toBe(true);
      }),
    );
  });

  it('never makes a wave larger than asked for, whatever the order', () => {
    fc.assert(
      fc.property(fleets, policies, orders, (tpes, waves, order) => {
        const sliced = sliceWaves(tpes, waves, order);
        const counts = countsOf(sliced);
        for (const [index, { size }] of sliced.waves.entries()) {
          if ('count' in size) expect(counts[index]).toBeLessThanOrEqual(size.count);
          if ('percent' in size) {
            const most = Math.max(1, Math.ceil((size.percent * tpes.length) / 100 - 1e-9));
            expect(counts[index]).toBeLessThanOrEqual(most);
          }
        }
      }),
    );
  });

  it('fills waves while anything is left, unless sites forbid it', () => {
    fc.assert(
      fc.property(fleets, policies, fc.nat(), (tpes, waves, seed) => {
        const sliced = sliceWaves(tpes, waves, { by: 'random', seed });
        const asked = sizesAsked(
          waves.map(({ size }) => size),
          tpes.length,
        );
        expect(sliced.waves).toEqual(waves);
        let left = tpes.length;
        for (const [index, count] of countsOf(sliced).entries()) {
          if (asked[index] !== Infinity) expect(count).toBe(Math.min(asked[index] ?? 0, left));
          left -= count;
        }
      }),
    );
  });

  it('puts into a wave by rule all that match and are in no earlier wave, and nothing else', () => {
    fc.assert(
      fc.property(fleets, policies, orders, (tpes, waves, order) => {
        const waveOf = new Map(
          sliceWaves(tpes, waves, order).slices.map((slice) => [slice.tpeId, slice.wave]),
        );
        for (const [index, { size }] of waves.entries()) {
          if (!('rule' in size)) continue;
          for (const { tpeId, matches } of tpes) {
            const at = waveOf.get(tpeId) ?? 0;
            if (at === index + 1) expect(matches[index]).toBe(true);
            if (order.by !== 'site' && matches[index]) expect(at).toBeLessThanOrEqual(index + 1);
          }
        }
      }),
    );
  });

  it('rounds percents so that they add up, each to one terminal at least', () => {
    const percents = (...list: number[]): WaveSize[] => list.map((percent) => ({ percent }));
    expect(sizesAsked(percents(33.3, 33.3, 33.4), 100)).toEqual([33, 34, 33]);
    expect(sizesAsked(percents(1, 10, 89), 3000)).toEqual([30, 300, 2670]);
    expect(sizesAsked(percents(1, 1, 98), 10)).toEqual([1, 1, 8]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), fc.nat(5000), (parts, n) => {
        const whole = parts.reduce((sum, part) => sum + part, 0);
        const waves = parts.map((part, index) => wave({ percent: (100 * part) / whole }, index));
        const tpes = Array.from({ length: n }, (_, i) => ({ tpeId: `${i}`, site: 's', matches: [] }));
        const sliced = sliceWaves(tpes, waves, { by: 'given', seed: 0 });
        expect(sliced.waves).toHaveLength(parts.length);
        expect(sliced.slices).toHaveLength(n);
      }),
      { numRuns: 30 },
    );
  });

  it('has nothing to do for a campaign without terminals', () => {
    const waves = [wave({ percent: 10 }), wave({ rest: true }, 1)];
    expect(sliceWaves([], waves, { by: 'site', seed: 1 })).toEqual({ slices: [], waves });
  });
});

describe('the order of terminals', () => {
  const two = [wave({ percent: 50 }), wave({ rest: true }, 1)];

  it('is kept as given', () => {
    fc.assert(
      fc.property(fleets, (tpes) => {
        const sliced = sliceWaves(tpes, two, { by: 'given', seed: 7 });
        expect(idsOf(sliced)).toEqual(tpes.map(({ tpeId }) => tpeId));
      }),
    );
  });

  it('is the same for the same seed, in whatever order the terminals are given', () => {
    fc.assert(
      fc.property(fleets, policies, fc.constantFrom('random', 'site'), fc.nat(), (tpes, waves, by, seed) => {
        const once = sliceWaves(tpes, waves, { by, seed });
        expect(sliceWaves(tpes, waves, { by, seed })).toEqual(once);
        expect(sliceWaves(tpes.toReversed(), waves, { by, seed })).toEqual(once);
      }),
    );
  });

  it.each(['random', 'site'] as const)('is another one for another seed: %s', (by) => {
    const tpes = fleet('abcdefghijklmnopqrstuvwxyz'.repeat(4));
    const ids = [1, 2, 3].map((seed) => idsOf(sliceWaves(tpes, two, { by, seed })).join());
    expect(new Set(ids).size).toBe(3);
    expect(ids).not.toContain(tpes.map(({ tpeId }) => tpeId).join());
  });

  it('gives each terminal the same chance to be in the canary', () => {
    const tpes = fleet('a'.repeat(20));
    const canary = [wave({ count: 5 }), wave({ rest: true }, 1)];
    const times = new Map<string, number>();
    for (let seed = 0; seed < 2000; seed++) {
      for (const slice of sliceWaves(tpes, canary, { by: 'random', seed }).slices.slice(0, 5))
        times.set(slice.tpeId, (times.get(slice.tpeId) ?? 0) + 1);
    }
    // 500 expected; five standard deviations are 97.
    for (const count of times.values()) expect(Math.abs(count - 500)).toBeLessThan(97);
    expect(times.size).toBe(20);
  });
});

describe('the order by site', () => {
  const bySite: WaveOrder = { by: 'site', seed: 42 };

  it('never has all terminals of a site in one wave', () => {
    fc.assert(
      fc.property(fleets, policies, fc.nat(), (tpes, waves, seed) => {
        const sliced = sliceWaves(tpes, waves, { by: 'site', seed });
        const waveOf = new Map(sliced.slices.map((slice) => [slice.tpeId, slice.wave]));
        for (const [site, members] of Map.groupBy(tpes, (tpe) => tpe.site)) {
          const within = new Set(members.map(({ tpeId }) => waveOf.get(tpeId)));
          if (members.length > 1) expect(within.size, site).toBeGreaterThan(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never has them either where percents take the place of a last wave for the rest', () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 99 }), fc.nat(), (tpes, percent, seed) => {
        const waves = [wave({ percent }), wave({ percent: 100 - percent }, 1)];
        const sliced = sliceWaves(tpes, waves, { by: 'site', seed });
        expect(sliced.waves.length).toBeLessThanOrEqual(3);
        const waveOf = new Map(sliced.slices.map((slice) => [slice.tpeId, slice.wave]));
        for (const members of Map.groupBy(tpes, (tpe) => tpe.site).values()) {
          const within = new Set(members.map(({ tpeId }) => waveOf.get(tpeId)));
          if (members.length > 1) expect(within.size).toBeGreaterThan(1);
        }
      }),
    );
  });

  it('adds one wave for what the last one may not have, with its gate', () => {
    const gate = { ...DEFAULT_GATE, minSuccessPercent: 80, soakSeconds: 60 };
    const only: WavePolicy = { name: 'all', size: { rest: true }, gate };
    const sliced = sliceWaves(fleet('aabbbc'), [only], bySite);
    expect(sliced.waves).toEqual([only, { name: REST_OF_THE_SITES, size: { rest: true }, gate }]);
    expect(countsOf(sliced)).toEqual([4, 2]);
  });

  it('adds none where every site is spread already', () => {
    const waves = [wave({ percent: 50 }), wave({ rest: true }, 1)];
    expect(sliceWaves(fleet('aabbcc'), waves, bySite).waves).toEqual(waves);
    expect(sliceWaves(fleet('abcdef'), waves, bySite).waves).toEqual(waves);
  });

  it('keeps a canary small rather than complete a site with it', () => {
    const waves = [wave({ count: 2 }), wave({ rest: true }, 1)];
    expect(countsOf(sliceWaves(fleet('aa'), waves, bySite))).toEqual([1, 1]);
    expect(countsOf(sliceWaves(fleet('aabb'), waves, bySite))).toEqual([2, 2]);
  });

  it('takes one terminal of each site in turn, within each wave', () => {
    const tpes = fleet('aaaaabbbbbccccc');
    const siteOf = new Map(tpes.map(({ tpeId, site }) => [tpeId, site]));
    const sliced = sliceWaves(tpes, [wave({ count: 7 }), wave({ rest: true }, 1)], bySite);
    const sites = idsOf(sliced).map((id) => siteOf.get(id));
    expect(new Set(sites.slice(0, 3)).size).toBe(3);
    expect(new Set(sites.slice(3, 6)).size).toBe(3);
    expect(new Set(sites.slice(7, 10)).size).toBe(3);
  });
});

describe('the hash behind the orders', () => {
  it('is MurmurHash3 of the UTF-16 code units', () => {
    // The published test vectors of the 32-bit variant: the last two are the bytes 21 43 65 87 and 21 43.
    expect(murmur3('', 0)).toBe(0);
    expect(murmur3('', 1)).toBe(0x514e28b7);
    expect(murmur3('', 0xffffffff)).toBe(0x81f16f39);
    expect(murmur3('\u4321\u8765', 0x5082edee)).toBe(0x2362f9de);
    expect(murmur3('\u4321', 0)).toBe(0xa0f7b07a);
  });
});
