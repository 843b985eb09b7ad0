import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { admitJoiners } from '../../db/campaign-join.ts';
import { TestApi, type Json } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(async () => {
  await api.clear();
  await api.pool.query('TRUNCATE target_group, campaign_wave, site');
});
afterAll(() => api.close());

const tpes = (campaignId: string): Promise<Json[]> =>
  api.rows('SELECT * FROM campaign_tpe WHERE campaign_id = $1 ORDER BY tms, ordinal', [campaignId]);

const waves = (campaignId: string): Promise<Json[]> =>
  api.rows('SELECT wave, name, total, state FROM campaign_wave WHERE campaign_id = $1 ORDER BY wave', [
    campaignId,
  ]);

async function create(body: object): Promise<string> {
  const answer = await api.create({ targetVersion: '9.0.0', ...body });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body.campaignId;
}

describe('targets', () => {
  test('by a rule are the terminals that meet it, and the rule is kept with its groups replaced', async () => {
    const [wanted] = await api.fleet([{ model: 'A' }, { model: 'A', version: '4.10' }, { model: 'B' }]);
    await api.send('groups/old', { method: 'PUT', json: { rule: 'version < "4.2.0"' } });
    const rule = 'model="A" and group "old"';
    const campaignId = await create({ targets: { rule } });
    expect((await tpes(campaignId)).map(({ tpe_id: id }) => id)).toEqual([wanted]);

    await api.send('groups/old', { method: 'PUT', json: { rule: 'all' } });
    const { body } = await api.send(`campaigns/${campaignId}`);
    expect(body.targets).toEqual({ rule, expanded: 'model = "A" and version < "4.2.0"' });
  });

  test('by a group are those of its rule', async () => {
    await api.fleet([{ model: 'A' }, { model: 'B' }]);
    await api.send('groups/bs', { method: 'PUT', json: { rule: 'model = "B"' } });
    const campaignId = await create({ targets: { group: 'bs' } });
    expect(await tpes(campaignId)).toHaveLength(1);
    expect((await api.send(`campaigns/${campaignId}`)).body.targets).toEqual({
      group: 'bs',
      expanded: 'model = "B"',
    });
  });

  test.each([
    [{ targets: { rule: 'model = A' } }, '/targets/rule', 8],
    [{ targets: { group: 'nobody' } }, '/targets/group', 6],
    [
      { targets: { all: true }, policy: { waves: [{ count: 1 }, { rule: 'tag' }, { rest: true }] } },
      '/policy/waves/1/rule',
      3,
    ],
  ])('%j are refused with pointer and character', async (body, pointer, offset) => {
    const answer = await api.create({ targetVersion: '5', ...body });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ type: '/problems/rule-invalid', errors: [{ pointer }], offset });
  });

  test('that are a list can not be joined by others', async () => {
    const [id] = await api.fleet([{}]);
    const { body } = await api.create({
      targetVersion: '5',
      targets: { tpeIds: [id] },
      policy: { membership: 'dynamic' },
    });
    expect(body.errors).toEqual([
      { pointer: '/policy/membership', message: expect.stringContaining('static') },
    ]);
  });

  test('have the first answer again under their idempotency key, though their group is gone', async () => {
    await api.fleet([{}]);
    await api.send('groups/g', { method: 'PUT', json: { rule: 'all' } });
    const request = { targetVersion: '5', targets: { group: 'g' } };
    const first = await api.create(request, { 'idempotency-key': 'k' });
    await api.send('groups/g', { method: 'DELETE' });
    expect((await api.create(request, { 'idempotency-key': 'k' })).body).toEqual(first.body);
  });
});

