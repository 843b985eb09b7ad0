import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lookAccepted } from '../../api/schemas/tpe.ts';
import { tpeWorkflowId, TRACKING_TASK_QUEUE } from '../../workflows/names.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(() => api.clear());
afterAll(() => api.close());

/** A terminal in a campaign. */
async function plant(): Promise<{ campaignId: string; tpeId: string; path: string }> {
  const [tpeId = ''] = await api.fleet([{}]);
  const campaignId = await api.campaign();
  return { campaignId, tpeId, path: `campaigns/${campaignId}/tpes/${tpeId}/look` };
}

/** A tracker that no worker runs: it keeps what it is told. */
async function track(campaignId: string, tpeId: string): Promise<string> {
  const workflowId = tpeWorkflowId(campaignId, tpeId);
  await api.temporal.workflow.start('tpeUpdate', { workflowId, taskQueue: TRACKING_TASK_QUEUE });
  return workflowId;
}

async function signals(workflowId: string): Promise<[string, Record<string, unknown>][]> {
  const { events } = await api.temporal.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => {
    const data = signal?.input?.payloads?.[0]?.data;
    return signal ? [[signal.signalName ?? '', data ? JSON.parse(Buffer.from(data).toString()) : {}]] : [];
  });
}

describe('a look', () => {
  test('is asked of the tracker, with who, why and under which id', async () => {
    const { campaignId, tpeId, path } = await plant();
    const workflowId = await track(campaignId, tpeId);
    const { status, body } = await api.send(path, {
      json: { by: 'anna', reason: 'the shop is on the phone' },
      headers: { 'x-correlation-id': 'look-1' },
    });
    expect(status).toBe(202);
    expect(lookAccepted.parse(body)).toMatchObject({
      campaignId,
      tpeId,
      by: 'anna',
      reason: 'the shop is on the phone',
    });
    expect(body.links.temporal).toContain(workflowId);
    expect(await signals(workflowId)).toEqual([
      ['observeNow', { by: 'anna', reason: 'the shop is on the phone', correlationId: 'look-1' }],
    ]);
  });

  test('needs no body', async () => {
    const { campaignId, tpeId, path } = await plant();
    const workflowId = await track(campaignId, tpeId);
    const { status, body } = await api.send(path, { method: 'POST', headers: { 'x-actor': 'night shift' } });
    expect([status, body.by, body.reason]).toEqual([202, 'night shift', null]);
    expect(await signals(workflowId)).toMatchObject([['observeNow', { by: 'night shift' }]]);
  });

  test('at a terminal that nothing tracks, not yet or no more, is refused', async () => {
    const { campaignId, tpeId, path } = await plant();
    const before = await api.send(path, { json: {} });
    const workflowId = await track(campaignId, tpeId);
    await api.temporal.workflow.getHandle(workflowId).terminate();
    const after = await api.send(path, { json: {} });
    for (const { status, body } of [before, after]) {
      expect(status).toBe(409);
      expect(body).toMatchObject({
        type: '/problems/command-not-possible',
        detail: expect.stringContaining('not been asked for yet, or it is done'),
      });
    }
  });

  test('at a terminal that is not in the campaign does not exist', async () => {
    const { campaignId } = await plant();
    const { status, body } = await api.send(`campaigns/${campaignId}/tpes/${randomUUID()}/look`, {
      json: {},
    });
    expect(status).toBe(404);
    expect(body.errors).toEqual([{ parameter: 'tpeId', message: 'is no terminal of the campaign' }]);
  });

  test('says that Temporal is away, and when to try again', async () => {
    const { path } = await plant();
    const away = await TestApi.create({
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      DATABASE_URL: api.config.database.url,
    });
    const { status, headers, body } = await away.send(path, { json: {} });
    await away.close();
    expect([status, body.type]).toEqual([503, '/problems/temporal-unavailable']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
