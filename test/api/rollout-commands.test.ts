import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  campaignCreated,
  campaignDetail,
  campaignTpePage,
  commandAccepted,
  policyChanged,
} from '../../api/schemas/campaign.ts';
import { findReported } from '../../db/tpe.ts';
import { CAMPAIGN_TASK_QUEUE } from '../../workflows/names.ts';
import { TestApi, type Answer, type Json } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(async () => {
  await api.clear();
  await api.pool.query('TRUNCATE campaign_wave');
});
afterAll(() => api.close());

/** The signals that a campaign has received: name and argument, without the ids of the request. */
async function signals(campaignId: string): Promise<[string, unknown][]> {
  const { events } = await api.temporal.workflow.getHandle(`campaign-${campaignId}`).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => {
    const data = signal?.input?.payloads?.[0]?.data;
    if (!signal) return [];
    const { correlationId, ...said } = data ? JSON.parse(Buffer.from(data).toString()) : {};
    // Every command has one; what it is, is a matter of test/api/command-ids.test.ts.
    expect(correlationId).toMatch(/^[\w.:-]+$/);
    return [[signal.signalName ?? '', said]];
  });
}

const setStatus = (campaignId: string, status: string, rollingBack = false): Promise<unknown> =>
  api.pool.query('UPDATE campaign SET status = $2, rolling_back = $3 WHERE campaign_id = $1', [
    campaignId,
    status,
    rollingBack,
  ]);

const give = (campaignId: string, command: string, json: unknown = {}): Promise<Answer> =>
  api.send(`campaigns/${campaignId}/${command}`, { json });

const needsApproval = async (): Promise<string> => {
  await api.fleet([{}]);
  const policy = { approval: 'four-eyes' };
  const request = { targetVersion: '9.0.0', targets: { all: true }, policy, createdBy: 'anna' };
  return (await api.create(request)).body.campaignId;
};

describe('approve and reject', () => {
  test('reach a campaign that waits for its approval, with who and why', async () => {
    const campaignId = await needsApproval();
    const approved = await give(campaignId, 'approve', { by: 'ben', reason: 'read it' });
    expect(approved).toMatchObject({ status: 202, body: { command: 'approve', by: 'ben' } });
    expect(commandAccepted.safeParse(approved.body).success).toBe(true);
    expect((await give(campaignId, 'reject')).status).toBe(202);
    expect(await signals(campaignId)).toEqual([
      ['approve', { by: 'ben', reason: 'read it' }],
      ['reject', { by: 'api' }],
    ]);
  });

  test.each([
    ['its author', { by: 'anna' }, {}],
    ['its author by the header', {}, { 'x-actor': 'anna' }],
    ['nobody', {}, {}],
  ])('approve does not count by %s', async (_title, json, headers) => {
    const campaignId = await needsApproval();
    const answer = await api.send(`campaigns/${campaignId}/approve`, { json, headers });
    expect(answer.body).toMatchObject({ status: 403, type: '/problems/approval-refused' });
    expect(await signals(campaignId)).toEqual([]);
  });

  test('approve opens the gate of a wave that waits for it, whoever says so', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    await setStatus(campaignId, 'RUNNING');
    expect((await give(campaignId, 'approve')).body.type).toBe('/problems/command-not-possible');
    await api.pool.query(`UPDATE campaign_wave SET state = 'AWAITING_APPROVAL'`);
    expect((await give(campaignId, 'approve')).status).toBe(202);
    expect((await give(campaignId, 'reject')).status).toBe(409);
  });
});

