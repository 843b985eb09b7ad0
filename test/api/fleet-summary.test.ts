import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tpePage, tpeSummary } from '../../api/schemas/tpe.ts';
import { TestApi, type Answer } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(async () => {
  await api.clear();
  await api.pool.query('TRUNCATE target_group');
});
afterAll(() => api.close());

const asked = (path: string, query: Record<string, string>): Promise<Answer> =>
  api.send(`${path}?${new URLSearchParams(query).toString()}`);

/** A small fleet, and the ids of its terminals. */
function plantFleet(): Promise<string[]> {
  return api.fleet([
    { model: 'A920', site: 'Lyon-1', version: '4.1.0', idTms: 'A-1' },
    { model: 'A920', site: 'Lyon-2', version: '4.2.0', idTms: 'A-2' },
    { model: 'A35', site: 'Lyon-1', version: '4.1.0', idTms: 'B-1', tms: 'beta' },
    { model: 'A35', site: 'Nice "Port"', version: null, idTms: 'B-2', tms: 'beta' },
  ]);
}

const NO_OTHERS = { values: 0, terminals: 0 };

describe('the summary of the fleet', () => {
  test('counts terminals by version, model, site and TMS, the largest first', async () => {
    await plantFleet();
    const { status, body } = await api.send('tpes/summary');
    expect(status).toBe(200);
    expect(tpeSummary.parse(body)).toEqual({
      total: 4,
      byVersion: {
        items: [
          { value: '4.1.0', terminals: 2 },
          { value: '4.2.0', terminals: 1 },
          { value: null, terminals: 1 },
        ],
        others: NO_OTHERS,
      },
      byModel: {
        items: [
          { value: 'A35', terminals: 2 },
          { value: 'A920', terminals: 2 },
        ],
        others: NO_OTHERS,
      },
      bySite: {
        items: [
          { value: 'Lyon-1', terminals: 2 },
          { value: 'Lyon-2', terminals: 1 },
          { value: 'Nice "Port"', terminals: 1 },
        ],
        others: NO_OTHERS,
      },
      byTms: {
        items: [
          { value: 'alpha', terminals: 2 },
          { value: 'beta', terminals: 2 },
        ],
        others: NO_OTHERS,
      },
    });
  });

  test('names the 50 largest sites and counts the others', async () => {
    const sites = Array.from({ length: 60 }, (_, i) => `S-${String(i).padStart(2, '0')}`);
    await api.fleet([...sites.map((site) => ({ site })), { site: 'S-59' }]);
    const { body } = await api.send('tpes/summary');
    expect(body.total).toBe(61);
    expect(body.bySite.items).toHaveLength(50);
    expect(body.bySite.items[0]).toEqual({ value: 'S-59', terminals: 2 });
    expect(body.bySite.others).toEqual({ values: 10, terminals: 10 });
  });

  test('of no terminals is all zeros', async () => {
    const empty = { items: [], others: NO_OTHERS };
    expect((await api.send('tpes/summary')).body).toEqual({
      total: 0,
      byVersion: empty,
      byModel: empty,
      bySite: empty,
      byTms: empty,
    });
  });
});

describe('the list and the summary are narrowed by', () => {
  test.each([
    [{ model: 'A35' }, ['B-1', 'B-2']],
    [{ site: 'Lyon-1', tms: 'alpha' }, ['A-1']],
    [{ version: '4.2.0' }, ['A-2']],
    [{ rule: 'version unknown' }, ['B-2']],
    [{ rule: 'version < "4.2.0" or version = "4.2.0"', model: 'A920' }, ['A-1', 'A-2']],
    [{ rule: String.raw`site = "Nice \"Port\""` }, ['B-2']],
    [{ rule: 'group "old" and tms = "beta"' }, ['B-1']],
    [{ rule: 'all' }, ['A-1', 'A-2', 'B-1', 'B-2']],
    [{ rule: 'model = "none"' }, []],
  ] as [Record<string, string>, string[]][])('%o', async (query, wanted) => {
    await plantFleet();
    await api.send('groups/old', { method: 'PUT', json: { rule: 'version < "4.2.0"' } });
    const list = await asked('tpes', query);
    expect(
      tpePage
        .parse(list.body)
        .items.map(({ idTms }) => idTms)
        .sort(),
    ).toEqual(wanted);
    expect((await asked('tpes/summary', query)).body.total).toBe(wanted.length);
  });

  test('a rule, page by page', async () => {
    const ids = await api.fleet([{}, {}, {}, { model: 'A35' }]);
    const query = { rule: 'model = "A920"', limit: '2' };
    const first = await asked('tpes', query);
    const second = await asked('tpes', { ...query, cursor: first.body.nextCursor });
    const seen = [first, second].flatMap(({ body }) =>
      body.items.map(({ tpeId }: { tpeId: string }) => tpeId),
    );
    expect(seen).toEqual(ids.slice(0, 3).sort());
    expect(second.body.nextCursor).toBeNull();
  });

  test.each(['tpes', 'tpes/summary'])(
    '%s refuses a rule that can not be understood, with its place',
    async (path) => {
      const { status, body } = await asked(path, { rule: 'model = ' });
      expect(status).toBe(422);
      expect(body).toMatchObject({ type: '/problems/rule-invalid', rule: 'model = ', line: 1 });
      expect(body.errors).toEqual([{ parameter: 'rule', message: expect.any(String) }]);
      expect(body.detail).toMatch(/^rule: /);
    },
  );
});
