// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest';
import type { CampaignSummary } from '../../console/api/schema.ts';
import { askedOf, commandsFor } from '../../console/pages/campaigns/commands.ts';
import { matches, statusesOf, STATUSES, type Filter } from '../../console/pages/campaigns/filters.ts';
import { figuresOf, rowsOf } from '../../console/pages/campaigns/rows.ts';
import { CAMPAIGN_STATUSES } from '../../workflows/status.ts';

function campaign(campaignId: string, change: Partial<CampaignSummary> = {}): CampaignSummary {
  return {
    campaignId,
    name: `Name of ${campaignId}`,
    status: 'RUNNING',
    targetVersion: '4.2.0',
    total: 10,
    counts: { PENDING: 10 },
    final: 0,
    percentFinal: 0,
    failurePercent: null,
    createdBy: 'anna',
    createdAt: '2026-11-27T10:00:00.000Z',
    startedAt: null,
    dispatchedAt: null,
    endedAt: null,
    lastCommand: null,
    waitingFor: null,
    rollingBack: false,
    links: { self: '', tpes: '', events: '', stream: '', temporal: '' },
    ...change,
  };
}

const ALL: Filter = { show: 'all', q: '' };
const streamed = (...campaigns: CampaignSummary[]): Map<string, CampaignSummary> =>
  new Map(campaigns.map((each) => [each.campaignId, each]));
const ids = (campaigns: readonly CampaignSummary[]): string[] =>
  campaigns.map(({ campaignId }) => campaignId);

describe('the rows', () => {
  test('are those of the API, each as the stream has told it last', () => {
    const rows = rowsOf([campaign('a'), campaign('b')], streamed(campaign('b', { final: 4 })), ALL);
    expect(rows.live.map(({ campaignId, final }) => [campaignId, final])).toEqual([
      ['a', 0],
      ['b', 4],
    ]);
  });

  test('have new campaigns of the stream at their place, the newest first', () => {
    const created = (hour: number): Partial<CampaignSummary> => ({
      createdAt: `2026-11-27T${hour}:00:00.000Z`,
    });
    const listed = [campaign('c', created(12)), campaign('a', created(10))];
    expect(
      ids(rowsOf(listed, streamed(campaign('b', created(11)), campaign('d', created(13))), ALL).live),
    ).toEqual(['d', 'c', 'b', 'a']);
  });

  test('move to the ended ones when the stream tells the end', () => {
    const rows = rowsOf([campaign('a')], streamed(campaign('a', { status: 'ABORTED' })), ALL);
    expect([ids(rows.live), ids(rows.ended)]).toEqual([[], ['a']]);
  });

  test('of the stream meet the filter like those of the API', () => {
    const live = streamed(
      campaign('a', { createdBy: 'Zoë' }),
      campaign('b'),
      campaign('c', { status: 'PAUSED' }),
    );
    expect(ids(rowsOf([], live, { show: 'all', q: 'zoë' }).live)).toEqual(['a']);
    expect(ids(rowsOf([], live, { show: 'PAUSED', q: '' }).live)).toEqual(['c']);
    expect(ids(rowsOf([], live, { show: 'ended', q: '' }).live)).toEqual([]);
  });
});

describe('the filter', () => {
  test('knows every status once, in groups that leave none out', () => {
    expect([...STATUSES].sort()).toEqual([...CAMPAIGN_STATUSES].sort());
    expect([...(statusesOf('live') ?? []), ...(statusesOf('ended') ?? [])].sort()).toEqual(
      [...STATUSES].sort(),
    );
  });

  test.each([
    [{ status: 'PAUSED' }, true],
    [{ status: 'PENDING_APPROVAL' }, true],
    [{ waitingFor: { what: "somebody's approval of wave 2", until: null } }, true],
    [{ waitingFor: { what: 'wave 1 of 2, soaking 30 min', until: '2026-11-27T10:00:00Z' } }, false],
    [{ status: 'COMPLETED' }, false],
  ] as [Partial<CampaignSummary>, boolean][])('%o needs somebody: %s', (change, needs) => {
    expect(matches({ show: 'attention', q: '' }, campaign('a', change))).toBe(needs);
  });
});

test('the figures are of the live campaigns alone', () => {
  const campaigns = [
    campaign('a', {
      total: 100,
      counts: { SUCCESS: 57, FAILED: 2, TIMEOUT: 1, REQUESTED: 10, INSTALLING: 20, PENDING: 10 },
    }),
    campaign('b', { total: 5, counts: { PENDING: 5 }, status: 'PAUSED' }),
    campaign('c', { total: 9, counts: { FAILED: 9 }, status: 'ABORTED' }),
  ];
  expect(figuresOf(campaigns)).toEqual({
    live: 2,
    attention: 1,
    total: 105,
    underWay: 30,
    toDo: 15,
    success: 57,
    failurePercent: 5,
  });
  expect(figuresOf([]).failurePercent).toBeNull();
});

describe('the commands', () => {
  test.each([
    ['PENDING_APPROVAL', ['cancel']],
    ['SCHEDULED', ['pause', 'cancel']],
    ['RUNNING', ['pause', 'cancel']],
    ['PAUSED', ['resume', 'cancel']],
    ['CANCELLING', []],
    ['COMPLETED', []],
  ] as const)('of one that is %s: %s', (status, commands) => {
    expect(commandsFor(campaign('a', { status }))).toEqual(commands);
  });

  test('one that was given is shown until the campaign has taken it', () => {
    const asked = { command: 'pause', before: 'RUNNING ' } as const;
    expect(askedOf(campaign('a'), asked)).toBe('pause');
    expect(askedOf(campaign('a', { status: 'PAUSED' }), asked)).toBeUndefined();
    const taken = { command: 'pause', by: 'anna', reason: null, at: '2026-11-27T10:00:00.000Z' };
    expect(askedOf(campaign('a', { lastCommand: taken }), asked)).toBeUndefined();
    expect(askedOf(campaign('a'), undefined)).toBeUndefined();
  });
});
