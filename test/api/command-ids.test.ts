/** The ids of a command: those of its own request, all the way to the event that records it. */
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createCampaignActivities } from '../../activities/campaign.ts';
import { createRecorder } from '../../activities/recorder.ts';
import type { CampaignActivities } from '../../activities/types.ts';
import { findUnstarted } from '../../db/campaign-run.ts';
import { loadWorkflowBundle } from '../../workers/workflow-bundle.ts';
import { createLogger } from '../../observability/logger.ts';
import { pauseSignal } from '../../workflows/messages.ts';
import { CAMPAIGN_TASK_QUEUE, campaignWorkflowId } from '../../workflows/names.ts';
import { TestApi, until, type Json } from './test-api.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const CAMPAIGN_TRACE = '00-1af7651916cd43dd8448eb211c80319c-a7ad6b7169203331-01';

let api: TestApi;
let activities: CampaignActivities;
beforeAll(async () => {
  api = await TestApi.create();
  const context = { topicPrefix: 'test.', actor: 'platform' };
  activities = createCampaignActivities({
    pool: api.pool,
    client: api.temporal,
    recorder: createRecorder(api.pool, context),
    context,
    tmsNames: ['alpha'],
    defaultZone: 'UTC',
  });
});
beforeEach(async () => {
  await api.clear();
  await api.pool.query('TRUNCATE campaign_wave');
});
afterAll(() => api.close());

/** A campaign that was asked for under ids of its own. */
async function campaign(): Promise<string> {
  await api.fleet([{}]);
  const request = { targetVersion: '9.0.0', targets: { all: true } };
  const headers = { 'x-correlation-id': 'of-the-campaign', traceparent: CAMPAIGN_TRACE };
  return (await api.create(request, headers)).body.campaignId;
}

const eventsOf = (campaignId: string, type: string): Promise<Json[]> =>
  api.rows(
    `SELECT actor, correlation_id AS id, traceparent FROM event WHERE campaign_id = $1 AND type = $2 ORDER BY seq`,
    [campaignId, type],
  );

/** Runs campaigns, by their real workflow and activities; terminals are never asked for. */
async function whileCampaignsRun(work: () => Promise<void>): Promise<void> {
  const { address, namespace } = api.config.temporal;
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: CAMPAIGN_TASK_QUEUE,
    workflowBundle: await loadWorkflowBundle(createLogger({ logLevel: 'silent' }, 'test')),
    activities,
  });
  await worker.runUntil(work);
  await connection.close();
}

describe('a command', () => {
  test('is recorded under the ids of its own request, one without any under those of the campaign', async () => {
    const campaignId = await campaign();
    await whileCampaignsRun(async () => {
      const headers = { 'x-correlation-id': 'of-the-pause', traceparent: TRACE };
      await api.send(`campaigns/${campaignId}/pause`, { json: { by: 'ops' }, headers });
      const [paused] = await until(async () => {
        const events = await eventsOf(campaignId, 'campaign.paused');
        return events.length > 0 && events;
      });
      expect(paused).toEqual({ actor: 'ops', id: 'of-the-pause', traceparent: TRACE });

      await api.send(`campaigns/${campaignId}/resume`, {
        method: 'POST',
        headers: { 'x-correlation-id': 'of-the-resume' },
      });
      const [resumed] = await until(async () => {
        const events = await eventsOf(campaignId, 'campaign.resumed');
        return events.length > 0 && events;
      });
      expect(resumed).toEqual({ actor: 'api', id: 'of-the-resume', traceparent: CAMPAIGN_TRACE });

      // By the Temporal CLI, bare.
      const handle = api.temporal.workflow.getHandle(campaignWorkflowId(campaignId));
      await handle.signal(pauseSignal);
      const bare = await until(async () => (await eventsOf(campaignId, 'campaign.paused'))[1]);
      expect(bare).toEqual({ actor: 'temporal', id: 'of-the-campaign', traceparent: CAMPAIGN_TRACE });
      await handle.terminate();
    });
    expect((await api.send(`campaigns/${campaignId}`)).body).toMatchObject({
      correlationId: 'of-the-campaign',
      lastCommand: { command: 'pause', by: 'temporal', reason: null },
    });
  });

  test('by the Temporal CLI that has a card number in it leaves none in the database', async () => {
    const campaignId = await campaign();
    await activities.recordDecision({
      campaignId,
      command: 'pause',
      by: 'ops 4111 1111 1111 1111',
      reason: 'password=hunter2',
      at: new Date().toISOString(),
      status: 'PAUSED',
      correlationId: '4111111111111111',
      traceparent: 'no trace',
    });
    expect(
      await api.rows(
        `SELECT actor, reason, correlation_id AS id, traceparent FROM event
         WHERE type = 'campaign.paused' AND campaign_id = $1`,
        [campaignId],
      ),
    ).toEqual([
      {
        actor: 'ops [card number removed]',
        reason: 'password=[secret removed]',
        id: 'of-the-campaign',
        traceparent: CAMPAIGN_TRACE,
      },
    ]);
  });
});

test('a change of the policy is recorded under the ids that it comes with', async () => {
  const campaignId = await campaign();
  const change = (stallSeconds: number, ids: object): Promise<void> =>
    activities.changePolicy({ campaignId, change: { stallSeconds }, by: 'ops', reason: null, ...ids });
  await change(60, { correlationId: 'of-the-change', traceparent: TRACE });
  await change(90, {});
  expect(await eventsOf(campaignId, 'campaign.policy-changed')).toEqual([
    { actor: 'ops', id: 'of-the-change', traceparent: TRACE },
    { actor: 'ops', id: 'of-the-campaign', traceparent: CAMPAIGN_TRACE },
  ]);
});

test('the correlation id of a campaign is seen in Temporal, also where its start was made up for', async () => {
  const campaignId = await campaign();
  const memoOf = async (id: string): Promise<unknown> =>
    (await api.temporal.workflow.getHandle(campaignWorkflowId(id)).describe()).memo;
  expect(await memoOf(campaignId)).toEqual({ correlationId: 'of-the-campaign' });
  await api.pool.query(`UPDATE campaign SET created_at = now() - interval '1 minute'`);
  expect(await findUnstarted(api.pool, 5)).toMatchObject([{ campaignId, correlationId: 'of-the-campaign' }]);

  await api.clear();
  const away = await TestApi.create({
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    DATABASE_URL: api.config.database.url,
  });
  await api.fleet([{}]);
  const late = await away.create(
    { targetVersion: '9.0.0', targets: { all: true } },
    { 'x-correlation-id': 'late' },
  );
  await away.close();
  await api.send(`campaigns/${late.body.campaignId}/pause`, { json: {} });
  expect(await memoOf(late.body.campaignId)).toEqual({ correlationId: 'late' });
});
