import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { erasureResult } from '../../api/schemas/erasure.ts';
import { deleteFromOutbox } from '../../db/outbox.ts';
import { recordTransitions } from '../../db/transitions.ts';
import { TestApi, type Answer, type Json } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(async () => {
  await api.clear();
  await api.pool.query('TRUNCATE dead_letter, site');
});
afterAll(() => api.close());

const REASON = 'request 2026-118';

function erase(tpeId: string, json: unknown = { by: 'dpo', reason: REASON }, headers = {}): Promise<Answer> {
  return api.send(`tpes/${tpeId}`, { method: 'DELETE', json, headers });
}

function load(...lines: string[]): Promise<Answer> {
  const body = ['tpeId,idTms,tms,model,site,version,tags', ...lines].join('\n');
  return api.send('tpes/import', { body, headers: { 'content-type': 'text/csv' } });
}

/** A terminal of a small merchant, with all that can be known of one. */
async function terminal(site = 'Chez Dupont'): Promise<string> {
  const [tpeId = ''] = await api.fleet([{ idTms: 'SN-Dupont', site, version: '4.1.0' }]);
  await api.pool.query(
    `UPDATE tpe SET tags = '{dupont}', metadata = '{"owner":"Dupont"}', last_seen = now(), unknown_to_tms_since = now()
     WHERE tpe_id = $1`,
    [tpeId],
  );
  return tpeId;
}

/** Gives the terminal a final status, as its tracker does. */
async function settle(campaignId: string, tpeId: string, reason: string): Promise<void> {
  const context = { topicPrefix: 'test.', actor: 'platform' };
  const row = { campaignId, tpeId, attempt: 1 };
  await recordTransitions(api.pool, context, [{ ...row, status: 'REQUESTED', operationId: 'op-dupont' }]);
  await recordTransitions(api.pool, context, [{ ...row, status: 'FAILED', reason }]);
}

const outbox = (): Promise<{ id: string; topic: string; key: string; type: string; data: unknown }[]> =>
  api.rows('SELECT id, topic, key, type, data, correlation_id FROM outbox ORDER BY id');

const erasures = (tpeId: string): Promise<Json[]> =>
  api.rows(
    `SELECT tpe_id, campaign_id, actor, reason, data, correlation_id FROM event
     WHERE type = 'tpe.erased' AND tpe_id = $1 ORDER BY seq`,
    [tpeId],
  );

const everything = async (tpeId: string): Promise<string> => {
  const tables = ['tpe', 'campaign_tpe', 'site'];
  const rows = await Promise.all(tables.map((table) => api.rows(`SELECT t::text FROM ${table} t`)));
  const [events] = [await erasures(tpeId)];
  return JSON.stringify([rows, events]).replaceAll(`erased-${tpeId}`, '');
};

