import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { commandAccepted } from '../../api/schemas/campaign.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(() => api.clear());
afterAll(() => api.close());

/** The signals that a workflow has received: name and argument, without the ids of the request. */
async function signals(workflowId: string): Promise<[string, unknown][]> {
  const { events } = await api.temporal.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => {
    const data = signal?.input?.payloads?.[0]?.data;
    if (!signal) return [];
    const { correlationId, ...said } = data ? JSON.parse(Buffer.from(data).toString()) : {};
    // Every command has one; what it is, is a matter of test/api/command-ids.test.ts.
    expect(correlationId).toMatch(/^[\w.:-]+$/);
    return [[signal.signalName ?? '', said]];
  });
}

const setStatus = (campaignId: string, status: string): Promise<unknown> =>
  api.pool.query('UPDATE campaign SET status = $2 WHERE campaign_id = $1', [campaignId, status]);

describe('pause, resume and cancel', () => {
  test('reach the workflow as signals, with who and why', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    const paused = await api.send(`campaigns/${campaignId}/pause`, { json: { by: 'ops', reason: 'storm' } });
    const resumed = await api.send(`campaigns/${campaignId}/resume`, {
      method: 'POST',
      headers: { 'x-actor': 'night shift' },
    });
    const cancelled = await api.send(`campaigns/${campaignId}/cancel`, { json: {} });

    for (const { status, body } of [paused, resumed, cancelled]) {
      expect(status).toBe(202);
      expect(commandAccepted.safeParse(body).success).toBe(true);
    }
    expect(paused.body).toMatchObject({ campaignId, command: 'pause', by: 'ops', reason: 'storm' });
    expect(await signals(`campaign-${campaignId}`)).toEqual([
      ['pause', { by: 'ops', reason: 'storm' }],
      ['resume', { by: 'night shift' }],
      ['cancel', { by: 'api' }],
    ]);
  });

  test('start a campaign whose start was lost, then reach it', async () => {
    await api.fleet([{}]);
    const away = await TestApi.create({
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      DATABASE_URL: api.config.database.url,
    });
    const campaignId = await away.campaign();
    await away.close();

    expect((await api.send(`campaigns/${campaignId}/pause`, { json: {} })).status).toBe(202);
    expect(await signals(`campaign-${campaignId}`)).toEqual([['pause', { by: 'api' }]]);
  });

  test.each([
    ['pause', 'COMPLETED'],
    ['resume', 'CANCELLED'],
    ['cancel', 'ABORTED'],
    ['pause', 'CANCELLING'],
    ['resume', 'CANCELLING'],
  ])('%s is refused for a campaign that is %s', async (command, status) => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    await setStatus(campaignId, status);
    const answer = await api.send(`campaigns/${campaignId}/${command}`, { json: {} });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ type: '/problems/command-not-possible', campaignStatus: status });
    expect(await signals(`campaign-${campaignId}`)).toEqual([]);
  });

  test('are refused for a workflow that has just ended, before the database knows', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    await api.temporal.workflow.getHandle(`campaign-${campaignId}`).terminate('the test ends it');
    const answer = await api.send(`campaigns/${campaignId}/pause`, { json: {} });
    expect(answer.body).toMatchObject({ status: 409, type: '/problems/command-not-possible' });
  });

  test('are refused for an unknown campaign and for an unknown field', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    expect((await api.send(`campaigns/${randomUUID()}/pause`, { json: {} })).status).toBe(404);
    const answer = await api.send(`campaigns/${campaignId}/pause`, { json: { why: 'x' } });
    expect(answer.body).toMatchObject({ status: 422, errors: [{ pointer: '/why' }] });
  });

  test('are refused while Temporal is away, with when to try again', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    const away = await TestApi.create({
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      DATABASE_URL: api.config.database.url,
    });
    try {
      const answer = await away.send(`campaigns/${campaignId}/pause`, { json: {} });
      expect(answer.body).toMatchObject({ status: 503, type: '/problems/temporal-unavailable' });
      expect(answer.headers.get('retry-after')).toBe('5');
    } finally {
      await away.close();
    }
  });
});