describe('next-wave, and what can be done while the campaign ends', () => {
  test.each([
    ['RUNNING', 202],
    ['PAUSED', 202],
    ['SCHEDULED', 409],
    ['CANCELLING', 409],
    ['COMPLETED', 409],
  ])('next-wave of a campaign that is %s is answered %i', async (status, expected) => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    await setStatus(campaignId, status);
    expect((await give(campaignId, 'next-wave', { by: 'ben' })).status).toBe(expected);
    expect(await signals(campaignId)).toEqual(expected === 202 ? [['startNextWave', { by: 'ben' }]] : []);
  });

  test('a roll-back can be paused and resumed, another cancellation can not', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    await setStatus(campaignId, 'CANCELLING');
    expect((await give(campaignId, 'pause')).status).toBe(409);
    await setStatus(campaignId, 'CANCELLING', true);
    expect((await give(campaignId, 'pause')).status).toBe(202);
    expect((await give(campaignId, 'resume')).status).toBe(202);
  });

  test('cancel takes force or rollBack, also while cancelling, but no second roll-back', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    expect((await give(campaignId, 'cancel', { rollBack: true })).status).toBe(202);
    await setStatus(campaignId, 'CANCELLING', true);
    expect((await give(campaignId, 'cancel', { rollBack: true })).status).toBe(409);
    expect((await give(campaignId, 'cancel', { force: true })).status).toBe(202);
    expect((await give(campaignId, 'cancel')).status).toBe(202);
    const both = await give(campaignId, 'cancel', { force: true, rollBack: true });
    expect(both.body).toMatchObject({ status: 422, errors: [{ pointer: '/rollBack' }] });
    expect((await give(campaignId, 'pause', { force: true })).status).toBe(422);
    expect(await signals(campaignId)).toEqual([
      ['cancel', { rollBack: true, by: 'api' }],
      ['cancel', { force: true, by: 'api' }],
      ['cancel', { by: 'api' }],
    ]);
  });
});

describe('PATCH policy', () => {
  const patch = (campaignId: string, json: unknown): Promise<Answer> =>
    api.send(`campaigns/${campaignId}/policy`, { method: 'PATCH', json });

  test('changes what the workflow takes and answers the policy; a refusal of it is told', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    const { address, namespace } = api.config.temporal;
    const connection = await NativeConnection.connect({ address });
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: CAMPAIGN_TASK_QUEUE,
      workflowsPath: fileURLToPath(new URL('policy-workflow.ts', import.meta.url)),
    });
    await worker.runUntil(async () => {
      const changed = await patch(campaignId, { rate: { perMinute: 30 }, by: 'ben', reason: 'slow TMS' });
      expect(changed.body).toMatchObject({
        campaignId,
        changed: ['rate'],
        policy: { rate: { perMinute: 30, growthFactor: 1 }, stallSeconds: null },
      });
      expect(changed.status).toBe(200);
      expect(policyChanged.safeParse(changed.body).success).toBe(true);
      const refused = await patch(campaignId, { endAt: '2099-01-01T00:00:00Z' });
      expect(refused.body).toMatchObject({
        status: 409,
        type: '/problems/command-not-possible',
        detail: expect.stringContaining('the end is too near'),
      });
    });
    await connection.close();
  });

  test('is refused for what is fixed, for nothing to change, and for a campaign that has ended', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    expect((await patch(campaignId, { waves: [] })).body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/waves', message: expect.stringContaining('is fixed') }],
    });
    expect((await patch(campaignId, { by: 'ben' })).status).toBe(422);
    expect((await patch(randomUUID(), { stallSeconds: null })).status).toBe(404);
    await setStatus(campaignId, 'COMPLETED');
    expect((await patch(campaignId, { stallSeconds: null })).body).toMatchObject({
      type: '/problems/command-not-possible',
      campaignStatus: 'COMPLETED',
    });
  });

  test('is answered 503 when no worker takes it in time', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    expect((await patch(campaignId, { stallSeconds: null })).body.type).toBe(
      '/problems/temporal-unavailable',
    );
  });
});

