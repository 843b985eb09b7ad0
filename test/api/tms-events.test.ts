import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SIGNATURE_HEADER, signCallback } from '../../tms/signature.ts';
import { CALLBACK_SECRET, TestApi, type Answer } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(() => api.clear());
afterAll(() => api.close());

function callBack(
  body: unknown,
  { secret = CALLBACK_SECRET, tms = 'alpha', at = Date.now() } = {},
): Promise<Answer> {
  const raw = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': 'application/json', [SIGNATURE_HEADER]: signCallback(secret, raw, at) };
  return api.send(`tms/${tms}/events`, { body: raw, headers });
}

/** A terminal under way, with a tracker that nobody works on. */
async function track(idTms: string, operationId: string | null): Promise<string> {
  const [tpeId = ''] = await api.fleet([{ idTms }]);
  const campaignId = await api.campaign({ tpeIds: [tpeId] });
  await api.pool.query(
    `UPDATE campaign_tpe SET status = 'REQUESTED', operation_id = $2 WHERE campaign_id = $1`,
    [campaignId, operationId],
  );
  const workflowId = `tpe-${campaignId}-${tpeId}`;
  await api.temporal.workflow.start('tpeUpdate', { workflowId, taskQueue: 'nobody' });
  return workflowId;
}

async function reports(workflowId: string): Promise<unknown[]> {
  const { events } = await api.temporal.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) =>
    signal?.signalName === 'statusReported'
      ? [JSON.parse(Buffer.from(signal.input?.payloads?.[0]?.data ?? []).toString())]
      : [],
  );
}

describe('a call-back', () => {
  test('signals the tracker of each terminal that is under way', async () => {
    const one = await track('N1', 'op-1');
    const two = await track('N2', null);
    const { status, body } = await callBack({
      events: [
        {
          idTms: 'N1',
          operationId: 'op-1',
          state: 'DONE',
          targetVersion: '9.0.0',
          occurredAt: '2026-11-21T10:00:00Z',
        },
        { idTms: 'N2', operationId: 'op-2', state: 'FAILED' },
        { idTms: 'N3', operationId: 'op-3', state: 'DONE' },
      ],
    });
    expect(status).toBe(202);
    expect(body).toEqual({ signalled: 2, ignored: 1 });
    expect(await reports(one)).toEqual([{ state: 'DONE', at: '2026-11-21T10:00:00Z' }]);
    expect(await reports(two)).toEqual([{ state: 'FAILED' }]);
  });

  test('about an earlier update, an ended one or a tracker that is not there yet is ignored', async () => {
    const other = await track('N1', 'op-2');
    await track('N2', 'op-2');
    await api.pool.query(
      `UPDATE campaign_tpe SET status = 'SUCCESS' FROM tpe WHERE tpe.tpe_id = campaign_tpe.tpe_id AND id_tms = 'N2'`,
    );
    const [untracked = ''] = await api.fleet([{ idTms: 'N3' }]);
    await api.campaign({ tpeIds: [untracked] });

    const events = ['N1', 'N2', 'N3'].map((idTms) => ({ idTms, operationId: 'op-1', state: 'DONE' }));
    expect(await callBack({ events })).toMatchObject({ status: 202, body: { signalled: 0, ignored: 3 } });
    expect(await reports(other)).toEqual([]);
  });

  test('that names a terminal twice makes one look', async () => {
    const tracker = await track('N1', 'op-1');
    const event = { idTms: 'N1', operationId: 'op-1' };
    const answer = await callBack({
      events: [
        { ...event, state: 'INSTALLING' },
        { ...event, state: 'DONE' },
      ],
    });
    expect(answer.body).toEqual({ signalled: 1, ignored: 1 });
    expect(await reports(tracker)).toEqual([{ state: 'DONE' }]);
  });

  test('does not reach the terminals of another TMS', async () => {
    const [tpeId = ''] = await api.fleet([{ idTms: 'N1', tms: 'beta' }]);
    await api.campaign({ tpeIds: [tpeId] });
    expect((await callBack({ events: [{ idTms: 'N1', state: 'DONE' }] })).body).toEqual({
      signalled: 0,
      ignored: 1,
    });
  });
});

describe('a call-back is refused', () => {
  const events = [{ idTms: 'N1', state: 'DONE' }];

  test.each([
    ['with another secret', { secret: 'another secret of tests' }, 401, 'invalid-signature'],
    ['signed too long ago', { at: Date.now() - 301_000 }, 401, 'invalid-signature'],
    ['of an unknown TMS', { tms: 'nobody' }, 404, 'not-found'],
    ['of a TMS that has no secret', { tms: 'beta' }, 403, 'callbacks-not-configured'],
  ])('%s', async (_title, options, status, code) => {
    expect((await callBack({ events }, options)).body).toMatchObject({ status, type: `/problems/${code}` });
  });

  test('without a signature, and with the signature of another body', async () => {
    const headers = { [SIGNATURE_HEADER]: signCallback(CALLBACK_SECRET, '{"events":[]}') };
    expect((await api.send('tms/alpha/events', { json: { events } })).status).toBe(401);
    expect((await api.send('tms/alpha/events', { json: { events }, headers })).status).toBe(401);
  });

  test('when its body is wrong, naming the field', async () => {
    expect((await callBack('{"events"')).body).toMatchObject({
      status: 400,
      type: '/problems/malformed-json',
    });
    expect((await callBack('')).body).toMatchObject({ status: 422 });
    expect((await callBack({ events: [{ idTms: 'N1', state: 'ODD' }] })).body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/events/0/state' }],
    });
    const many = Array.from({ length: 1001 }, () => events[0]);
    expect((await callBack({ events: many })).body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/events' }],
    });
  });
});
