import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolvePolicy } from '../../api/policy.ts';
import { policyRequest, type PolicyRequest } from '../../api/schemas/policy.ts';
import {
  DAYS,
  newWave,
  newWindow,
  toForm,
  toInstant,
  toLocal,
  toPolicy,
} from '../../console/pages/new-campaign/policy-form.ts';

/** Everything that a policy may have. */
const FULL: PolicyRequest = {
  polling: { windows: [{ everySeconds: 30, attempts: 10 }] },
  deadlineSeconds: 7200,
  progressEverySeconds: 2,
  waves: [
    {
      name: 'canary',
      count: 20,
      gate: { minSuccessPercent: 99, soakSeconds: 3600, approval: true, onFailure: 'abort' },
    },
    { rule: 'tag "pilot"', gate: { soakSeconds: 100 } },
    { percent: 33.3 },
    { name: 'all others', rest: true },
  ],
  order: { by: 'site', seed: 7 },
  rate: { perMinute: 60, growthFactor: 2, growEvery: 500, maxPerMinute: 2000 },
  failureThreshold: { percent: 0, minSample: 10, countTimeouts: true, action: 'roll-back' },
  stallSeconds: 7200,
  startAt: '2040-11-21T21:00:00.000Z',
  endAt: '2040-11-30T21:00:15.000Z',
  maintenance: {
    windows: [
      { days: ['mon', 'thu'], from: '22:00', to: '05:00' },
      { from: '00:00', to: '24:00' },
    ],
    freezes: [
      { from: '2040-12-18', to: '2040-12-26', reason: 'Christmas' },
      { from: '2041-01-01', to: '2041-01-01' },
    ],
    timeZone: 'Europe/Paris',
  },
  approval: 'four-eyes',
  retry: { attempts: 3, backoffSeconds: 90, backoffFactor: 1.5, reasons: ['failed:battery-low'] },
  onFailure: 'roll-back',
  cancelWithinSeconds: 60,
  membership: 'dynamic',
};

/** As the platform understands it, every default filled in. */
const understood = (policy: unknown): unknown => resolvePolicy(policyRequest.parse(policy));
const throughForm = (policy: PolicyRequest): unknown => toPolicy(toForm(policy));

describe('a policy that has gone through the form', () => {
  test('means the same, with everything in it', () => {
    expect(understood(throughForm(FULL))).toEqual(understood(FULL));
  });

  test('means the same, whatever parts it has', () => {
    // What needs another part is left out with it.
    const parts = Object.keys(FULL).filter((part) => part !== 'membership' && part !== 'stallSeconds');
    fc.assert(
      fc.property(fc.subarray(parts), (chosen) => {
        const policy = Object.fromEntries(Object.entries(FULL).filter(([part]) => chosen.includes(part)));
        expect(understood(throughForm(policy))).toEqual(understood(policy));
      }),
    );
  });

  test.each([
    ['nothing', {}],
    ['no threshold', { failureThreshold: null }],
    ['no rate', { rate: null }],
    ['a threshold with defaults', { failureThreshold: { action: 'abort' } }],
    ['a soak of some seconds', { waves: [{ count: 1, gate: { soakSeconds: 100 } }, { rest: true }] }],
  ] as [string, PolicyRequest][])('means the same with %s', (_, policy) => {
    expect(understood(throughForm(policy))).toEqual(understood(policy));
  });

  test('says nothing about what was left empty', () => {
    expect(toPolicy(toForm({}))).toEqual({});
  });
});

describe('the form', () => {
  test('sends rows that are not filled in, so that the API says what they lack', () => {
    const form = toForm({});
    const waves = [newWave([], 'percent'), ...form.waves];
    const policy = toPolicy({ ...form, waves, windows: [{ ...newWindow([]), from: '' }], growthFactor: '2' });
    expect(policy.waves).toEqual([{}, { rest: true }]);
    expect(policy.maintenance).toEqual({ windows: [{ days: [...DAYS], from: '', to: '05:00' }] });
    expect(policy.rate).toEqual({ growthFactor: 2 });
  });

  test('numbers its rows so that none has the number of another', () => {
    const { waves } = toForm({ waves: [{ count: 1 }, { rest: true }] });
    const added = newWave(waves);
    expect(new Set([...waves, added].map(({ id }) => id)).size).toBe(3);
  });
});

test.each(['2026-11-27T21:00:00.000Z', '2026-07-01T00:30:15.000Z'])(
  'a moment comes back as it was: %s',
  (instant) => {
    expect(toInstant(toLocal(instant))).toBe(instant);
  },
);