describe('retry', () => {
  /** An ended campaign: terminals with these statuses and reasons. */
  async function ended(
    terminals: readonly [string, string | null][],
    policy: object = {},
  ): Promise<{ campaignId: string; ids: string[] }> {
    const ids = await api.fleet(terminals.map(() => ({})));
    const request = { name: 'Lyon', targetVersion: '9.0.0', targets: { tpeIds: ids }, policy };
    const { campaignId } = (await api.create(request)).body;
    for (const [i, [status, reason]] of terminals.entries()) {
      await api.pool.query('UPDATE campaign_tpe SET status = $2, reason = $3 WHERE tpe_id = $1', [
        ids[i],
        status,
        reason,
      ]);
    }
    await setStatus(campaignId, 'COMPLETED');
    return { campaignId, ids };
  }

  const TERMINALS: [string, string | null][] = [
    ['FAILED', 'failed:battery-low'],
    ['SUCCESS', null],
    ['TIMEOUT', 'unreachable'],
    ['FAILED', 'failedx'],
    ['CANCELLED', 'cancelled'],
  ];
  const targetsOf = async (campaignId: string): Promise<string[]> =>
    (
      await api.rows('SELECT tpe_id FROM campaign_tpe WHERE campaign_id = $1 ORDER BY ordinal', [campaignId])
    ).map((row: Json) => row.tpe_id);

  test('makes a new campaign of what failed, with the old policy but one wave and no times', async () => {
    const { campaignId, ids } = await ended(TERMINALS, {
      waves: [{ count: 1 }, { rest: true }],
      order: { by: 'site' },
      startAt: '2026-01-01T00:00:00Z',
      approval: 'four-eyes',
      rate: { perMinute: 7 },
    });
    const answer = await give(campaignId, 'retry', { createdBy: 'ben' });
    expect(answer).toMatchObject({
      status: 201,
      body: { name: 'Retry of Lyon', status: 'PENDING_APPROVAL', targetVersion: '9.0.0', targets: 3 },
    });
    expect(campaignCreated.safeParse(answer.body).success).toBe(true);
    const again = answer.body.campaignId;
    expect(new Set(await targetsOf(again))).toEqual(new Set([ids[0], ids[2], ids[3]]));
    expect((await api.send(`campaigns/${again}`)).body).toMatchObject({
      retryOf: campaignId,
      createdBy: 'ben',
      policy: { startAt: null, endAt: null, membership: 'static', rate: { perMinute: 7 } },
      waves: [{ wave: 1, name: 'all', total: 3 }],
    });
    expect(await signals(again)).toEqual([]);
  });

  test.each([
    ['statuses', { statuses: ['CANCELLED'] }, [4]],
    ['reasons, by their beginning', { reasons: ['failed'] }, [0]],
    ['reasons, several', { reasons: ['failed:battery-low', 'unreachable'] }, [0, 2]],
  ])('can be narrowed by %s', async (_title, json, expected) => {
    const { campaignId, ids } = await ended(TERMINALS);
    const { body } = await give(campaignId, 'retry', json);
    expect(await targetsOf(body.campaignId)).toEqual(expected.map((i) => ids[i]));
  });

  test('creates nothing twice under one idempotency key', async () => {
    const { campaignId } = await ended(TERMINALS);
    const send = (json: unknown): Promise<Answer> =>
      api.send(`campaigns/${campaignId}/retry`, { json, headers: { 'idempotency-key': 'k1' } });
    const first = await send({});
    const second = await send({});
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect((await send({ name: 'x' })).body.type).toBe('/problems/idempotency-key-reused');
  });

  test('skips terminals that are busy by now, and refuses them where they are listed', async () => {
    const { campaignId, ids } = await ended(TERMINALS);
    const busy = await api.campaign({ tpeIds: [ids[0]] });
    const listed = await give(campaignId, 'retry', { tpeIds: [ids[2], ids[0]] });
    expect(listed.body).toMatchObject({
      type: '/problems/terminals-busy',
      errors: [{ pointer: '/tpeIds/1', message: expect.stringContaining(busy) }],
    });
    const { body } = await give(campaignId, 'retry');
    const rows = await api.rows(
      `SELECT tpe_id FROM campaign_tpe WHERE campaign_id = $1 AND reason = 'in-another-campaign'`,
      [body.campaignId],
    );
    expect(rows).toEqual([{ tpe_id: ids[0] }]);
  });

  test('is refused for nothing to retry, for strangers, and for what runs or is unknown', async () => {
    const { campaignId, ids } = await ended([['SUCCESS', null]]);
    expect((await give(campaignId, 'retry')).body.type).toBe('/problems/empty-targets');
    expect((await give(campaignId, 'retry', { tpeIds: [randomUUID()] })).body).toMatchObject({
      type: '/problems/unknown-terminals',
      errors: [{ pointer: '/tpeIds/0' }],
    });
    expect((await give(campaignId, `tpes/${ids[0]}/retry`)).body.type).toBe('/problems/empty-targets');
    expect((await give(campaignId, `tpes/${randomUUID()}/retry`)).status).toBe(404);
    await setStatus(campaignId, 'RUNNING');
    expect((await give(campaignId, 'retry')).body.type).toBe('/problems/command-not-possible');
    expect((await give(randomUUID(), 'retry')).status).toBe(404);
  });

  test('takes one terminal by its path', async () => {
    const { campaignId, ids } = await ended(TERMINALS);
    const answer = await api.send(`campaigns/${campaignId}/tpes/${ids[4]}/retry`, { method: 'POST' });
    expect(answer.status).toBe(201);
    expect(await targetsOf(answer.body.campaignId)).toEqual([ids[4]]);
  });
});

