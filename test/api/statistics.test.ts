import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  campaignStatistics,
  projections,
  rebuild,
  statistics,
  type CampaignStatistics,
  type Statistics,
} from '../../api/schemas/statistics.ts';
import { projectBatch } from '../../projections/projector.ts';
import { quantile } from '../../projections/durations.ts';
import { stepFor } from '../../projections/campaign-statistics.ts';
import { runRebuild } from '../../projections/rebuild.ts';
import { tableSource } from '../../projections/table-source.ts';
import { addEvents, clearProjections, created, life, sealEvents, type NewEvent } from '../projections/rig.ts';
import { TestApi, type Answer } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(async () => {
  await clearProjections(api.pool);
  await api.pool.query('TRUNCATE tpe, campaign, campaign_tpe, campaign_wave, outbox');
});
afterAll(() => api.close());

/** A whole minute soon: all events are after it, in the same month or the next, which both have partitions. */
const T0 = new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000);
const minutes = (n: number): Date => new Date(T0.getTime() + n * 60_000);

async function tell(events: readonly NewEvent[]): Promise<void> {
  await addEvents(api.pool, events);
  await sealEvents(api.pool);
  while ((await projectBatch(api.pool)).full);
}

/** A campaign as the API needs it to be there; its events are told apart. */
async function campaign({
  names = ['canary', 'rest'],
  createdAt = new Date(),
  status = 'RUNNING',
} = {}): Promise<string> {
  const campaignId = randomUUID();
  await api.pool.query(
    `INSERT INTO campaign (campaign_id, name, version_cible, status, targets, policy, total, created_by, created_at, correlation_id)
     VALUES ($1, 'test', '4.2.0', $2, '{}', '{}', 0, 'me', $3, 'c')`,
    [campaignId, status, createdAt],
  );
  await api.pool.query(
    `INSERT INTO campaign_wave (campaign_id, wave, name, total)
     SELECT $1, place, name, 0 FROM unnest($2::text[]) WITH ORDINALITY AS wave(name, place)`,
    [campaignId, names],
  );
  return campaignId;
}

async function ofCampaign(campaignId: string, query = ''): Promise<CampaignStatistics> {
  const { status, body } = await api.send(`campaigns/${campaignId}/statistics${query}`);
  expect(status).toBe(200);
  expect(campaignStatistics.strict().parse(body)).toEqual(body);
  return body as CampaignStatistics;
}

async function overall(query = ''): Promise<Statistics> {
  const { status, body } = await api.send(`statistics${query}`);
  expect(status).toBe(200);
  expect(statistics.strict().parse(body)).toEqual(body);
  return body as Statistics;
}