describe('terminals that can not be updated', () => {
  async function fleet(): Promise<string[]> {
    const ids = await api.fleet([{}, {}, { tms: 'gamma' }, { active: false }, { version: '9.0.0' }, {}]);
    await api.pool.query('UPDATE tpe SET unknown_to_tms_since = now() WHERE tpe_id = $1', [ids[1]]);
    await create({ targets: { tpeIds: [ids[5]] } });
    return ids;
  }

  test('are skipped with the reason where a rule selects them', async () => {
    const ids = await fleet();
    const campaignId = await create({ targets: { rule: 'all' } });
    const reasons = new Map((await tpes(campaignId)).map((row) => [row.tpe_id, row.reason]));
    expect(ids.map((id) => reasons.get(id))).toEqual([
      null,
      'unknown-to-tms',
      'tms-not-configured',
      'inactive',
      'already-there',
      'in-another-campaign',
    ]);
    expect(await waves(campaignId)).toEqual([{ wave: 1, name: 'all', total: 6, state: 'WAITING' }]);
  });

  test('are asked for, or refused, where they are listed', async () => {
    const ids = await fleet();
    const campaignId = await create({ targets: { tpeIds: ids.slice(0, 2) } });
    expect((await tpes(campaignId)).map(({ status }) => status)).toEqual(['PENDING', 'PENDING']);
    const busy = await api.create({ targetVersion: '9.0.0', targets: { tpeIds: [ids[5]] } });
    expect(busy.body.type).toBe('/problems/terminals-busy');
    const skipped = await create({ targets: { tpeIds: [ids[5]] }, busy: 'skip' });
    expect(await tpes(skipped)).toMatchObject([{ status: 'SKIPPED', reason: 'in-another-campaign' }]);
  });

  test('are refused where a rule is told to refuse them, also while they are rolled back', async () => {
    const [id] = await api.fleet([{}]);
    const first = await create({ targets: { all: true } });
    await api.pool.query(
      `UPDATE campaign_tpe SET status = 'SUCCESS', compensation = 'REQUESTED' WHERE campaign_id = $1`,
      [first],
    );
    const request = { targetVersion: '9.0.0', targets: { all: true } };
    expect((await api.create({ ...request, busy: 'refuse' })).body).toMatchObject({
      type: '/problems/terminals-busy',
      busy: [{ tpeId: id, campaignId: first }],
    });
    const second = await create(request);
    expect(await tpes(second)).toMatchObject([{ reason: 'in-another-campaign' }]);
  });

  test('are skipped when ten campaigns ask at once: each terminal is in one of them', async () => {
    await api.fleet(Array.from({ length: 40 }, (_, n) => ({ model: n % 2 ? 'A' : 'B' })));
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        api.create({ targetVersion: '9.0.0', targets: { rule: n % 2 ? 'all' : 'model = "A"' } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    const active = await api.rows(`SELECT tpe_id FROM campaign_tpe WHERE status = 'PENDING'`);
    expect(active).toHaveLength(40);
    expect(new Set(active.map(({ tpe_id: id }) => id)).size).toBe(40);
  });
});

describe('waves', () => {
  test('take terminals in their order, without the skipped ones, and number them per TMS', async () => {
    const ids = await api.fleet(
      Array.from({ length: 12 }, (_, n) => ({
        tms: n % 3 === 0 ? 'beta' : 'alpha',
        model: n % 4 === 0 ? 'pilot' : 'A',
        ...(n < 2 && { version: '9.0.0' }),
      })),
    );
    const campaignId = await create({
      targets: { tpeIds: ids },
      policy: {
        waves: [{ name: 'canary', count: 2 }, { rule: 'model = "pilot"' }, { percent: 20 }, { rest: true }],
      },
    });
    const rows = await tpes(campaignId);
    const waveOf = new Map(rows.map((row) => [row.tpe_id, row.wave]));
    // 0 and 1 are skipped; 2 and 3 the canary; 4 and 8 the pilots; 20 % of 10 are 5 and 6.
    expect(ids.map((id) => waveOf.get(id))).toEqual([1, 1, 1, 1, 2, 3, 3, 4, 2, 4, 4, 4]);
    expect(await waves(campaignId)).toMatchObject([
      { name: 'canary', total: 4 },
      { name: 'wave 2', total: 2 },
      { name: 'wave 3', total: 2 },
      { name: 'wave 4', total: 4 },
    ]);
    for (const tms of ['alpha', 'beta']) {
      const mine = rows.filter((row) => row.tms === tms);
      expect(mine.map(({ ordinal }) => ordinal)).toEqual(mine.map((_, n) => n));
      const order = mine.map(({ wave }) => wave);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }
  });

  test('that stay empty are there all the same', async () => {
    await api.fleet([{}]);
    const campaignId = await create({
      targets: { all: true },
      policy: { waves: [{ count: 5 }, { rule: 'tag "none"' }, { rest: true }] },
    });
    expect((await waves(campaignId)).map(({ total }) => total)).toEqual([1, 0, 0]);
  });

  test('keep the rule with its groups replaced', async () => {
    await api.fleet([{ model: 'A' }, { model: 'B' }]);
    await api.send('groups/as', { method: 'PUT', json: { rule: 'model = "A"' } });
    const campaignId = await create({
      targets: { all: true },
      policy: { waves: [{ rule: 'group "as"' }, { rest: true }] },
    });
    expect((await waves(campaignId)).map(({ total }) => total)).toEqual([1, 1]);
    const [{ policy }] = await api.rows('SELECT policy FROM campaign');
    expect(policy.waves[0].size).toEqual({ rule: 'model = "A"' });
  });

  test('with the order site leave something of each site for the next, in a wave of its own if need be', async () => {
    await api.fleet(Array.from({ length: 9 }, (_, n) => ({ site: `S${n % 3}` })));
    const campaignId = await create({ targets: { all: true }, policy: { order: { by: 'site' } } });
    expect((await waves(campaignId)).map(({ total }) => total)).toEqual([6, 3]);
    const [{ policy }] = await api.rows('SELECT policy FROM campaign');
    expect(policy.waves).toHaveLength(2);
  });

  test('number terminals of one time zone one after the other where each site has its own windows', async () => {
    await api.fleet(
      Array.from({ length: 6 }, (_, n) => ({ site: ['Lyon', 'Tokyo', 'nowhere'][n % 3] ?? '' })),
    );
    await api.pool.query(
      `INSERT INTO site (site, time_zone) VALUES ('Lyon', 'Europe/Paris'), ('Tokyo', 'Asia/Tokyo')`,
    );
    const campaignId = await create({
      targets: { all: true },
      policy: { maintenance: { windows: [{ from: '01:00', to: '05:00' }] } },
    });
    const rows = await api.rows(
      'SELECT site FROM campaign_tpe JOIN tpe USING (tpe_id) WHERE campaign_id = $1 ORDER BY ordinal',
      [campaignId],
    );
    expect(rows.map(({ site }) => site)).toEqual(['Tokyo', 'Tokyo', 'Lyon', 'Lyon', 'nowhere', 'nowhere']);
  });

  test('wait for somebody else where the policy asks for four eyes', async () => {
    await api.fleet([{}]);
    const request = { targetVersion: '9.0.0', targets: { all: true }, policy: { approval: 'four-eyes' } };
    const { body } = await api.create(request, { 'idempotency-key': 'k' });
    expect(body.status).toBe('PENDING_APPROVAL');
    expect((await api.create(request, { 'idempotency-key': 'k' })).body).toEqual(body);
    expect(await api.rows('SELECT status FROM campaign')).toEqual([{ status: 'PENDING_APPROVAL' }]);
  });
});

describe('joining', () => {
  const options = { tmsNames: ['alpha', 'beta'] };
  const DYNAMIC = { membership: 'dynamic', endAt: new Date(Date.now() + 3_600_000).toISOString() };

  test('adds what has come to match to the last wave, behind the others, once', async () => {
    await api.fleet([{}, {}, { tms: 'beta' }]);
    const campaignId = await create({
      targets: { rule: 'model = "A920"' },
      policy: { ...DYNAMIC, waves: [{ count: 1 }, { rest: true }] },
    });
    expect(await admitJoiners(api.pool, campaignId, options)).toEqual([]);
    const added = await api.fleet([
      {},
      {},
      { tms: 'beta' },
      { tms: 'gamma' },
      { active: false },
      { version: '9.0.0' },
      { model: 'B' },
    ]);
    const both = await Promise.all([
      admitJoiners(api.pool, campaignId, options),
      admitJoiners(api.pool, campaignId, options),
    ]);
    expect(both.flat()).toEqual([
      { tms: 'alpha', from: 2, to: 4 },
      { tms: 'beta', from: 1, to: 2 },
    ]);
    expect(await admitJoiners(api.pool, campaignId, options)).toEqual([]);
    const joined = await api.rows('SELECT * FROM campaign_tpe WHERE tpe_id = ANY($1)', [added]);
    expect(joined).toHaveLength(3);
    for (const row of joined)
      expect(row).toMatchObject({ wave: 2, status: 'PENDING', from_version: '4.1.0' });
    expect((await waves(campaignId)).map(({ total }) => total)).toEqual([1, 5]);
    expect(await api.rows('SELECT total FROM campaign')).toEqual([{ total: 6 }]);
    expect(await api.rows(`SELECT data FROM event WHERE type = 'campaign.joined'`)).toEqual([
      { data: { count: 3, wave: 2 } },
    ]);
  });

  test('leaves what another campaign has, static campaigns and ended ones as they are', async () => {
    await api.fleet([{}]);
    const fixed = await create({ targets: { all: true } });
    const open = await create({ targets: { all: true }, policy: DYNAMIC });
    expect(await admitJoiners(api.pool, open, options)).toEqual([]);
    await api.fleet([{}]);
    expect(await admitJoiners(api.pool, fixed, options)).toEqual([]);
    await api.pool.query(`UPDATE campaign SET status = 'CANCELLING' WHERE campaign_id = $1`, [open]);
    expect(await admitJoiners(api.pool, open, options)).toEqual([]);
  });
});