describe('an erased terminal', () => {
  test('keeps its id, model, version and place in campaigns, and nothing about its user', async () => {
    const tpeId = await terminal();
    await api.send('sites/Chez%20Dupont', { method: 'PUT', json: { timeZone: 'Europe/Paris' } });
    const campaignId = await api.campaign({ tpeIds: [tpeId] });
    await settle(campaignId, tpeId, 'failed:E-12: the shop of Mr Dupont is closed');
    await api.pool.query(
      `UPDATE campaign_tpe SET order_correlation_id = 'dupont', order_traceparent = 'dupont',
              compensation = 'FAILED', compensation_reason = 'failed:asked Mr Dupont'`,
    );

    const { status, body } = await erase(
      tpeId,
      { by: 'dpo', reason: REASON },
      { 'x-correlation-id': 'gdpr-1' },
    );
    expect({ status, body }).toEqual({
      status: 200,
      body: { tpeId, erasedBefore: false, campaigns: 1, deadLetters: 0 },
    });
    expect(erasureResult.safeParse(body).success).toBe(true);
    expect((await api.send(`tpes/${tpeId}`)).body).toMatchObject({
      idTms: `erased-${tpeId}`,
      tms: 'alpha',
      model: 'A920',
      version: '4.1.0',
      site: '(erased)',
      tags: [],
      active: false,
      lastSeen: null,
      campaigns: [{ campaignId, status: 'FAILED', reason: 'failed:E-12' }],
    });
    expect(await api.rows('SELECT operation_id, compensation_reason FROM campaign_tpe')).toEqual([
      { operation_id: null, compensation_reason: 'failed' },
    ]);
    expect(await everything(tpeId)).not.toMatch(/dupont/i);
    expect(await erasures(tpeId)).toEqual([
      {
        tpe_id: tpeId,
        campaign_id: null,
        actor: 'dpo',
        reason: REASON,
        data: { campaigns: 1, deadLetters: 0 },
        correlation_id: 'gdpr-1',
      },
    ]);
  });

  test('keeps reasons that are codes, and loses the words behind them', async () => {
    const tpeId = await terminal();
    const reasons = [
      'unverified',
      'failed:battery-low',
      'failed:E1:x',
      'rejected:no such shop',
      'failed:a: b: c',
    ];
    const campaigns: string[] = [];
    for (const reason of reasons) {
      const campaignId = await api.campaign({ tpeIds: [tpeId] });
      await api.pool.query(`UPDATE campaign_tpe SET status = 'FAILED', reason = $2 WHERE campaign_id = $1`, [
        campaignId,
        reason,
      ]);
      campaigns.push(campaignId);
      // What the TMS says about it keeps the terminal from the next campaign otherwise.
      await api.pool.query(`UPDATE tpe SET unknown_to_tms_since = NULL`);
    }
    await erase(tpeId);
    const rows = await api.rows('SELECT campaign_id, reason FROM campaign_tpe');
    const reasonOf = new Map(rows.map((row) => [row.campaign_id, row.reason]));
    expect(campaigns.map((id) => reasonOf.get(id))).toEqual([
      'unverified',
      'failed:battery-low',
      'failed:E1',
      'rejected',
      'failed:a',
    ]);
  });

  test('is withdrawn from the topics, after all that was said about it', async () => {
    const tpeId = await terminal();
    const [other = ''] = await api.fleet([{}]);
    const first = await api.campaign({ tpeIds: [tpeId, other] });
    await settle(first, tpeId, 'failed:battery-low');
    const second = await api.campaign({ tpeIds: [tpeId] }, '9.1.0');
    await settle(second, tpeId, 'unverified');
    await api.pool.query(
      `INSERT INTO outbox (topic, key, type, data) VALUES ('test.tpe.version.snapshot', $1, 'tpe.version.observed', '{}')`,
      [tpeId],
    );
    const before = await outbox();

    await erase(tpeId, { reason: REASON }, { 'x-correlation-id': 'gdpr-2' });
    const after = await outbox();
    const added = after.slice(before.length);
    expect(after.slice(0, before.length)).toEqual(before);
    const keys = [`${first}|${tpeId}`, `${second}|${tpeId}`].sort();
    expect(
      added.toSorted((a, b) => (a.key < b.key ? -1 : 1)).filter(({ key }) => key !== tpeId),
    ).toMatchObject(
      keys.map((key) => ({
        topic: 'test.tpe.update.status',
        key,
        type: 'tpe.update.status.erased',
        data: null,
        correlation_id: 'gdpr-2',
      })),
    );
    expect(added.filter(({ key }) => key === tpeId)).toMatchObject([
      { topic: 'test.tpe.version.snapshot', type: 'tpe.version.snapshot.erased', data: null },
    ]);
    // A lane is published by ascending ids: the tombstone is the last word on its key.
    for (const { key, id } of added) {
      const earlier = before.filter((row) => row.key === key);
      expect(earlier.length).toBeGreaterThan(0);
      for (const row of earlier) expect(Number(row.id)).toBeLessThan(Number(id));
    }
    const [lanes] = await api.rows(
      'SELECT max(n)::integer AS most FROM (SELECT key, count(DISTINCT lane) AS n FROM outbox GROUP BY key) AS k',
    );
    expect(lanes.most).toBe(1);
  });

  test('can be erased again, which changes nothing', async () => {
    const tpeId = await terminal();
    const campaignId = await api.campaign({ tpeIds: [tpeId] });
    await settle(campaignId, tpeId, 'unverified');
    await erase(tpeId);
    await deleteFromOutbox(
      api.pool,
      (await outbox()).map(({ id }) => id),
    );
    const again = await erase(tpeId);
    expect(again).toMatchObject({ status: 200, body: { erasedBefore: true, campaigns: 1, deadLetters: 0 } });
    expect(await outbox()).toEqual([]);
    expect(await erasures(tpeId)).toHaveLength(1);
  });

  test('does not come back by a fleet file, nor by a campaign', async () => {
    const tpeId = await terminal();
    await erase(tpeId);
    const { status, body } = await load(
      `${randomUUID()},N1,alpha,A920,Lyon-1,4.1.0,`,
      `${tpeId},SN-Dupont,alpha,A920,Chez Dupont,4.1.0,`,
    );
    expect(status).toBe(422);
    expect(body).toMatchObject({
      type: '/problems/import-refused',
      errorCount: 1,
      errors: [
        {
          line: 3,
          column: 'tpeId',
          message: 'was erased and can not come back under this id: give the terminal a new one',
        },
      ],
    });
    // The same device under a new id is another terminal.
    expect((await load(`${randomUUID()},SN-Dupont,alpha,A920,Lyon-1,4.1.0,`)).status).toBe(200);
    await api.campaign({ tpeIds: [tpeId] });
    expect(await api.rows('SELECT status, reason FROM campaign_tpe')).toEqual([
      { status: 'SKIPPED', reason: 'inactive' },
    ]);
  });

  test('leaves the time zone of a site that has other terminals', async () => {
    const tpeId = await terminal('Lyon-1');
    await api.fleet([{ site: 'Lyon-1' }]);
    await api.send('sites/Lyon-1', { method: 'PUT', json: { timeZone: 'Europe/Paris' } });
    await erase(tpeId);
    expect(await api.rows('SELECT site FROM site')).toEqual([{ site: 'Lyon-1' }]);
  });
});