describe('a campaign in full', () => {
  test('has its waves with counts, what it waits for, its approval and its roll-backs', async () => {
    const ids = await api.fleet([{}, {}, {}]);
    const policy = { waves: [{ name: 'canary', count: 1 }, { rest: true }] };
    const { campaignId } = (await api.create({ targetVersion: '9.0.0', targets: { tpeIds: ids }, policy }))
      .body;
    await api.pool.query(
      `UPDATE campaign_tpe SET status = 'CANCELLED', compensation = 'ROLLED_BACK', compensation_reason = 'x' WHERE wave = 1`,
    );
    await api.pool.query(
      `UPDATE campaign SET rolling_back = true, approved_by = 'ben', approved_at = now(),
                           waiting_for = '{"what": "approval", "until": null}'`,
    );
    const { body } = await api.send(`campaigns/${campaignId}`);
    expect(campaignDetail.safeParse(body).error).toBeUndefined();
    expect(body).toMatchObject({
      counts: { CANCELLED: 1, PENDING: 2 },
      waves: [
        { wave: 1, name: 'canary', state: 'WAITING', total: 1, counts: { CANCELLED: 1 }, startedAt: null },
        { wave: 2, name: 'wave 2', total: 2, counts: { PENDING: 2 } },
      ],
      waitingFor: { what: 'approval', until: null },
      policyTemplate: null,
      retryOf: null,
      approvedBy: 'ben',
      rollingBack: true,
      compensations: { ROLLED_BACK: 1 },
    });
    const tpes = (await api.send(`campaigns/${campaignId}/tpes?status=CANCELLED`)).body;
    expect(campaignTpePage.parse(tpes).items).toMatchObject([
      { wave: 1, compensation: 'ROLLED_BACK', compensationReason: 'x' },
    ]);
  });
});

describe('a terminal that is being rolled back', () => {
  test('is found by a call-back, and keeps its TMS in an import', async () => {
    const [tpeId] = await api.fleet([{ idTms: 'N1' }]);
    const campaignId = await api.campaign();
    const setRollBack = (state: string): Promise<unknown> =>
      api.pool.query(`UPDATE campaign_tpe SET status = 'SUCCESS', compensation = $1`, [state]);
    const reported = [{ idTms: 'N1', operationId: null }];
    const moved = `tpeId,idTms,tms,model,site\n${tpeId},N2,alpha,A920,Lyon-1\n`;
    const importMoved = (): Promise<Answer> =>
      api.send('tpes/import', { method: 'POST', body: moved, headers: { 'content-type': 'text/csv' } });

    await setRollBack('REQUESTED');
    expect(await findReported(api.pool, 'alpha', reported)).toEqual([{ idTms: 'N1', campaignId, tpeId }]);
    expect((await importMoved()).body).toMatchObject({
      type: '/problems/import-refused',
      errors: [{ line: 2, column: 'idTms' }],
    });
    await setRollBack('ROLLED_BACK');
    expect(await findReported(api.pool, 'alpha', reported)).toEqual([]);
    expect((await importMoved()).status).toBe(200);
  });
});
