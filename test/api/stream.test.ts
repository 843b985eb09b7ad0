import { EventSource } from 'eventsource';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestApi, until, type Json } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(() => api.clear());
afterAll(() => api.close());

interface Received {
  event: string;
  id: string;
  data: Json;
}

function listen(campaignId: string): { received: Received[]; source: EventSource } {
  const source = new EventSource(`${api.url}/api/v1/campaigns/${campaignId}/stream`);
  const received: Received[] = [];
  for (const event of ['progress', 'end']) {
    source.addEventListener(event, ({ data, lastEventId }) => {
      received.push({ event, id: lastEventId, data: JSON.parse(data) });
      if (event === 'end') source.close();
    });
  }
  return { received, source };
}

const settle = (campaignId: string, status: string): Promise<unknown> =>
  api.pool.query(
    `UPDATE campaign_tpe SET status = $2 WHERE (campaign_id, tpe_id) IN
     (SELECT campaign_id, tpe_id FROM campaign_tpe WHERE campaign_id = $1 AND status = 'PENDING' LIMIT 1)`,
    [campaignId, status],
  );

describe('the stream of a campaign', () => {
  test('tells the state at once, every change, and the end', async () => {
    await api.fleet([{}, {}]);
    const campaignId = await api.campaign();
    const { received } = listen(campaignId);
    await until(() => received.length === 1);
    expect(received[0]).toMatchObject({
      event: 'progress',
      data: { campaignId, status: 'SCHEDULED', counts: { PENDING: 2 }, total: 2, final: 0 },
    });

    await settle(campaignId, 'SUCCESS');
    await until(() => received.length === 2);
    expect(received[1]?.data).toMatchObject({ counts: { PENDING: 1, SUCCESS: 1 }, final: 1 });

    await settle(campaignId, 'FAILED');
    await api.pool.query(`UPDATE campaign SET status = 'COMPLETED' WHERE campaign_id = $1`, [campaignId]);
    await until(() => received.at(-1)?.event === 'end');
    expect(received.at(-1)?.data).toMatchObject({
      status: 'COMPLETED',
      counts: { SUCCESS: 1, FAILED: 1 },
      final: 2,
    });
    const ids = received.map(({ id }) => Number(id));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(ids.length);
    await until(() => api.progress.watched === 0);
  });

  test('of a campaign that has ended tells its state and ends', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    await api.pool.query(`UPDATE campaign SET status = 'CANCELLED' WHERE campaign_id = $1`, [campaignId]);
    const response = await fetch(`${api.url}/api/v1/campaigns/${campaignId}/stream`);
    const text = await response.text();
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(text.match(/^event: .*/gm)).toEqual(['event: progress', 'event: end']);
  });

  test('looks at the database once for all who listen, and not at all when all have gone', async () => {
    await api.fleet([{}]);
    const campaignId = await api.campaign();
    const listeners = Array.from({ length: 20 }, () => listen(campaignId));
    await until(() => listeners.every(({ received }) => received.length === 1));
    expect(api.progress.watched).toBe(1);
    for (const { source } of listeners) source.close();
    await until(() => api.progress.watched === 0);
  });
});
