import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { Problem, type ProblemItem } from '../../api/errors.ts';
import { resolvePolicy, resolvePolicyChange } from '../../api/policy.ts';
import { policyChangeRequest } from '../../api/schemas/policy-change.ts';
import { policy as policyAnswer, policyRequest } from '../../api/schemas/policy.ts';
import { z } from '../../api/schemas/common.ts';
import { validate } from '../../api/validate.ts';
import { DEFAULT_GATE, DEFAULT_POLICY } from '../../workflows/policy/defaults.ts';
import type { CampaignPolicy, PolicyChange } from '../../workflows/policy/types.ts';

const NOW = '2026-11-21T10:00:00.000Z';
beforeEach(() => void vi.useFakeTimers({ now: new Date(NOW), toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

const body = z.strictObject({ policy: policyRequest });
const resolve = (policy: unknown): CampaignPolicy => resolvePolicy(validate(body, { policy }, 'body').policy);
const change = (asked: unknown, current: CampaignPolicy): PolicyChange =>
  resolvePolicyChange(validate(policyChangeRequest, asked, 'body'), current);

/** What a refusal says, by its pointers. */
function faults(work: () => unknown): Record<string, string> {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    expect(error.code).toBe('validation-failed');
    const errors: ProblemItem[] = error.options.errors ?? [];
    return Object.fromEntries(errors.map(({ pointer, message }) => [pointer, message]));
  }
  throw new Error('it was not refused');
}

describe('a policy', () => {
  test('of which nothing is given has every default', () => {
    expect(resolvePolicy(undefined)).toEqual(DEFAULT_POLICY);
    expect(resolve({})).toEqual(DEFAULT_POLICY);
  });

  test('is described as it is kept', () => {
    expectTypeOf<z.output<typeof policyAnswer>>().toEqualTypeOf<CampaignPolicy>();
    expect(policyAnswer.parse(DEFAULT_POLICY)).toEqual(DEFAULT_POLICY);
  });

  test('keeps all that is given, and has the defaults for the rest of each part', () => {
    const resolved = resolve({
      polling: { windows: [{ everySeconds: 0.5, attempts: 3 }] },
      deadlineSeconds: 20,
      waves: [
        { name: 'canary', count: 2, gate: { soakSeconds: 0.5, approval: true } },
        { rule: 'model = "A920"' },
        { percent: 10, gate: { minSuccessPercent: 0, onFailure: 'abort' } },
        { rest: true },
      ],
      order: { by: 'site', seed: 7 },
      rate: { perMinute: 60, growthFactor: 1.5 },
      failureThreshold: { percent: 10, countTimeouts: true },
      stallSeconds: 1,
      startAt: '2026-11-21T23:00:00+01:00',
      endAt: '2026-11-30T00:00:00Z',
      maintenance: {
        windows: [
          { days: ['sun', 'mon', 'sun'], from: '22:00', to: '05:00' },
          { from: '12:00', to: '24:00' },
        ],
        freezes: [{ from: '2026-12-18', to: '2026-12-26', reason: 'Christmas' }],
        timeZone: 'Indian/Reunion',
      },
      approval: 'four-eyes',
      retry: { attempts: 3, backoffSeconds: 0.2, reasons: ['failed:battery-low', 'not-settled'] },
      onFailure: 'roll-back',
      cancelWithinSeconds: 5,
      membership: 'dynamic',
    });
    expect(resolved).toEqual({
      ...DEFAULT_POLICY,
      polling: [{ everySeconds: 0.5, attempts: 3 }],
      deadlineSeconds: 20,
      waves: [
        { name: 'canary', size: { count: 2 }, gate: { ...DEFAULT_GATE, soakSeconds: 0.5, approval: true } },
        { name: 'wave 2', size: { rule: 'model = "A920"' }, gate: DEFAULT_GATE },
        {
          name: 'wave 3',
          size: { percent: 10 },
          gate: { ...DEFAULT_GATE, minSuccessPercent: 0, onFailure: 'abort' },
        },
        { name: 'wave 4', size: { rest: true }, gate: DEFAULT_GATE },
      ],
      order: { by: 'site', seed: 7 },
      rate: { perMinute: 60, growthFactor: 1.5, growEvery: 100, maxPerMinute: null },
      failureThreshold: { percent: 10, minSample: 20, countTimeouts: true, action: 'pause' },
      stallSeconds: 1,
      startAt: '2026-11-21T22:00:00.000Z',
      endAt: '2026-11-30T00:00:00.000Z',
      maintenance: {
        windows: [
          { days: ['mon', 'sun'], from: '22:00', to: '05:00' },
          { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '12:00', to: '24:00' },
        ],
        freezes: [{ from: '2026-12-18', to: '2026-12-26', reason: 'Christmas' }],
        timeZone: 'Indian/Reunion',
      },
      approval: 'four-eyes',
      retry: {
        attempts: 3,
        backoffSeconds: 0.2,
        backoffFactor: 2,
        reasons: ['failed:battery-low', 'not-settled'],
      },
      onFailure: 'roll-back',
      cancelWithinSeconds: 5,
      membership: 'dynamic',
    });
    expect(policyAnswer.parse(resolved)).toEqual(resolved);
  });

  test('can be without threshold, rate, windows and end', () => {
    expect(
      resolve({ failureThreshold: null, rate: null, maintenance: null, endAt: null, stallSeconds: null }),
    ).toEqual({ ...DEFAULT_POLICY, failureThreshold: null });
  });
});

describe('waves are refused', () => {
  test.each([
    ['none at all', [], '/policy/waves', 'at least one wave'],
    ['more than 20', Array.from({ length: 21 }, () => ({ count: 1 })), '/policy/waves', 'at most 20'],
    [
      'a percent of 0',
      [{ percent: 0 }, { rest: true }],
      '/policy/waves/0/percent',
      'above 0 and at most 100',
    ],
    ['a percent over 100', [{ percent: 100.5 }], '/policy/waves/0/percent', 'above 0 and at most 100'],
    [
      'percents over 100 together',
      [{ percent: 60 }, { percent: 50 }, { rest: true }],
      '/policy/waves/1/percent',
      'brings the percents to 110',
    ],
    [
      'percents that leave terminals out',
      [{ percent: 60 }, { percent: 30 }],
      '/policy/waves',
      'may leave terminals out: the last wave must be {"rest": true}, or the percents must add up to 100 (they add up to 90)',
    ],
    ['counts only', [{ count: 60 }], '/policy/waves', 'may leave terminals out'],
    ['the rest before the last', [{ rest: true }, { count: 1 }], '/policy/waves/0/rest', 'must be the last'],
    ['two sizes', [{ percent: 1, count: 1 }], '/policy/waves/0', 'exactly one of percent, count, rule, rest'],
    ['no size', [{ name: 'x' }], '/policy/waves/0', 'exactly one of percent, count, rule, rest'],
    [
      'a gate over 100 %',
      [{ rest: true, gate: { minSuccessPercent: 101 } }],
      '/policy/waves/0/gate/minSuccessPercent',
      '0 to 100',
    ],
    [
      'a misspelt gate',
      [{ rest: true, gate: { soak: 1 } }],
      '/policy/waves/0/gate/soak',
      'is not known here',
    ],
    ['an empty rule', [{ rule: ' ' }, { rest: true }], '/policy/waves/0/rule', 'must not be empty'],
  ])('%s', (_title, waves, pointer, message) => {
    const found = faults(() => resolve({ waves }));
    expect(Object.keys(found)).toEqual([pointer]);
    expect(found[pointer]).toContain(message);
  });

  test.each([
    ['thirds', [{ percent: 33.3 }, { percent: 33.3 }, { percent: 33.4 }]],
    ['tenths', Array.from({ length: 10 }, () => ({ percent: 10 }))],
    ['a rule among percents', [{ percent: 20 }, { rule: 'x' }, { percent: 80 }]],
  ])('but not %s', (_title, waves) => {
    expect(resolve({ waves }).waves).toHaveLength(waves.length);
  });
});

describe('a part is refused that', () => {
  test.each([
    [
      'shrinks the rate',
      { rate: { perMinute: 5, growthFactor: 0.5 } },
      '/policy/rate/growthFactor',
      'at least 1',
    ],
    [
      'limits the rate below its start',
      { rate: { perMinute: 5, maxPerMinute: 4 } },
      '/policy/rate/maxPerMinute',
      'must not be below perMinute',
    ],
    ['has no rate', { rate: {} }, '/policy/rate/perMinute', 'is required'],
    [
      'is a percent over 100',
      { failureThreshold: { percent: 101 } },
      '/policy/failureThreshold/percent',
      '0 to 100',
    ],
    ['cancels too soon', { cancelWithinSeconds: 4 }, '/policy/cancelWithinSeconds', '5'],
    [
      'has a reason that is none',
      { retry: { reasons: ['Battery low'] } },
      '/policy/retry/reasons/0',
      'reason code',
    ],
    ['retries no reason', { retry: { reasons: [] } }, '/policy/retry/reasons', 'at least one reason'],
    [
      'has a moment without its offset',
      { startAt: '2026-12-01T00:00:00' },
      '/policy/startAt',
      'with its offset',
    ],
    [
      'has a window without days',
      { maintenance: { windows: [{ days: [], from: '22:00', to: '05:00' }] } },
      '/policy/maintenance/windows/0/days',
      'never opens',
    ],
    [
      'has a window of no length',
      { maintenance: { windows: [{ from: '22:00', to: '22:00' }] } },
      '/policy/maintenance/windows/0/to',
      'use 00:00 to 24:00',
    ],
    [
      'has a time that is none',
      { maintenance: { windows: [{ from: '24:00', to: '25:00' }] } },
      '/policy/maintenance/windows/0/from',
      '00:00 to 23:59',
    ],
    [
      'has a day that is none',
      { maintenance: { freezes: [{ from: '2026-02-29', to: '2026-03-01' }] } },
      '/policy/maintenance/freezes/0/from',
      'YYYY-MM-DD',
    ],
    [
      'has a freeze that ends before it begins',
      { maintenance: { freezes: [{ from: '2026-12-26', to: '2026-12-18' }] } },
      '/policy/maintenance/freezes/0/to',
      'must not be before',
    ],
    [
      'has a time zone that there is not',
      { maintenance: { windows: [], timeZone: 'Europe/Lyon' } },
      '/policy/maintenance/timeZone',
      'is not a time zone of the IANA database',
    ],
    [
      'has nothing about maintenance',
      { maintenance: {} },
      '/policy/maintenance',
      'must have windows or freezes',
    ],
    ['is misspelt', { wave: [] }, '/policy/wave', 'is not known here'],
  ])('%s', (_title, policy, pointer, message) => {
    const found = faults(() => resolve(policy));
    expect(found).toHaveProperty([pointer]);
    expect(found[pointer]).toContain(message);
  });
});

describe('parts that contradict one another are refused', () => {
  const twoWaves = (soakSeconds: number): unknown[] => [
    { count: 1, gate: { soakSeconds } },
    { rest: true, gate: { soakSeconds: 1e6 } },
  ];

  test.each([
    ['an end that is past', { endAt: '2026-11-21T09:59:59Z' }, '/policy/endAt', 'is already past'],
    [
      'an end that is not after the start',
      { startAt: '2026-12-01T00:00:00Z', endAt: '2026-12-01T00:00:00Z' },
      '/policy/endAt',
      'must be after startAt',
    ],
    ['a stall within the longest interval', { stallSeconds: 3600 }, '/policy/stallSeconds', '3600 s'],
    [
      'a soak that is not over before the end',
      { waves: twoWaves(3600), startAt: '2026-12-01T00:00:00Z', endAt: '2026-12-01T01:00:00Z' },
      '/policy/waves/0/gate/soakSeconds',
      'can not be over before endAt',
    ],
    ['a membership without end', { membership: 'dynamic' }, '/policy/membership', 'needs endAt'],
    [
      'a membership of more than 90 days',
      { membership: 'dynamic', endAt: '2027-02-19T10:00:01Z' },
      '/policy/endAt',
      'at most 90 days',
    ],
    [
      'freezes over everything',
      { maintenance: { freezes: [{ from: '2026-01-01', to: '2028-01-01' }] } },
      '/policy/maintenance',
      'never opens',
    ],
    [
      'windows that open after the end',
      {
        maintenance: { windows: [{ days: ['sun'], from: '22:00', to: '23:00' }], timeZone: 'Europe/Paris' },
        endAt: '2026-11-22T21:00:00Z',
      },
      '/policy/maintenance',
      'does not open before endAt, 2026-11-22T21:00:00.000Z',
    ],
  ])('%s', (_title, policy, pointer, message) => {
    const found = faults(() => resolve(policy));
    expect(Object.keys(found)).toEqual([pointer]);
    expect(found[pointer]).toContain(message);
  });

  test.each([
    ['a start that is past', { startAt: '2026-11-01T00:00:00Z' }],
    ['the soak of the last wave', { waves: twoWaves(60), endAt: '2026-11-21T11:00:00Z' }],
    ['90 days of dynamic membership', { membership: 'dynamic', endAt: '2027-02-19T10:00:00Z' }],
    ['a stall longer than the intervals before the deadline', { deadlineSeconds: 3600, stallSeconds: 301 }],
    [
      'windows that open somewhere before the end',
      { maintenance: { windows: [{ from: '22:00', to: '23:00' }] }, endAt: '2026-11-21T10:30:00Z' },
    ],
  ])('but not %s', (_title, policy) => {
    expect(() => resolve(policy)).not.toThrow();
  });

  test('all at once, each at its place', () => {
    const found = faults(() => resolve({ stallSeconds: 1, endAt: '2026-11-01T00:00:00Z' }));
    expect(Object.keys(found).toSorted()).toEqual(['/policy/endAt', '/policy/stallSeconds']);
  });
});

describe('a change of a running campaign', () => {
  const current = resolve({ rate: { perMinute: 10, growthFactor: 2 }, endAt: '2026-12-01T00:00:00Z' });

  test('replaces each part that is given, with its defaults, and leaves the rest', () => {
    expect(change({ rate: { perMinute: 5 }, by: 'ops', reason: 'slowly' }, current)).toEqual({
      rate: { perMinute: 5, growthFactor: 1, growEvery: 100, maxPerMinute: null },
    });
    expect(change({ failureThreshold: null, endAt: null, stallSeconds: 7200 }, current)).toEqual({
      failureThreshold: null,
      endAt: null,
      stallSeconds: 7200,
    });
  });

  test('must change something', () => {
    const found = faults(() => change({ by: 'ops' }, current));
    expect(found).toEqual({
      '': 'must change at least one of rate, failureThreshold, stallSeconds, maintenance, endAt',
    });
  });

  test('can not be of a part that is fixed, and says why', () => {
    const found = faults(() => change({ waves: [{ rest: true }], polling: {}, rates: 1 }, current));
    expect(found).toEqual({
      '/waves': 'is fixed when the campaign starts: the terminals are already sliced into waves',
      '/polling': 'is fixed when the campaign starts: terminals are already followed by it',
      '/rates': 'is not known here',
    });
  });

  test('must go with the rest of the policy', () => {
    expect(faults(() => change({ stallSeconds: 60 }, current))['/stallSeconds']).toContain('3600 s');
    expect(faults(() => change({ endAt: '2026-11-01T00:00:00Z' }, current))['/endAt']).toContain('past');
    const soaking = resolve({ waves: [{ count: 1, gate: { soakSeconds: 7200 } }, { rest: true }] });
    expect(faults(() => change({ endAt: '2026-11-21T11:00:00Z' }, soaking))['/endAt']).toMatch(
      /^does not go with waves\.0\.gate\.soakSeconds, which can not be over before endAt/,
    );
    const dynamic = resolve({ membership: 'dynamic', endAt: '2026-12-01T00:00:00Z' });
    expect(faults(() => change({ endAt: null }, dynamic))['/endAt']).toContain('needs endAt');
  });

  test('is not refused for what was wrong before', () => {
    const ended: CampaignPolicy = { ...current, endAt: '2026-11-01T00:00:00.000Z' };
    expect(change({ rate: null }, ended)).toEqual({ rate: null });
  });
});
