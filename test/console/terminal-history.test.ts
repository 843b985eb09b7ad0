// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest';
import type { TimelineEvent, TpeDetail } from '../../console/api/schema.ts';
import { messages } from '../../console/pages/terminal/en.ts';
import {
  actionsFor,
  currentOf,
  isRetriedLater,
  wasTracked,
  type Entry,
} from '../../console/pages/terminal/history.ts';
import { reasonInWords } from '../../console/pages/terminal/reasons.ts';
import { stepOf } from '../../console/pages/terminal/steps.ts';

const t = messages.get();

function entry(campaignId: string, change: Partial<Entry> = {}): Entry {
  return {
    campaignId,
    name: `Name of ${campaignId}`,
    campaignStatus: 'COMPLETED',
    targetVersion: '4.2.0',
    status: 'SUCCESS',
    reason: null,
    attempt: 1,
    compensation: null,
    fromVersion: '4.1.0',
    version: '4.2.0',
    requestedAt: '2026-11-27T10:00:00.000Z',
    lastUpdate: '2026-11-27T10:10:00.000Z',
    links: { self: '', temporal: '' },
    ...change,
  };
}

function terminal(campaigns: Entry[], change: Partial<TpeDetail> = {}): TpeDetail {
  return {
    tpeId: '3f2f8f0e-6d0f-4a52-9d3c-0c8b2b1f3a11',
    idTms: 'A-1',
    tms: 'alpha',
    model: 'A920',
    site: 'Lyon-1',
    tags: [],
    version: '4.2.0',
    active: true,
    lastSeen: null,
    links: { self: '' },
    campaigns,
    ...change,
  };
}

describe('the campaign that counts', () => {
  test('is the one under way, also where a newer one has left the terminal out', () => {
    const campaigns = [
      entry('new', { status: 'SKIPPED', reason: 'in-another-campaign' }),
      entry('old', { status: 'INSTALLING', campaignStatus: 'RUNNING' }),
    ];
    expect(currentOf(campaigns)?.campaignId).toBe('old');
  });

  test('is the last one that was about more than leaving it out, where none is under way', () => {
    expect(currentOf([entry('new', { status: 'SKIPPED' }), entry('old')])?.campaignId).toBe('old');
    expect(currentOf([entry('only', { status: 'SKIPPED' })])?.campaignId).toBe('only');
    expect(currentOf([])).toBeUndefined();
  });

  test('is under way as long as it is being rolled back', () => {
    const campaigns = [entry('new'), entry('old', { status: 'FAILED', compensation: 'REQUESTED' })];
    expect(currentOf(campaigns)?.campaignId).toBe('old');
  });
});

describe('what can be done', () => {
  const running = { campaignStatus: 'RUNNING' } as const;
  test.each([
    ['in no campaign', [], []],
    ['waits for its turn', [entry('a', { ...running, status: 'PENDING', requestedAt: null })], []],
    ['was asked', [entry('a', { ...running, status: 'REQUESTED' })], ['look']],
    [
      'waits for a retry',
      [entry('a', { ...running, status: 'PENDING', requestedAt: null, attempt: 2 })],
      ['look'],
    ],
    ['is rolled back', [entry('a', { status: 'FAILED', compensation: 'REQUESTED' })], ['look']],
    ['is updated', [entry('a')], ['rollBack']],
    ['was updated from an unknown version', [entry('a', { fromVersion: null })], []],
    ['failed halfway', [entry('a', { status: 'FAILED', targetVersion: '5.0.0' })], ['retry', 'rollBack']],
    ['ran it too late', [entry('a', { status: 'TIMEOUT' })], ['rollBack']],
    [
      'was refused by its TMS',
      [entry('a', { status: 'FAILED', targetVersion: '5.0.0', requestedAt: null })],
      ['retry'],
    ],
    [
      'failed in a campaign that goes on',
      [entry('a', { ...running, status: 'FAILED', requestedAt: null })],
      [],
    ],
    ['was left out', [entry('a', { status: 'SKIPPED', requestedAt: null })], []],
  ] as [string, Entry[], string[]][])('with a terminal that %s', (_what, campaigns, actions) => {
    expect(actionsFor(terminal(campaigns))).toEqual(actions);
  });

  test.each([
    ['runs its version before', { version: '4.1.0' }],
    ['is not in use', { active: false }],
    ['runs nobody knows what', { version: null }],
  ])('no roll-back where it %s', (_what, change) => {
    expect(actionsFor(terminal([entry('a')], change))).toEqual([]);
  });

  test('it is said when it can be tried again later only', () => {
    expect(isRetriedLater(entry('a', { ...running, status: 'TIMEOUT' }))).toBe(true);
    expect(isRetriedLater(entry('a', { status: 'TIMEOUT' }))).toBe(false);
    expect(isRetriedLater(entry('a', running))).toBe(false);
  });

  test('what was never asked for has nothing in Temporal', () => {
    expect(wasTracked(entry('a', { requestedAt: null }))).toBe(false);
    expect(wasTracked(entry('a', { requestedAt: null, attempt: 3 }))).toBe(true);
  });
});

describe('the steps', () => {
  const say = (type: string, reason: string | null = null, data: Record<string, unknown> = {}): string =>
    stepOf(
      t,
      {
        seq: 1,
        eventId: '',
        occurredAt: '2026-11-27T10:00:00.000Z',
        type,
        tpeId: '',
        actor: 'tracker',
        reason,
        data: { tms: 'alpha', attempt: 1, ...data },
        correlationId: null,
        campaignId: 'a',
        traceparent: null,
        position: null,
        hash: null,
        campaignName: 'Lyon',
        targetVersion: '4.2.0',
      } satisfies TimelineEvent,
      '4.1.0',
    ).words;

  test.each([
    ['tpe.requested', null, {}, 'alpha was asked for 4.2.0, and took it'],
    ['tpe.requested', null, { attempt: 2 }, 'alpha was asked for 4.2.0 again, attempt 2'],
    ['tpe.installing', null, { tmsState: 'DOWNLOADING' }, /being installed: alpha says DOWNLOADING$/],
    ['tpe.success', null, { version: '4.2.0' }, /terminal itself reports 4\.2\.0: verified$/],
    ['tpe.failed', 'failed:battery-low', {}, 'Failed: battery-low'],
    ['tpe.failed', 'rejected:unknown-terminal', {}, 'alpha refused the request: unknown-terminal'],
    ['tpe.timeout', 'unverified', {}, /^Its time was over: the TMS says done/],
    [
      'tpe.retrying',
      'failed:battery-low',
      { attempt: 2 },
      'Attempt 1 failed (battery-low): it is tried again',
    ],
    ['tpe.rolling-back', null, {}, 'It is to be rolled back to 4.1.0'],
    ['tpe.rollback-requested', null, {}, 'alpha was asked to bring it back to 4.1.0'],
    ['tpe.rolled-back', null, { version: '4.1.0' }, 'Rolled back: the terminal itself reports 4.1.0'],
    ['tpe.rolled-back', 'unchanged', {}, 'Nothing to roll back: the terminal still runs 4.1.0'],
    ['tpe.something-new', 'some-code', {}, 'tpe.something-new: some-code'],
  ] as [string, string | null, Record<string, unknown>, string | RegExp][])(
    '%s (%s) in words',
    (type, reason, data, words) => {
      expect(say(type, reason, data)).toMatch(words);
    },
  );
});

test('a reason that is not known here is shown as it is', () => {
  expect(reasonInWords(t, 'already-there')).toBe('it runs the version already');
  expect(reasonInWords(t, 'constructor')).toBe('constructor');
});
