import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { campaignPage, campaignTpePage } from '../../api/schemas/campaign.ts';
import { eventPage } from '../../api/schemas/event.ts';
import { TestApi, type Json } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(() => api.clear());
afterAll(() => api.close());

/** Every item of a list, page after page. */
async function walk(path: string, limit: number): Promise<Json[][]> {
  const pages: Json[][] = [];
  let cursor: string | null = null;
  do {
    const query: string = new URLSearchParams({
      limit: String(limit),
      ...(cursor !== null && { cursor }),
    }).toString();
    const { status, body } = await api.send(`${path}${path.includes('?') ? '&' : '?'}${query}`);
    expect(status).toBe(200);
    pages.push(body.items);
    cursor = body.nextCursor;
  } while (cursor !== null);
  return pages;
}

describe('the list of campaigns', () => {
  test('has the newest first, each once, in pages', async () => {
    const ids: string[] = [];
    for (const model of ['A', 'B', 'C', 'D', 'E']) {
      await api.fleet([{ model }]);
      ids.unshift(await api.campaign({ filter: { model } }));
    }
    const pages = await walk('campaigns', 2);
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat().map(({ campaignId }) => campaignId)).toEqual(ids);
  });

  test('goes through campaigns of the same microsecond without loss', async () => {
    for (const model of ['A', 'B', 'C', 'D', 'E']) {
      await api.fleet([{ model }]);
      await api.campaign({ filter: { model } });
    }
    await api.pool.query(`UPDATE campaign SET created_at = '2026-01-01T00:00:00.123456Z'`);
    const ids = (await walk('campaigns', 2)).flat().map(({ campaignId }) => campaignId);
    expect(new Set(ids).size).toBe(5);
  });

  test('can be narrowed to a status and has the counts of each', async () => {
    await api.fleet([{ model: 'A' }, { model: 'A' }, { model: 'B' }]);
    const running = await api.campaign({ filter: { model: 'A' } });
    await api.campaign({ filter: { model: 'B' } });
    await api.pool.query(`UPDATE campaign SET status = 'RUNNING' WHERE campaign_id = $1`, [running]);

    const { body } = await api.send('campaigns?status=RUNNING');
    expect(campaignPage.parse(body).items).toMatchObject([
      { campaignId: running, counts: { PENDING: 2 }, final: 0 },
    ]);
    expect(body.nextCursor).toBeNull();
  });
});

describe('the list of campaigns, searched', () => {
  beforeEach(async () => {
    for (const [model, name, targetVersion, by] of [
      ['A', 'Lyon at 100%', '4.2.0', 'anna'],
      ['B', 'Nice', '4.2.1', 'Lyonel'],
      ['C', 'Paris', '5.0.0', 'anna'],
    ]) {
      await api.fleet([{ model: model ?? '' }]);
      await api.create({ name, targetVersion, targets: { filter: { model } } }, { 'x-actor': by ?? '' });
    }
  });

  const names = async (query: string): Promise<string[]> => {
    const { body } = await api.send(`campaigns?${query}`);
    return campaignPage.parse(body).items.map(({ name }) => name);
  };

  test('finds a text in names, versions and authors, in any letters', async () => {
    expect(await names('search=lyon')).toEqual(['Nice', 'Lyon at 100%']);
    expect(await names('search=4.2')).toEqual(['Nice', 'Lyon at 100%']);
    expect(await names('search=100%25')).toEqual(['Lyon at 100%']);
    expect(await names('search=%25')).toEqual(['Lyon at 100%']);
    expect(await names('search=nothing')).toEqual([]);
  });

  test('finds the beginning of an id', async () => {
    const [{ campaignId }] = (await api.send('campaigns?search=Paris')).body.items;
    expect(await names(`search=${campaignId.slice(0, 8).toUpperCase()}`)).toEqual(['Paris']);
  });

  test('takes several statuses, and both together', async () => {
    await api.pool.query(`UPDATE campaign SET status = 'PAUSED' WHERE name = 'Nice'`);
    await api.pool.query(`UPDATE campaign SET status = 'COMPLETED' WHERE name = 'Paris'`);
    expect(await names('status=PAUSED,COMPLETED')).toEqual(['Paris', 'Nice']);
    expect(await names('status=PAUSED,COMPLETED&search=anna')).toEqual(['Paris']);
  });
});

