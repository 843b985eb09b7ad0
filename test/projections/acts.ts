/** What can happen to campaigns and terminals, in any order; `world.ts` plays it. */
import fc from 'fast-check';
import { DURATION_BOUNDS } from '../../projections/durations.ts';

const ACTIONS = [
  'request',
  'install',
  'succeed',
  'fail',
  'time-out',
  'retry',
  'cancel',
  'roll-back',
] as const;
export type Action = (typeof ACTIONS)[number];

/** Events that count for nothing, or should count and can't. */
const NOISE = ['paused', 'erased', 'old', 'wrong', 'unknown'] as const;
export type Noise = (typeof NOISE)[number];

/** One thing that happens; numbers pick among what there is. */
export type Act =
  | { kind: 'create'; waves: number[]; skipped: number }
  | { kind: 'join'; campaign: number; count: number }
  | { kind: 'order'; campaign: number; status: 'PENDING' | 'SKIPPED' }
  | { kind: 'terminal'; campaign: number; terminal: number; action: Action; seconds: number }
  | { kind: 'noise'; campaign: number; noise: Noise };

const pick = fc.nat(1_000);
const create = fc.record({
  kind: fc.constant('create' as const),
  waves: fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }),
  skipped: fc.nat(2),
});
const join = fc.record({
  kind: fc.constant('join' as const),
  campaign: pick,
  count: fc.integer({ min: 1, max: 3 }),
});
const order = fc.record({
  kind: fc.constant('order' as const),
  campaign: pick,
  status: fc.constantFrom('PENDING' as const, 'SKIPPED' as const),
});
const terminal = fc.record({
  kind: fc.constant('terminal' as const),
  campaign: pick,
  terminal: pick,
  action: fc.constantFrom(...ACTIONS),
  seconds: fc.oneof(fc.nat(59), fc.constantFrom(...DURATION_BOUNDS), fc.nat(100_000)),
});
const noise = fc.record({
  kind: fc.constant('noise' as const),
  campaign: pick,
  noise: fc.constantFrom(...NOISE),
});

/** 31 to 121 of them, the first of which makes a campaign. */
export const acts: fc.Arbitrary<Act[]> = fc
  .tuple(
    create,
    fc.array(
      fc.oneof(
        { weight: 24, arbitrary: terminal },
        { weight: 2, arbitrary: noise },
        { weight: 1, arbitrary: create },
        { weight: 1, arbitrary: join },
        { weight: 1, arbitrary: order },
      ),
      { minLength: 30, maxLength: 120, size: 'max' },
    ),
  )
  .map(([first, rest]) => [first, ...rest]);