describe('the statistics of a campaign', () => {
  test('have its terminals by wave and status, every status included', async () => {
    const campaignId = await campaign();
    await tell([
      created(campaignId, [2, 5]),
      ...life(campaignId, { to: 'SUCCESS', at: minutes(1), seconds: 40 }),
      ...life(campaignId, { to: 'FAILED', at: minutes(2), seconds: 40, wave: 2, reason: 'failed:x: y' }),
    ]);
    const { total, final, byStatus, byWave, asOf, byCompensation } = await ofCampaign(campaignId);
    expect({ total, final }).toEqual({ total: 7, final: 2 });
    const none = { REQUESTED: 0, INSTALLING: 0, SUCCESS: 0, FAILED: 0, TIMEOUT: 0, CANCELLED: 0, SKIPPED: 0 };
    expect(byStatus).toEqual({ ...none, PENDING: 5, SUCCESS: 1, FAILED: 1 });
    expect(byWave).toEqual([
      { wave: 1, name: 'canary', total: 2, final: 1, byStatus: { ...none, PENDING: 1, SUCCESS: 1 } },
      { wave: 2, name: 'rest', total: 5, final: 1, byStatus: { ...none, PENDING: 4, FAILED: 1 } },
    ]);
    expect(byCompensation).toEqual({ PENDING: 0, REQUESTED: 0, ROLLED_BACK: 0, FAILED: 0, LEFT: 0 });
    expect(asOf).toEqual({ position: 5, at: minutes(2).toISOString(), lagEvents: 0, lagSeconds: 0 });
  });

  test('rank failures by reason, model, site and TMS, and say what the rest adds up to', async () => {
    const campaignId = await campaign();
    const at = minutes(1);
    const end = (to: string, count: number, more: object): NewEvent[] =>
      Array.from({ length: count }, () => life(campaignId, { to, at, seconds: 5, ...more })).flat();
    await tell([
      created(campaignId, [40]),
      ...end('FAILED', 3, { reason: 'failed:battery-low: 3 %', model: 'A', site: 'a' }),
      ...end('FAILED', 2, { reason: 'failed:battery-low: 4 %', model: 'B', site: 'b' }),
      ...end('TIMEOUT', 1, { reason: 'unverified', model: 'B', site: 'c' }),
      ...end('FAILED', 1, { model: 'C', site: 'd', tms: 'beta' }),
      ...end('SUCCESS', 5, { model: 'A', site: 'a' }),
      ...end('SUCCESS', 2, { model: 'D', site: 'e' }),
      ...end('CANCELLED', 4, { model: 'A', site: 'a', reason: 'cancelled' }),
    ]);
    const { outcomes } = await ofCampaign(campaignId, '?top=2');
    expect(outcomes.total).toEqual({ ended: 14, successes: 7, failures: 7, successPercent: 50 });
    expect(outcomes.byReason).toEqual({
      items: [
        { reason: 'failed:battery-low', failures: 5, percent: 71.4 },
        { reason: null, failures: 1, percent: 14.2 },
      ],
      others: { reasons: 1, failures: 1, percent: 14.2 },
    });
    expect(outcomes.byModel).toEqual({
      items: [
        { value: 'A', ended: 8, successes: 5, failures: 3, successPercent: 62.5 },
        { value: 'B', ended: 3, successes: 0, failures: 3, successPercent: 0 },
      ],
      others: { values: 2, ended: 3, successes: 2, failures: 1, successPercent: 66.6 },
    });
    expect(outcomes.bySite.items.map(({ value, failures }) => [value, failures])).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
    expect(outcomes.bySite.others.values).toBe(3);
    expect((await ofCampaign(campaignId)).outcomes.byTms).toEqual({
      items: [
        { value: 'alpha', ended: 13, successes: 7, failures: 6, successPercent: 53.8 },
        { value: 'beta', ended: 1, successes: 0, failures: 1, successPercent: 0 },
      ],
      others: { values: 0, ended: 0, successes: 0, failures: 0, successPercent: null },
    });
  });

  test('have durations with percentiles, a heat map and the progress over time', async () => {
    const campaignId = await campaign();
    const end = (to: string, at: Date, seconds: number, model = 'A920'): NewEvent[] =>
      life(campaignId, { to, at, seconds, model });
    await tell([
      created(campaignId, [10]),
      ...end('SUCCESS', minutes(1), 10),
      ...end('SUCCESS', minutes(1), 11),
      ...end('SUCCESS', minutes(4), 100, 'D210'),
      ...end('TIMEOUT', minutes(11), 90_000),
    ]);
    const { durations, heatMap, progress } = await ofCampaign(campaignId, '?step=300');
    const { all, byStatus, byModel, byTms } = durations;
    expect(all).toMatchObject({ terminals: 4, meanSeconds: 22_530.3, p50Seconds: 30, p99Seconds: 86_400 });
    expect(all.histogram).toEqual([1, 1, 0, 1, ...Array.from({ length: 11 }, () => 0), 1]);
    expect(durations.bounds).toHaveLength(all.histogram.length - 1);
    expect(byStatus.map(({ value, terminals, meanSeconds }) => [value, terminals, meanSeconds])).toEqual([
      ['SUCCESS', 3, 40.3],
      ['TIMEOUT', 1, 90_000],
    ]);
    expect(byModel.map(({ value, terminals }) => [value, terminals])).toEqual([
      ['A920', 2],
      ['D210', 1],
    ]);
    expect(byTms.map(({ value, terminals }) => [value, terminals])).toEqual([['alpha', 3]]);

    expect(heatMap).toMatchObject({ stepSeconds: 300, most: 1 });
    expect(heatMap.steps.map(({ at, counts }) => [at, counts.flatMap((n, i) => (n ? [i] : []))])).toEqual([
      [minutes(0).toISOString(), [0, 1, 3]],
      [minutes(10).toISOString(), [15]],
    ]);
    const none = { SUCCESS: 0, FAILED: 0, TIMEOUT: 0, CANCELLED: 0, SKIPPED: 0 };
    expect(progress).toEqual({
      stepSeconds: 300,
      steps: [
        { at: minutes(0).toISOString(), final: 3, byStatus: { ...none, SUCCESS: 3 } },
        { at: minutes(10).toISOString(), final: 4, byStatus: { ...none, SUCCESS: 3, TIMEOUT: 1 } },
      ],
    });
    // Without a wish: by the minute, as long as that is not too many.
    expect((await ofCampaign(campaignId)).progress.steps.map(({ at }) => at)).toEqual(
      [1, 4, 11].map((n) => minutes(n).toISOString()),
    );
  });

  test('take back what is rolled back', async () => {
    const campaignId = await campaign({ names: ['all'] });
    const [request, success] = life(campaignId, { to: 'SUCCESS', at: minutes(1), seconds: 40 });
    if (!request || !success) throw new Error('no life');
    const step = (type: string, at: number, from: string, to: string, more: object): NewEvent => ({
      ...success,
      type,
      at: minutes(at),
      data: { ...(success.data as object), from, to, ...more },
    });
    await tell([
      created(campaignId, [1]),
      request,
      success,
      step('tpe.rolling-back', 2, 'SUCCESS', 'SUCCESS', { compensation: 'PENDING' }),
      step('tpe.rolled-back', 3, 'SUCCESS', 'CANCELLED', {
        compensation: 'ROLLED_BACK',
        compensationFrom: 'PENDING',
      }),
    ]);
    const { byStatus, byCompensation, outcomes, durations, progress } = await ofCampaign(campaignId);
    expect(byStatus).toMatchObject({ SUCCESS: 0, CANCELLED: 1 });
    expect(byCompensation).toMatchObject({ PENDING: 0, ROLLED_BACK: 1 });
    expect(outcomes.total).toEqual({ ended: 0, successes: 0, failures: 0, successPercent: null });
    // The update has taken what it took all the same.
    expect(durations.all.terminals).toBe(1);
    expect(
      progress.steps.map(({ final, byStatus: { SUCCESS, CANCELLED } }) => [final, SUCCESS, CANCELLED]),
    ).toEqual([
      [1, 1, 0],
      [1, 0, 1],
    ]);
  });

  test('are zeros for a campaign of which nothing is counted yet, and tell the lag', async () => {
    const campaignId = await campaign();
    await addEvents(api.pool, [created(campaignId, [3])]);
    const { total, byWave, durations, heatMap, progress, asOf } = await ofCampaign(campaignId);
    expect([total, byWave.map((wave) => wave.total)]).toEqual([0, [0, 0]]);
    expect([durations.all.p50Seconds, heatMap.steps, heatMap.most, progress.steps]).toEqual([
      null,
      [],
      0,
      [],
    ]);
    expect(asOf).toMatchObject({ position: 0, at: null, lagEvents: 1 });
  });

  test.each([
    ['?step=90', 'step'],
    ['?step=30', 'step'],
    ['?top=0', 'top'],
    ['?from=2026-01-01', 'from'],
  ])('are refused for %s', async (query, parameter) => {
    const { status, body } = await api.send(`campaigns/${await campaign()}/statistics${query}`);
    expect([status, body.type, body.errors[0].parameter]).toEqual([
      400,
      '/problems/invalid-parameters',
      parameter,
    ]);
  });

  test('of no campaign are not found', async () => {
    expect((await api.send(`campaigns/${randomUUID()}/statistics`)).status).toBe(404);
  });
});

