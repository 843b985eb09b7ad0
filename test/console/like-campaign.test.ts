// @vitest-environment happy-dom
import { describe, expect, test, vi } from 'vitest';
import { resolvePolicy } from '../../api/policy.ts';
import { policyRequest, type PolicyRequest } from '../../api/schemas/policy.ts';
import type { Policy } from '../../console/api/schema.ts';
import { asAsked, whoOf } from '../../console/pages/new-campaign/like-campaign.ts';
import { toForm, toPolicy } from '../../console/pages/new-campaign/policy-form.ts';
import { readAll } from '../../console/pages/new-campaign/read-all.ts';
import { parseRule } from '../../targeting/parse.ts';

const understood = (policy: unknown): Policy => resolvePolicy(policyRequest.parse(policy));

describe('the policy of an earlier campaign', () => {
  test.each<[string, PolicyRequest]>([
    ['the defaults', {}],
    [
      'one with everything in it',
      {
        polling: { windows: [{ everySeconds: 30, attempts: 10 }] },
        waves: [
          { name: 'canary', count: 20, gate: { minSuccessPercent: 99, approval: true, onFailure: 'abort' } },
          { rule: 'tag "pilot"' },
          { percent: 33.3 },
          { rest: true },
        ],
        order: { by: 'site', seed: 7 },
        rate: { perMinute: 60 },
        failureThreshold: null,
        startAt: '2040-11-21T21:00:00.000Z',
        endAt: '2040-11-30T21:00:00.000Z',
        maintenance: {
          windows: [{ from: '22:00', to: '05:00' }],
          freezes: [{ from: '2040-12-18', to: '2040-12-26' }],
        },
        approval: 'four-eyes',
        retry: { attempts: 3, reasons: ['failed:battery-low'] },
        onFailure: 'roll-back',
      },
    ],
  ])('means the same when it is asked for again, but for its times: %s', (_what, asked) => {
    const policy = understood(asked);
    expect(understood(toPolicy(toForm(asAsked(policy))))).toEqual({ ...policy, startAt: null, endAt: null });
  });
});

describe('the targets of an earlier campaign', () => {
  test.each([
    [{ all: true }, { kind: 'all' }],
    [
      { rule: 'tag "vip"', expanded: 'tag "vip"' },
      { kind: 'rule', rule: 'tag "vip"' },
    ],
    [
      { group: 'pilots', expanded: 'tag "pilot"' },
      { kind: 'group', group: 'pilots' },
    ],
  ])('%o are %o', (targets, filled) => {
    expect(whoOf(targets)).toEqual(filled);
  });

  test('that were a filter are the rule that it stands for', () => {
    const filter = { model: 'A920', site: 'a "b" \\ c', tms: 'alpha', versionBelow: '4.2.0' };
    const { kind, rule = '' } = whoOf({ filter });
    expect([kind, rule]).toEqual([
      'rule',
      'model = "A920" and site = "a \\"b\\" \\\\ c" and tms = "alpha" and version < "4.2.0"',
    ]);
    expect(() => parseRule(rule)).not.toThrow();
  });
});

describe('a list that comes page by page', () => {
  /** As the API answers: 500 at a time, out of so many. */
  const pages = (count: number): Parameters<typeof readAll<number>>[1] =>
    vi.fn(({ limit, cursor = '0' }) => {
      const end = Math.min(Number(cursor) + limit, count);
      const items = Array.from({ length: end - Number(cursor) }, (_, index) => Number(cursor) + index);
      return Promise.resolve({ items, nextCursor: end < count ? String(end) : null });
    });

  test.each([0, 500, 1_201])('is read to its end: %i', async (count) => {
    const { items, cut } = await readAll(5_000, pages(count));
    expect([items.length, new Set(items).size, cut]).toEqual([count, count, false]);
  });

  test('is read no further than it is of use, and then says that there are more', async () => {
    const read = pages(10_000);
    const { items, cut } = await readAll(1_000, read);
    expect([items.length, cut]).toEqual([1_000, true]);
    expect(read).toHaveBeenCalledTimes(2);
    expect((await readAll(1_000, pages(1_000))).cut).toBe(false);
  });
});
