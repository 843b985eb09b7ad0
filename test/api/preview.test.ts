import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { campaignPreview } from '../../api/schemas/campaign-preview.ts';
import { TestApi, type Json } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(async () => {
  await api.clear();
  await api.pool.query('TRUNCATE campaign_wave');
});
afterAll(() => api.close());

async function preview(body: object): Promise<Json> {
  const answer = await api.send('campaigns/preview', { json: { targetVersion: '9.0.0', ...body } });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return campaignPreview.parse(answer.body);
}

describe('the preview of a campaign', () => {
  test('says who would be updated, who not and why, and writes nothing', async () => {
    const ids = await api.fleet([
      { model: 'A', site: 'x' },
      { model: 'A', site: 'x', version: null },
      { model: 'B', site: 'y', tms: 'beta' },
      { model: 'B', site: 'y', version: '9.0.0' },
      { model: 'B', site: 'z', active: false },
      { model: 'B', site: 'z', tms: 'gamma' },
      { model: 'B', site: 'z' },
      { model: 'C', site: 'z' },
    ]);
    await api.pool.query('UPDATE tpe SET unknown_to_tms_since = now() WHERE tpe_id = $1', [ids[6]]);
    await api.campaign({ tpeIds: [ids[7]] });
    const before = await api.rows('SELECT count(*)::int FROM event');

    const found = await preview({ targets: { rule: 'all' } });
    expect(found).toMatchObject({
      total: 8,
      eligible: 3,
      byModel: [
        { value: 'B', terminals: 5 },
        { value: 'A', terminals: 2 },
        { value: 'C', terminals: 1 },
      ],
      bySite: [
        { value: 'z', terminals: 4 },
        { value: 'x', terminals: 2 },
        { value: 'y', terminals: 2 },
      ],
      otherSites: { sites: 0, terminals: 0 },
      byVersion: [
        { value: '4.1.0', terminals: 6 },
        { value: '9.0.0', terminals: 1 },
        { value: null, terminals: 1 },
      ],
      excluded: [
        { reason: 'already-there', count: 1, sample: [ids[3]] },
        { reason: 'inactive', count: 1, sample: [ids[4]] },
        { reason: 'unknown-to-tms', count: 1, sample: [ids[6]] },
        { reason: 'tms-not-configured', count: 1, sample: [ids[5]] },
        { reason: 'in-another-campaign', count: 1, sample: [ids[7]] },
      ],
      waves: [{ wave: 1, name: 'all', terminals: 3 }],
      wavesExact: true,
      refusals: [],
    });
    expect(found.sample.map(({ tpeId }: Json) => tpeId)).toEqual(ids.slice(0, 3).sort());
    expect(await api.rows('SELECT count(*)::int FROM event')).toEqual(before);
  });

  test('counts what the campaign then has, wave by wave and reason by reason', async () => {
    await api.fleet(
      Array.from({ length: 120 }, (_, n) => ({
        site: `S${n % 70}`,
        model: n % 5 === 0 ? 'pilot' : 'A',
        ...(n % 7 === 0 && { version: '9.0.0' }),
        ...(n % 11 === 0 && { active: false }),
      })),
    );
    const requests = [
      { targets: { all: true } },
      {
        targets: { rule: 'model = "A"' },
        policy: { order: { by: 'site' }, waves: [{ count: 3 }, { percent: 30 }, { rest: true }] },
      },
      {
        targets: { filter: { versionBelow: '9' } },
        policy: { waves: [{ percent: 10 }, { rule: 'model = "pilot"' }, { rest: true }] },
      },
    ];
    for (const request of requests) {
      const found = await preview(request);
      const { body } = await api.create({ targetVersion: '9.0.0', ...request });
      const counts = await api.rows(
        `SELECT wave, count(*) FILTER (WHERE status = 'PENDING')::int AS terminals FROM campaign_tpe
         WHERE campaign_id = $1 GROUP BY wave ORDER BY wave`,
        [body.campaignId],
      );
      expect(found.waves.map(({ wave, terminals }: Json) => ({ wave, terminals }))).toEqual(counts);
      const reasons = await api.rows(
        `SELECT reason, count(*)::int FROM campaign_tpe WHERE campaign_id = $1 AND status = 'SKIPPED' GROUP BY reason`,
        [body.campaignId],
      );
      expect(new Map(found.excluded.map((each: Json) => [each.reason, each.count]))).toEqual(
        new Map(reasons.map(({ reason, count }) => [reason, count])),
      );
      expect(found.total).toBe(body.targets);
      await api.pool.query('TRUNCATE campaign, campaign_tpe, campaign_wave');
    }
  });

  test('names the 50 largest sites and counts the others', async () => {
    await api.fleet(Array.from({ length: 55 }, (_, n) => ({ site: `S${n}` })));
    const { bySite, otherSites } = await preview({ targets: { all: true } });
    expect(bySite).toHaveLength(50);
    expect(otherSites).toEqual({ sites: 5, terminals: 5 });
  });

  test('takes a list in its order, and says what the campaign would be refused for', async () => {
    const ids = await api.fleet([{}, { tms: 'gamma' }, {}]);
    await api.campaign({ tpeIds: [ids[0]] });
    const listed = ids.toReversed();
    const found = await preview({ targets: { tpeIds: listed } });
    expect(found).toMatchObject({
      total: 3,
      eligible: 2,
      refusals: ['terminals-busy', 'tms-not-configured'],
    });
    expect(found.sample.map(({ tpeId }: Json) => tpeId)).toEqual(listed.slice(0, 2));
    expect((await preview({ targets: { tpeIds: [ids[0]] }, busy: 'skip' })).refusals).toEqual([]);
    expect(await preview({ targets: { rule: 'model = "none"' } })).toMatchObject({
      total: 0,
      eligible: 0,
      sample: [],
      waves: [{ terminals: 0 }],
      refusals: ['empty-targets'],
    });
  });

  test('is refused for what the campaign would be refused for at once', async () => {
    const send = async (body: object): Promise<Json> =>
      (await api.send('campaigns/preview', { json: { targetVersion: '5', ...body } })).body;
    expect(await send({ targets: { rule: 'modl = "A"' } })).toMatchObject({
      type: '/problems/rule-invalid',
      offset: 0,
    });
    expect(await send({ targets: {} })).toMatchObject({ type: '/problems/validation-failed' });
    expect(await send({ targets: { tpeIds: ['00000000-0000-4000-8000-00000000000f'] } })).toMatchObject({
      type: '/problems/unknown-terminals',
      errors: [{ pointer: '/targets/tpeIds/0' }],
    });
  });
});