describe('the statistics over campaigns', () => {
  test('add up the campaigns that were created in the period', async () => {
    const day = 24 * 3_600_000;
    const ids = [
      await campaign({ status: 'COMPLETED', createdAt: new Date(Date.now() - 40 * day) }),
      await campaign({ status: 'COMPLETED', createdAt: new Date(Date.now() - 10 * day) }),
      await campaign({ status: 'RUNNING' }),
    ];
    await tell(
      ids.flatMap((id, i) => [
        created(id, [2]),
        ...life(id, {
          to: i === 1 ? 'FAILED' : 'SUCCESS',
          at: minutes(1),
          seconds: 20,
          reason: 'unreachable',
        }),
      ]),
    );
    const { campaigns, terminals, outcomes, durations } = await overall();
    expect(campaigns.total).toBe(2);
    expect(campaigns.byStatus).toMatchObject({ COMPLETED: 1, RUNNING: 1, ABORTED: 0 });
    expect(terminals).toMatchObject({ total: 4, final: 2 });
    expect(terminals.byStatus).toMatchObject({ PENDING: 2, SUCCESS: 1, FAILED: 1, REQUESTED: 0 });
    expect(outcomes.total).toEqual({ ended: 2, successes: 1, failures: 1, successPercent: 50 });
    expect(outcomes.byReason.items).toEqual([{ reason: 'unreachable', failures: 1, percent: 100 }]);
    expect(durations.all.terminals).toBe(2);

    const from = new Date(Date.now() - 50 * day).toISOString();
    const to = new Date(Date.now() - 30 * day).toISOString();
    const earlier = await overall(`?from=${from}&to=${to}`);
    expect(earlier).toMatchObject({ from, to, campaigns: { total: 1 }, terminals: { total: 2 } });
    expect((await overall(`?from=${from}`)).campaigns.total).toBe(3);
  });

  test('are refused for a period that ends before it begins', async () => {
    const { status, body } = await api.send('statistics?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z');
    expect([status, body.errors[0].parameter]).toEqual([400, 'from']);
    expect((await api.send('statistics?from=yesterday')).status).toBe(400);
  });
});