describe('dead letters', () => {
  const letter = (key: string, state = 'OPEN'): Promise<unknown> =>
    api.pool.query(
      `INSERT INTO dead_letter (dlq_id, topic, key, value, headers, stage, error, reason, tries, failed_at, state)
       VALUES ($1, 'tpe.update.status', $2, 'Mr Dupont', '{"x":"Dupont"}', 'relay', 'X', 'because', 1, now(), $3)`,
      [randomUUID(), Buffer.from(key), state],
    );

  test('whose key names the terminal lose their value and are given up', async () => {
    const tpeId = await terminal();
    const [other = ''] = await api.fleet([{}]);
    await letter(`${randomUUID()}|${tpeId}`);
    await letter(tpeId, 'REPLAYED');
    await letter(`${randomUUID()}|${other}`);

    expect((await erase(tpeId)).body.deadLetters).toBe(2);
    const rows = await api.rows(
      'SELECT state, value, headers, reason, decided_by, decision_reason FROM dead_letter ORDER BY state',
    );
    const emptied = { value: null, headers: {}, reason: 'value removed: the terminal was erased' };
    expect(rows).toMatchObject([
      { state: 'DISCARDED', ...emptied, decided_by: 'dpo', decision_reason: 'the terminal was erased' },
      { state: 'OPEN', value: Buffer.from('Mr Dupont') },
      { state: 'REPLAYED', ...emptied, decided_by: null },
    ]);
    // One that has come since is found by the next request.
    await letter(tpeId);
    expect((await erase(tpeId)).body).toMatchObject({ erasedBefore: true, deadLetters: 1 });
    expect(await erasures(tpeId)).toMatchObject([
      { data: { campaigns: 0, deadLetters: 2 } },
      { data: { campaigns: 0, deadLetters: 1 } },
    ]);
  });
});

describe('erasure is refused', () => {
  test.each(['PENDING', 'REQUESTED', 'INSTALLING'])('while the terminal is %s', async (status) => {
    const tpeId = await terminal();
    const campaignId = await api.campaign({ tpeIds: [tpeId] });
    await api.pool.query('UPDATE campaign_tpe SET status = $1', [status]);
    const answer = await erase(tpeId);
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({
      type: '/problems/terminals-busy',
      errors: [{ parameter: 'tpeId', message: `is being updated by campaign ${campaignId}` }],
      busy: [{ tpeId, campaignId }],
    });
    expect((await api.send(`tpes/${tpeId}`)).body).toMatchObject({ idTms: 'SN-Dupont', site: 'Chez Dupont' });
  });

  test.each(['PENDING', 'REQUESTED'])('while its roll-back is %s', async (compensation) => {
    const tpeId = await terminal();
    await api.campaign({ tpeIds: [tpeId] });
    await api.pool.query(`UPDATE campaign_tpe SET status = 'SUCCESS', compensation = $1`, [compensation]);
    expect((await erase(tpeId)).body.type).toBe('/problems/terminals-busy');
  });

  test('by a campaign that is being created at the same moment, whichever comes first', async () => {
    const tpeId = await terminal();
    const [erased, created] = await Promise.all([
      erase(tpeId),
      api.create({ targetVersion: '9.0.0', targets: { tpeIds: [tpeId] } }),
    ]);
    expect(created.status).toBe(201);
    const [row] = await api.rows('SELECT status FROM campaign_tpe');
    // Erased first: it is skipped, or asked for under an id that no TMS knows. Created first: it is refused.
    expect([`200 SKIPPED`, `200 PENDING`, `409 PENDING`]).toContain(`${erased.status} ${row.status}`);
    expect(await api.rows('SELECT 1 FROM tpe WHERE tpe_id = $1', [tpeId])).toHaveLength(1);
  });

  test('without a reason, for an unknown terminal, and with a card number as its reason', async () => {
    const tpeId = await terminal();
    expect((await erase(tpeId, {})).body).toMatchObject({
      status: 422,
      type: '/problems/validation-failed',
      errors: [{ pointer: '/reason', message: 'is required' }],
    });
    expect((await erase(randomUUID())).body).toMatchObject({ status: 404, type: '/problems/not-found' });
    expect((await erase(tpeId, { reason: 'card 4111 1111 1111 1111' })).body.errors).toEqual([
      { pointer: '/reason', message: 'looks like a card number: it must not be stored here' },
    ]);
    expect(await api.rows('SELECT id_tms FROM tpe')).toEqual([{ id_tms: 'SN-Dupont' }]);
  });

  test('but taken with the reason in the query and no body', async () => {
    const tpeId = await terminal();
    const answer = await api.send(`tpes/${tpeId}?reason=${encodeURIComponent(REASON)}`, {
      method: 'DELETE',
      headers: { 'x-actor': 'dpo@bank' },
    });
    expect(answer.status).toBe(200);
    expect(await erasures(tpeId)).toMatchObject([{ actor: 'dpo@bank', reason: REASON }]);
  });
});