describe('the terminals of a campaign', () => {
  test('are listed by id in pages, with what they are and where each is', async () => {
    const ids = await api.fleet(Array.from({ length: 7 }, (_, n) => ({ idTms: `N${n}`, site: 'Nice-3' })));
    const campaignId = await api.campaign();
    const pages = await walk(`campaigns/${campaignId}/tpes`, 3);
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(pages.flat().map(({ tpeId }) => tpeId)).toEqual([...ids].sort());
    expect(pages[0]?.[0]).toMatchObject({
      site: 'Nice-3',
      status: 'PENDING',
      fromVersion: '4.1.0',
      requestedAt: null,
    });
  });

  test('can be narrowed to a status', async () => {
    const [done] = await api.fleet([{ version: '9.0.0' }, {}, {}]);
    const campaignId = await api.campaign();
    const { body } = await api.send(`campaigns/${campaignId}/tpes?status=SKIPPED`);
    expect(campaignTpePage.parse(body).items).toMatchObject([{ tpeId: done, reason: 'already-there' }]);
    expect(body.items[0].links.temporal).toContain(`/workflows/tpe-${campaignId}-${done}`);
  });

  test('can be narrowed to statuses, a reason, a model, a site, a wave and the beginning of an id', async () => {
    const ids = await api.fleet([
      { model: 'A920', site: 'Lyon-1', idTms: 'ab-1' },
      { model: 'A920', site: 'Nice-3', idTms: 'AB-2' },
      { model: 'A80', site: 'Lyon-1', idTms: 'ab%1' },
      { model: 'A80', site: 'Nice-3', idTms: 'cd-1' },
    ]);
    const campaignId = await api.campaign();
    await api.pool.query(
      `UPDATE campaign_tpe c SET status = o.status, reason = o.reason, wave = o.wave
       FROM (VALUES ($1::uuid, 'FAILED', 'failed:battery-low: 3 %', 1), ($2::uuid, 'FAILED', 'failed:battery', 2),
                    ($3::uuid, 'TIMEOUT', 'unverified', 2)) AS o(tpe_id, status, reason, wave)
       WHERE c.tpe_id = o.tpe_id`,
      ids.slice(0, 3),
    );
    const places = async (query: string): Promise<number[]> => {
      const { status, body } = await api.send(`campaigns/${campaignId}/tpes?${query}`);
      expect([query, status]).toEqual([query, 200]);
      return body.items.map(({ tpeId }: Json) => ids.indexOf(tpeId)).sort();
    };
    expect(await places('status=FAILED,TIMEOUT')).toEqual([0, 1, 2]);
    expect(await places('reason=failed')).toEqual([0, 1]);
    expect(await places('reason=failed:battery')).toEqual([1]);
    expect(await places('reason=failed:battery-low')).toEqual([0]);
    expect(await places('model=A80')).toEqual([2, 3]);
    expect(await places('site=Lyon-1')).toEqual([0, 2]);
    expect(await places('wave=2')).toEqual([1, 2]);
    expect(await places('search=ab-')).toEqual([0, 1]);
    expect(await places('search=AB%25')).toEqual([2]);
    expect(await places(`search=${ids[3]?.slice(0, 12).toUpperCase()}`)).toEqual([3]);
    expect(await places('status=FAILED&site=Nice-3&wave=2&model=A920&reason=failed&search=ab')).toEqual([1]);
    const pages = await walk(`campaigns/${campaignId}/tpes?status=FAILED,TIMEOUT`, 2);
    expect(pages.map((page) => page.length)).toEqual([2, 1]);
  });
});

describe('the events of a campaign', () => {
  test('are listed oldest first, in pages', async () => {
    await api.fleet(Array.from({ length: 4 }, () => ({ version: '9.0.0' })));
    const campaignId = await api.campaign();
    const pages = await walk(`campaigns/${campaignId}/events`, 2);
    const events = pages.flat();
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(events[0]).toMatchObject({ type: 'campaign.created', data: { total: 4, targetVersion: '9.0.0' } });
    expect(
      events.slice(1).every(({ type, reason }) => type === 'tpe.skipped' && reason === 'already-there'),
    ).toBe(true);
    expect(eventPage.safeParse({ items: events, nextCursor: null }).success).toBe(true);
  });

  test('can be had newest first', async () => {
    await api.fleet(Array.from({ length: 4 }, () => ({ version: '9.0.0' })));
    const campaignId = await api.campaign();
    const seqs = async (order: string): Promise<number[]> =>
      (await walk(`campaigns/${campaignId}/events?order=${order}`, 2)).flat().map(({ seq }) => seq);
    const newestFirst = await seqs('desc');
    expect(newestFirst).toHaveLength(5);
    expect(newestFirst).toEqual((await seqs('asc')).toReversed());
  });
});

describe('what is not there', () => {
  test.each(['', '/tpes', '/events', '/stream'])('campaigns/{unknown}%s is 404', async (suffix) => {
    const { status, body } = await api.send(`campaigns/${randomUUID()}${suffix}`);
    expect(status).toBe(404);
    expect(body.type).toBe('/problems/not-found');
  });

  test.each([
    ['campaigns?limit=0', 'limit'],
    ['campaigns?limit=501', 'limit'],
    ['campaigns?status=running', 'status'],
    ['campaigns?status=RUNNING,', 'status'],
    ['campaigns?search=', 'search'],
    ['campaigns?stauts=RUNNING', 'stauts'],
    ['campaigns?cursor=nonsense', 'cursor'],
    [`campaigns/${randomUUID()}/tpes?status=RUNNING`, 'status'],
    [`campaigns/${randomUUID()}/tpes?wave=0`, 'wave'],
    [`campaigns/${randomUUID()}/events?order=newest`, 'order'],
    ['campaigns/not-a-uuid', 'campaignId'],
    ['tpes?site=', 'site'],
  ])('%s names the parameter', async (path, parameter) => {
    const { status, body } = await api.send(path);
    expect(status).toBe(400);
    expect(body).toMatchObject({ type: '/problems/invalid-parameters', errors: [{ parameter }] });
  });

  test('a cursor of another list is refused', async () => {
    await api.fleet([{}, {}]);
    const campaignId = await api.campaign();
    const { body } = await api.send(`campaigns/${campaignId}/tpes?limit=1`);
    const answer = await api.send(`campaigns?cursor=${body.nextCursor}`);
    expect(answer.body).toMatchObject({ status: 400, errors: [{ parameter: 'cursor' }] });
  });
});