describe('the projections', () => {
  const replay = (json: object = {}, headers = {}): Promise<Answer> =>
    api.send('projections/replay', { json, headers });

  test('are made anew when asked for, once at a time', async () => {
    await tell([created(randomUUID(), [3])]);
    await api.pool.query('UPDATE projection.terminal_status SET terminals = 4');
    const asked = await replay({ by: 'anna', reason: 'an audit' }, { 'x-correlation-id': 'c-7' });
    expect(asked.status).toBe(202);
    expect(rebuild.strict().parse(asked.body)).toMatchObject({ state: 'REQUESTED', by: 'anna', percent: 0 });

    const refused = await replay();
    expect([refused.status, refused.body.type]).toEqual([409, '/problems/replay-running']);
    expect(refused.body.rebuildId).toBe(asked.body.rebuildId);
    expect(refused.body.detail).toContain('anna');

    const { signal } = new AbortController();
    await runRebuild({ pool: api.pool, logger: { info: () => undefined }, source: tableSource, signal });
    const { status, body } = await api.send('projections');
    expect(status).toBe(200);
    expect(projections.strict().parse(body)).toEqual(body);
    expect(body).toMatchObject({ events: 1, skipped: 0, asOf: { position: 1 } });
    expect(body.lastRebuild).toMatchObject({
      rebuildId: asked.body.rebuildId,
      state: 'DONE',
      percent: 100,
      identical: false,
      differences: [
        {
          projection: 'terminal_status',
          rows: 1,
          examples: [expect.objectContaining({ terminals: { live: 4, replayed: 3 } })],
        },
      ],
    });
    const [event] = await api.rows(
      `SELECT actor, reason, correlation_id FROM event WHERE type = 'projection.replayed'`,
    );
    expect(event).toEqual({ actor: 'anna', reason: 'an audit', correlation_id: 'c-7' });
    expect((await replay({}, { 'x-actor': 'bob' })).body.by).toBe('bob');
  });

  test('tell that there was no rebuild', async () => {
    expect((await api.send('projections')).body).toMatchObject({ lastRebuild: null, events: 0 });
  });
});

describe('a percentile', () => {
  test('is estimated between the bounds of its count', () => {
    const counts = (filled: Record<number, number>): number[] =>
      Array.from({ length: 16 }, (_, i) => filled[i] ?? 0);
    expect(quantile(counts({}), 0.5)).toBeNull();
    expect(quantile(counts({ 0: 10 }), 0.5)).toBe(5);
    expect(quantile(counts({ 0: 10 }), 1)).toBe(10);
    expect(quantile(counts({ 1: 4, 3: 4 }), 0.5)).toBe(30);
    expect(quantile(counts({ 1: 4, 3: 4 }), 0.75)).toBe(90);
    expect(quantile(counts({ 15: 1 }), 0.01)).toBe(86_400);
  });
});

describe('the steps of a series', () => {
  test('are what was asked for, unless there were too many', () => {
    const day = 86_400;
    expect(stepFor(0, undefined)).toBe(60);
    expect(stepFor(day, undefined)).toBe(900);
    expect(stepFor(400 * day, undefined)).toBe(4 * day);
    expect(stepFor(day, 120)).toBe(120);
    expect(stepFor(90 * day, 60)).toBe(21_600);
  });
});
