// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest';
import type { Campaign, CampaignSummary, Policy, Progress } from '../../console/api/schema.ts';
import { shared } from '../../console/i18n/en.ts';
import { formatIn } from '../../console/i18n/format.ts';
import { actionsFor, consequencesOf, markOf } from '../../console/pages/campaign/actions.ts';
import { messages } from '../../console/pages/campaign/en.ts';
import { newest } from '../../console/pages/campaign/newest.ts';
import { changeInWords, changeOf, draftOf, faultsOf } from '../../console/pages/campaign/policy-change.ts';
import { stateLines } from '../../console/pages/campaign/state-line.ts';
import { currentWave, nextWave, wavesOf } from '../../console/pages/campaign/waves.ts';

const GATE = { minSuccessPercent: 95, soakSeconds: 1800, approval: false, onFailure: 'pause' as const };

const POLICY = {
  waves: [
    { name: 'canary', size: { count: 20 }, gate: GATE },
    { name: 'rest', size: { rest: true }, gate: GATE },
  ],
  rate: { perMinute: 60, growthFactor: 2, growEvery: 100, maxPerMinute: 500 },
  failureThreshold: { percent: 5, minSample: 20, countTimeouts: false, action: 'pause' },
  endAt: null,
} as unknown as Policy;

function wave(
  number: number,
  state: Campaign['waves'][number]['state'],
  more = {},
): Campaign['waves'][number] {
  return {
    wave: number,
    name: number === 1 ? 'canary' : 'rest',
    state,
    total: 20,
    counts: {},
    startedAt: null,
    passedAt: null,
    detail: null,
    ...more,
  };
}

function campaign(change: Partial<Campaign> = {}): Campaign {
  return {
    campaignId: 'c',
    name: 'Lyon',
    status: 'RUNNING',
    targetVersion: '4.2.0',
    total: 40,
    counts: { PENDING: 40 },
    final: 0,
    percentFinal: 0,
    failurePercent: null,
    createdBy: 'anna',
    createdAt: '2026-11-27T10:00:00Z',
    startedAt: null,
    dispatchedAt: null,
    endedAt: null,
    lastCommand: null,
    waitingFor: null,
    rollingBack: false,
    links: { self: '', tpes: '', events: '', stream: '', temporal: '' },
    targets: { all: true },
    policy: POLICY,
    correlationId: 'x',
    policyTemplate: null,
    retryOf: null,
    waves: [wave(1, 'RUNNING'), wave(2, 'WAITING')],
    approvedBy: null,
    approvedAt: null,
    compensations: {},
    ...change,
  };
}

const words = { t: messages.get(), format: formatIn('en') };

describe('the newest state of a campaign', () => {
  const progress = (counts: Progress['counts'], status: Progress['status'] = 'RUNNING'): Progress => ({
    campaignId: 'c',
    status,
    counts,
    total: 40,
    final: counts.SUCCESS ?? 0,
  });

  test('is what the stream tells, with the rates that belong to it', () => {
    const asked = { value: campaign(), at: 100 };
    const heard = { value: progress({ SUCCESS: 29, FAILED: 1, PENDING: 10 }), at: 200 };
    expect(newest(asked, heard, undefined)).toMatchObject({
      counts: { SUCCESS: 29, FAILED: 1, PENDING: 10 },
      percentFinal: 72.5,
      failurePercent: 3.4,
      waves: asked.value.waves,
    });
  });

  test('is not overwritten by an answer that was asked for before', () => {
    const asked = { value: campaign({ counts: { PENDING: 40 } }), at: 100 };
    expect(newest(asked, { value: progress({ SUCCESS: 40 }), at: 101 }, undefined).counts).toEqual({
      SUCCESS: 40,
    });
  });

  test('is an answer that was asked for since, where the stream has fallen silent', () => {
    const asked = { value: campaign({ counts: { SUCCESS: 40 }, status: 'COMPLETED' }), at: 300 };
    const summary = { ...campaign(), status: 'RUNNING' } as CampaignSummary;
    const state = newest(asked, { value: progress({ PENDING: 40 }), at: 200 }, { value: summary, at: 250 });
    expect([state.status, state.counts]).toEqual(['COMPLETED', { SUCCESS: 40 }]);
  });

  test('has what is waited for from the stream of all campaigns', () => {
    const waitingFor = { what: 'its time to start', until: null };
    const summary = { ...campaign(), waitingFor } as CampaignSummary;
    const state = newest(
      { value: campaign(), at: 100 },
      { value: progress({ SUCCESS: 1, PENDING: 39 }), at: 300 },
      { value: summary, at: 200 },
    );
    expect([state.waitingFor, state.counts]).toEqual([waitingFor, { SUCCESS: 1, PENDING: 39 }]);
  });
});

