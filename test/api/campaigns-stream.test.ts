import { EventSource } from 'eventsource';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { liveCampaigns } from '../../api/schemas/campaign.ts';
import { TestApi, until, type Json } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(() => api.clear());
afterAll(() => api.close());

interface Received {
  event: string;
  campaigns: Json[];
}

function listen(): { received: Received[]; source: EventSource } {
  const source = new EventSource(`${api.url}/api/v1/campaigns/stream`);
  const received: Received[] = [];
  for (const event of ['open', 'change']) {
    source.addEventListener(event, (message) => {
      // "open" is also what the connection itself tells, without data.
      if (!('data' in message)) return;
      received.push({ event, campaigns: liveCampaigns.parse(JSON.parse(message.data)).campaigns });
    });
  }
  return { received, source };
}

/** Campaigns over one model each, and so without terminals in common. */
async function campaignOver(model: string, terminals: number): Promise<string> {
  await api.fleet(Array.from({ length: terminals }, () => ({ model })));
  return api.campaign({ filter: { model } });
}

/** A terminal's change as the platform writes it: with its event, in one transaction. */
async function settle(campaignId: string, status: string): Promise<void> {
  await api.pool.query(
    `WITH one AS (SELECT tpe_id FROM campaign_tpe WHERE campaign_id = $1 AND status = 'PENDING' LIMIT 1),
          told AS (INSERT INTO event (type, campaign_id, tpe_id, actor) SELECT 'tpe.test', $1, tpe_id, 'test' FROM one)
     UPDATE campaign_tpe SET status = $2 FROM one WHERE campaign_id = $1 AND campaign_tpe.tpe_id = one.tpe_id`,
    [campaignId, status],
  );
}

const setStatus = (campaignId: string, status: string): Promise<unknown> =>
  api.pool.query('UPDATE campaign SET status = $2 WHERE campaign_id = $1', [campaignId, status]);

describe('the stream of all campaigns', () => {
  test('begins with those that have not ended, then has what changes, and each end', async () => {
    const [ended, running] = [await campaignOver('A', 1), await campaignOver('B', 3)];
    await setStatus(ended, 'COMPLETED');
    const { received, source } = listen();
    await until(() => received.length === 1);
    expect(received[0]).toMatchObject({
      event: 'open',
      campaigns: [{ campaignId: running, status: 'SCHEDULED', counts: { PENDING: 3 }, failurePercent: null }],
    });

    await settle(running, 'SUCCESS');
    await until(() => received.at(-1)?.campaigns[0].final === 1);
    await settle(running, 'TIMEOUT');
    await until(() => received.at(-1)?.campaigns[0].final === 2);
    expect(received.at(-1)).toMatchObject({
      event: 'change',
      campaigns: [
        { campaignId: running, counts: { PENDING: 1, SUCCESS: 1, TIMEOUT: 1 }, failurePercent: 50 },
      ],
    });

    const created = await campaignOver('C', 1);
    await until(() => received.at(-1)?.campaigns[0].campaignId === created);
    await setStatus(running, 'ABORTED');
    await until(() => received.at(-1)?.campaigns[0].status === 'ABORTED');
    expect(received.at(-1)?.campaigns).toMatchObject([{ campaignId: running, counts: { PENDING: 1 } }]);
    source.close();
    await until(() => api.campaigns.listeners === 0);
  });

  test('misses no change of a transaction that was open during a look', async () => {
    const campaignId = await campaignOver('A', 2);
    const { received, source } = listen();
    await until(() => received.length === 1);
    const slow = await api.pool.connect();
    try {
      await slow.query('BEGIN');
      await slow.query(`INSERT INTO event (type, campaign_id, actor) VALUES ('tpe.test', $1, 'test')`, [
        campaignId,
      ]);
      await slow.query(
        `UPDATE campaign_tpe SET status = 'SUCCESS' WHERE (campaign_id, tpe_id) IN
           (SELECT campaign_id, tpe_id FROM campaign_tpe WHERE campaign_id = $1 AND status = 'PENDING' LIMIT 1)`,
        [campaignId],
      );
      // A later one is seen first, and with it a look that does not see the slow one.
      await api.pool.query(`UPDATE campaign SET name = 'seen' WHERE campaign_id = $1`, [campaignId]);
      await until(() => received.at(-1)?.campaigns[0].name === 'seen');
      await slow.query('COMMIT');
    } finally {
      slow.release();
    }
    await until(() => received.at(-1)?.campaigns[0].counts.SUCCESS === 1);
    source.close();
  });

  test('has what a campaign waits for, and who has paused it and why', async () => {
    const campaignId = await campaignOver('A', 1);
    const { received, source } = listen();
    await until(() => received.length === 1);
    await api.pool.query(
      `UPDATE campaign SET status = 'PAUSED', waiting_for = '{"what": "a decision", "until": null}',
         last_command = '{"command": "pause", "by": "anna", "reason": "storm", "at": "2026-11-27T10:00:00.000Z"}'
       WHERE campaign_id = $1`,
      [campaignId],
    );
    await until(() => received.length === 2);
    expect(received[1]?.campaigns[0]).toMatchObject({
      status: 'PAUSED',
      waitingFor: { what: 'a decision' },
      lastCommand: { by: 'anna', reason: 'storm' },
    });
    source.close();
  });

  test('gives whoever comes later the state as it is then', async () => {
    const campaignId = await campaignOver('A', 2);
    const first = listen();
    await until(() => first.received.length === 1);
    await settle(campaignId, 'FAILED');
    await until(() => first.received.length === 2);
    const second = listen();
    await until(() => second.received.length === 1);
    expect(second.received[0]).toMatchObject({
      event: 'open',
      campaigns: [{ campaignId, counts: { PENDING: 1, FAILED: 1 }, failurePercent: 100 }],
    });
    expect(first.received.filter(({ event }) => event === 'open')).toHaveLength(1);
    for (const { source } of [first, second]) source.close();
  });

  test('goes on after the database was away', async () => {
    const campaignId = await campaignOver('A', 1);
    const { received, source } = listen();
    await until(() => received.length === 1);
    await api.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await settle(campaignId, 'SUCCESS');
    await until(() => received.at(-1)?.campaigns[0].final === 1);
    source.close();
  });
});