describe('the waves', () => {
  test('have their rate among those that can be updated, rounded down, and their gate', () => {
    const counts = { SUCCESS: 949, FAILED: 51, SKIPPED: 200 };
    const [first, last] = wavesOf(campaign({ waves: [wave(1, 'RUNNING', { counts }), wave(2, 'WAITING')] }));
    expect([first?.successPercent, first?.gate]).toEqual([94.9, GATE]);
    expect([last?.successPercent, last?.gate]).toEqual([undefined, undefined]);
  });

  test('soak until what their detail says, and only while they soak', () => {
    const detail = '2026-11-27T14:05:00.000Z';
    const waves = [wave(1, 'SOAKING', { detail }), wave(2, 'FAILED', { detail: 'too few' })];
    expect(wavesOf(campaign({ waves })).map(({ soaksUntil }) => soaksUntil)).toEqual([detail, undefined]);
  });

  test('follow one another', () => {
    const waves = [wave(1, 'PASSED'), wave(2, 'AWAITING_APPROVAL'), wave(3, 'WAITING')];
    expect([currentWave(waves)?.wave, nextWave(waves)?.wave]).toEqual([2, 3]);
    expect([currentWave([wave(1, 'PASSED')]), nextWave([wave(1, 'PASSED')])]).toEqual([undefined, undefined]);
  });
});

describe('what can be done', () => {
  const gate = [wave(1, 'AWAITING_APPROVAL'), wave(2, 'WAITING')];
  const failed = { SUCCESS: 1, FAILED: 2 };
  test.each<[Partial<Campaign>, string[], string[]]>([
    [{ status: 'PENDING_APPROVAL' }, ['approve', 'reject'], []],
    [{ status: 'SCHEDULED' }, ['pause', 'policy'], ['cancel']],
    [{}, ['pause', 'nextWave', 'policy'], ['cancel', 'rollBack', 'force']],
    [{ waves: [wave(1, 'RUNNING')] }, ['pause', 'policy'], ['cancel', 'rollBack', 'force']],
    [{ waves: gate }, ['approve', 'pause', 'nextWave', 'policy'], ['cancel', 'rollBack', 'force']],
    [{ status: 'PAUSED' }, ['resume', 'nextWave', 'policy'], ['cancel', 'rollBack', 'force']],
    [{ status: 'CANCELLING' }, [], ['force']],
    [{ status: 'CANCELLING', rollingBack: true }, ['pause'], ['stopRollBack', 'force']],
    [{ status: 'PAUSED', rollingBack: true }, ['resume'], ['stopRollBack', 'force']],
    [{ status: 'COMPLETED', counts: failed }, ['retry'], []],
    [{ status: 'ABORTED', rollingBack: true, counts: { SUCCESS: 3 } }, [], []],
  ])('with %o: %j, and to end it %j', (change, main, more) => {
    expect(actionsFor(campaign(change))).toEqual({ main, more });
  });

  test('a roll-back is told in numbers', () => {
    const counts = { SUCCESS: 1_240, INSTALLING: 1, PENDING: 0 };
    expect(consequencesOf(words, 'rollBack', campaign({ counts }))).toEqual([
      'No terminal is left to be started.',
      '1 in progress is followed to its end, and brought back if it was changed.',
      '1,240 that are updated are brought back to the version that they had, the newest wave first.',
      'The campaign ends as aborted; it can not be resumed.',
    ]);
  });

  test('the next wave says which one, and what its gate still waits for', () => {
    const waves = [
      wave(1, 'RUNNING', { counts: { SUCCESS: 10, PENDING: 10 } }),
      wave(2, 'WAITING', { total: 900 }),
    ];
    expect(
      consequencesOf(words, 'nextWave', campaign({ waves, counts: { SUCCESS: 10, PENDING: 910 } })),
    ).toEqual([
      'Wave 2 (rest) starts.',
      'It has 900 terminals.',
      'The gate of wave 1 is not waited for: 50% are updated, 95% are needed.',
    ]);
  });

  test('an approval says whose does not count', () => {
    expect(consequencesOf(words, 'approve', campaign({ status: 'PENDING_APPROVAL' })).at(-1)).toBe(
      'Four eyes: it does not count from its author, anna.',
    );
  });

  test('what was asked for is seen when state, command or wait have changed', () => {
    const before = markOf(campaign());
    expect(markOf(campaign({ counts: { SUCCESS: 40 } }))).toBe(before);
    expect(markOf(campaign({ status: 'PAUSED' }))).not.toBe(before);
  });
});

describe('the state in words', () => {
  const say = (change: Partial<Campaign>): string[] => stateLines(words, shared.get(), campaign(change));
  const lastCommand = { command: 'pause', by: 'luc', reason: 'storm', at: '2026-11-27T10:00:00Z' };

  test.each<[Partial<Campaign>, string[]]>([
    [{}, ['Wave 1 of 2 (canary) is under way']],
    [{ status: 'PAUSED', lastCommand }, ['Paused by luc: storm']],
    [
      { status: 'PAUSED', lastCommand, waitingFor: { what: 'a decision: wave 1: 80 %', until: null } },
      ['Waits for a decision: wave 1: 80 %'],
    ],
    [
      { waitingFor: { what: 'wave 2 of 3, soaking 30 min', until: '2026-11-27T14:05:00' } },
      ['Wave 2 of 3 soaks, until 27 Nov 2026, 14:05'],
    ],
    [
      { status: 'CANCELLED', lastCommand, startedAt: '2026-11-27T10:00:00', endedAt: '2026-11-27T12:30:00' },
      ['Cancelled by luc: storm', 'Ended 27 Nov 2026, 12:30, after 2 hrs 30 mins'],
    ],
  ])('%o: %j', (change, lines) => {
    expect(say(change)).toEqual(lines);
  });
});

describe('a change of the policy', () => {
  const draft = draftOf(POLICY);

  test('has what was changed and nothing else, each part whole', () => {
    expect(draft).toEqual({ perMinute: '60', failurePercent: '5', endAt: '' });
    expect(changeOf(POLICY, draft)).toEqual({});
    expect(changeOf(POLICY, { ...draft, perMinute: '30' })).toEqual({
      rate: { ...POLICY.rate, perMinute: 30 },
    });
    expect(changeOf(POLICY, { ...draft, perMinute: '', failurePercent: '' })).toEqual({
      rate: null,
      failureThreshold: null,
    });
    const endAt = '2026-12-01T18:00';
    expect(changeOf(POLICY, { ...draft, endAt })).toEqual({ endAt: new Date(endAt).toISOString() });
  });

  test('to a rate above the highest one raises that, too', () => {
    expect(changeOf(POLICY, { ...draft, perMinute: '900' }).rate).toMatchObject({
      perMinute: 900,
      maxPerMinute: 900,
    });
  });

  test('an end comes back as it was typed', () => {
    const endAt = new Date('2026-12-01T18:00').toISOString();
    expect(draftOf({ ...POLICY, endAt }).endAt).toBe('2026-12-01T18:00');
  });

  test('is told as before and after', () => {
    const change = changeOf(POLICY, { ...draft, perMinute: '1200', failurePercent: '' });
    expect(changeInWords(words.t, words.format, POLICY, change)).toEqual([
      'Rate: 1,200 per minute instead of 60 per minute.',
      'Failure threshold: none instead of 5%.',
    ]);
  });

  test.each([
    [{ perMinute: '0' }, { perMinute: true }],
    [{ perMinute: 'fast' }, { perMinute: true }],
    [{ failurePercent: '101' }, { failurePercent: true }],
    [{ endAt: '2020-01-01T00:00' }, { endAt: true }],
    [{ perMinute: '', failurePercent: '', endAt: '' }, {}],
  ])('%o has the faults %o', (change, faults) => {
    expect(faultsOf({ ...draft, ...change }, Date.parse('2026-11-27T10:00:00Z'))).toEqual(faults);
  });
});
