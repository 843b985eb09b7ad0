import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../config.ts';
import { claimUntold, takeOrders } from '../../db/orders.ts';
import type { ConsumedMessage, Verdict } from '../../events/consumer.ts';
import { createOrderHandler, type OrderHandler } from '../../events/orders.ts';
import { createLogger } from '../../observability/logger.ts';
import { Rig } from './rig.ts';

const SOURCE = '/erp';
const TARGET = '4.2.0';

let rig: Rig;
let handler: OrderHandler;
/** `start <id>` and `signal <id>`, as Temporal was asked. */
let told: string[];
const [free, busy, there, foreign] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];

beforeAll(async () => {
  rig = await Rig.create();
  await rig.db.query(
    `INSERT INTO tpe (tpe_id, id_tms, tms, site, model, version_courante)
     VALUES ($1, 'A-1', 'alpha', 'Lyon', 'A920', '4.1.0'), ($2, 'A-2', 'alpha', 'Lyon', 'A920', '4.1.0'),
            ($3, 'A-3', 'alpha', 'Lyon', 'A920', '4.2.0'), ($4, 'X-1', 'strange', 'Lyon', 'A920', '4.1.0')`,
    [free, busy, there, foreign],
  );
  const config = loadConfig({ ORDER_SOURCES: `${SOURCE}, /other`, ORDER_KEEP_OPEN_SECONDS: '60' });
  handler = createOrderHandler({
    config: { ...config, ...rig.config },
    pool: rig.db,
    client: recordingClient(),
    logger: createLogger({ logLevel: 'silent' }, 'test'),
  });
});
beforeEach(async () => {
  told = [];
  await rig.db.query('TRUNCATE campaign_tpe, campaign_wave, campaign, inbox, outbox');
});
afterAll(() => rig.close());

function recordingClient(): Client {
  const workflow = {
    start: async (_type: string, { workflowId }: { workflowId: string }) =>
      void told.push(`start ${workflowId}`),
    getHandle: (workflowId: string) => ({
      signal: async () => void told.push(`signal ${workflowId}`),
    }),
  };
  const withDeadline = (_until: number, call: () => Promise<unknown>): Promise<unknown> => call();
  return { workflow, withDeadline } as unknown as Client;
}

interface Fields {
  campaignId?: string;
  tpeId?: string;
  eventId?: string;
  source?: string;
  type?: string;
  key?: string;
  data?: object;
  value?: string | null;
}

function message(fields: Fields = {}): ConsumedMessage {
  const { campaignId = randomUUID(), tpeId = free, eventId = randomUUID(), source = SOURCE } = fields;
  const data = { campaignId, tpeId, targetVersion: TARGET, requestedBy: 'ana', ...fields.data };
  const value = fields.value === undefined ? JSON.stringify(data) : fields.value;
  return {
    topic: 'tpe.update.command',
    partition: 0,
    offset: '0',
    timestamp: String(Date.now()),
    key: Buffer.from(fields.key ?? `${campaignId}|${tpeId}`),
    value: value === null ? null : Buffer.from(value),
    headers: {
      ce_specversion: '1.0',
      ce_id: eventId,
      ce_source: source,
      ce_type: fields.type ?? 'tpe.update.ordered',
      ce_time: '2026-11-25T08:00:00Z',
      ce_correlationid: 'order-77',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'content-type': 'application/json',
    },
  };
}

/** Handles them, and waits until Temporal has been told. */
async function handle(messages: readonly ConsumedMessage[]): Promise<readonly Verdict[]> {
  const verdicts = await handler.handle(messages);
  await handler.tellCampaigns();
  return verdicts;
}

function codes(verdicts: readonly Verdict[]): (string | undefined)[] {
  return verdicts.map(({ dead }) => dead?.code);
}

async function rows(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  return (await rig.db.query<Record<string, unknown>>(sql, values)).rows;
}

describe('an order', () => {
  it('makes a campaign with its terminal, which is announced and kept under the ids of the order', async () => {
    const campaignId = randomUUID();
    expect(codes(await handle([message({ campaignId })]))).toEqual([undefined]);
    expect(told).toEqual([`start campaign-${campaignId}`]);
    expect(await rows('SELECT status, total, keep_open_seconds, created_by FROM campaign')).toEqual([
      { status: 'SCHEDULED', total: 1, keep_open_seconds: 60, created_by: 'ana' },
    ]);
    expect(await rows('SELECT tpe_id, status, order_correlation_id FROM campaign_tpe')).toEqual([
      { tpe_id: free, status: 'PENDING', order_correlation_id: 'order-77' },
    ]);
    expect(
      await rows(
        'SELECT type, actor, correlation_id, data->>\'to\' AS "to" FROM event WHERE campaign_id = $1 ORDER BY seq',
        [campaignId],
      ),
    ).toEqual([
      { type: 'campaign.created', actor: 'ana', correlation_id: 'order-77', to: null },
      { type: 'tpe.ordered', actor: 'ana', correlation_id: 'order-77', to: 'PENDING' },
    ]);
    expect(await rows(`SELECT key, data->>'status' AS status, headers FROM outbox`)).toEqual([
      {
        key: `${campaignId}|${free}`,
        status: 'PENDING',
        headers: { ce_sequence: '0', ce_status: 'PENDING' },
      },
    ]);
  });

  it('joins the campaign that an order before it has made', async () => {
    const campaignId = randomUUID();
    await handle([message({ campaignId })]);
    expect(codes(await handle([message({ campaignId, tpeId: busy })]))).toEqual([undefined]);
    expect(told).toEqual([`start campaign-${campaignId}`, `signal campaign-${campaignId}`]);
    expect(await rows('SELECT total FROM campaign')).toEqual([{ total: 2 }]);
    expect(await rows('SELECT total FROM campaign_wave')).toEqual([{ total: 2 }]);
    expect(await rows('SELECT ordinal FROM campaign_tpe ORDER BY ordinal')).toEqual([
      { ordinal: 0 },
      { ordinal: 1 },
    ]);
  });

  it('changes nothing when it comes again, by its id or by its key, alone or in one batch', async () => {
    const campaignId = randomUUID();
    const order = message({ campaignId });
    await handle([order, order, message({ campaignId })]);
    const before = await rows('SELECT * FROM campaign_tpe');
    expect(await handle([order, message({ campaignId })])).toEqual([{ repeated: true }, { repeated: true }]);
    expect(await rows('SELECT * FROM campaign_tpe')).toEqual(before);
    expect(await rows('SELECT count(*)::integer AS count FROM outbox')).toEqual([{ count: 1 }]);
    expect(told).toEqual([`start campaign-${campaignId}`]);
  });

  it('has one effect when ten consumers have it at once', async () => {
    const campaignId = randomUUID();
    const orders = [message({ campaignId }), message({ campaignId, tpeId: busy })];
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, n) => handle(n % 2 ? orders : orders.toReversed())),
    );
    expect(all.flatMap(codes)).toEqual(Array.from({ length: 20 }, () => undefined));
    expect(await rows('SELECT total FROM campaign')).toEqual([{ total: 2 }]);
    expect(await rows('SELECT count(*)::integer AS count FROM campaign_tpe')).toEqual([{ count: 2 }]);
  });

  it('for a terminal that needs no update, or has another one under way, is SKIPPED and says so', async () => {
    await handle([message({ tpeId: busy })]);
    const campaignId = randomUUID();
    await handle([message({ campaignId, tpeId: there }), message({ campaignId, tpeId: busy })]);
    const skipped = await rows('SELECT tpe_id, status, reason FROM campaign_tpe WHERE campaign_id = $1', [
      campaignId,
    ]);
    expect(skipped).toHaveLength(2);
    expect(skipped).toContainEqual({ tpe_id: there, status: 'SKIPPED', reason: 'already-there' });
    expect(skipped).toContainEqual({ tpe_id: busy, status: 'SKIPPED', reason: 'in-another-campaign' });
    const announced = await rows(`SELECT data->>'reason' AS reason FROM outbox WHERE headers ? 'ce_final'`);
    expect(announced).toHaveLength(2);
  });

  it('that takes its campaign for itself keeps others out', async () => {
    const campaignId = randomUUID();
    const verdicts = await handle([
      message({ campaignId, data: { joinable: false } }),
      message({ campaignId, tpeId: busy }),
    ]);
    expect(codes(verdicts)).toEqual([undefined, 'CAMPAIGN_NOT_JOINABLE']);
    expect(await rows('SELECT total FROM campaign')).toEqual([{ total: 1 }]);
  });
});

describe('an order that can not be taken', () => {
  it.each<[string, Fields, boolean]>([
    ['UNKNOWN_TERMINAL', { tpeId: randomUUID() }, true],
    ['TMS_NOT_CONFIGURED', { tpeId: foreign }, false],
    ['UNAUTHORISED_SOURCE', { source: '/stranger' }, false],
    ['INVALID_MESSAGE', { key: 'other' }, false],
    ['INVALID_MESSAGE', { type: 'tpe.update.wished' }, false],
    ['INVALID_MESSAGE', { value: '{' }, false],
    ['INVALID_MESSAGE', { value: null }, false],
    ['INVALID_MESSAGE', { data: { targetVersion: 42 } }, false],
    ['INVALID_MESSAGE', { campaignId: 'not-a-uuid' }, false],
    ['INVALID_MESSAGE', { eventId: 'x'.repeat(3_000) }, false],
    ['INVALID_MESSAGE', { data: { name: 'for 4111 1111 1111 1111' } }, false],
    ['UNKNOWN_TEMPLATE', { data: { policyTemplate: { name: 'nowhere' } } }, false],
  ])('is refused as %s, and leaves nothing behind', async (code, fields, retriable) => {
    const verdicts = await handle([message(fields), message()]);
    expect(verdicts[0]?.dead).toMatchObject({ code, retriable });
    expect(verdicts[0]?.dead?.message.length).toBeGreaterThan(20);
    expect(codes(verdicts)).toEqual([code, undefined]);
    expect(await rows('SELECT count(*)::integer AS count FROM campaign')).toEqual([{ count: 1 }]);
    expect(await rows('SELECT count(*)::integer AS count FROM inbox')).toEqual([{ count: 1 }]);
  });

  it('because its campaign is for another version may come again for the right one, under the same id', async () => {
    const campaignId = randomUUID();
    await handle([message({ campaignId })]);
    const eventId = randomUUID();
    const wrong = message({ campaignId, tpeId: busy, eventId, data: { targetVersion: '5.0.0' } });
    expect(codes(await handle([wrong]))).toEqual(['OTHER_VERSION']);
    expect(codes(await handle([message({ campaignId, tpeId: busy, eventId })]))).toEqual([undefined]);
    expect(await rows('SELECT total FROM campaign')).toEqual([{ total: 2 }]);
  });

  it.each([
    ['CAMPAIGN_CLOSED', `UPDATE campaign SET orders_closed_at = now()`],
    ['CAMPAIGN_CLOSED', `UPDATE campaign SET status = 'CANCELLING'`],
    ['CAMPAIGN_NOT_JOINABLE', `UPDATE campaign SET keep_open_seconds = NULL`],
  ])('because of its campaign is %s; a repetition of one that was taken is not', async (code, change) => {
    const campaignId = randomUUID();
    const first = message({ campaignId });
    await handle([first]);
    await rig.db.query(change);
    const verdicts = await handle([first, message({ campaignId }), message({ campaignId, tpeId: busy })]);
    expect(codes(verdicts)).toEqual([undefined, undefined, code]);
  });
});

it('an order that was lost on its way to the campaign is found, once', async () => {
  await handle([message()]);
  await rig.db.query(`UPDATE campaign SET opened_at = now() - interval '1 hour', status = 'RUNNING'`);
  expect(await claimUntold(rig.db)).toEqual([]);
  await rig.db.query(`UPDATE campaign SET ordered_at = now() - interval '2 minutes'`);
  expect(await claimUntold(rig.db)).toHaveLength(1);
  expect(await claimUntold(rig.db)).toEqual([]);
});

it('a campaign is given what it has not taken yet, and closed only when that is nothing', async () => {
  const campaignId = randomUUID();
  await handle([message({ campaignId }), message({ campaignId, tpeId: busy })]);
  expect(await takeOrders(rig.db, campaignId, { alpha: 1 }, 'if-none')).toEqual({
    lanes: [{ tms: 'alpha', from: 1, to: 2 }],
    closed: false,
  });
  expect(await takeOrders(rig.db, campaignId, { alpha: 2 }, 'if-none')).toEqual({ lanes: [], closed: true });
  expect(codes(await handle([message({ campaignId, tpeId: there })]))).toEqual(['CAMPAIGN_CLOSED']);
});

it('what the platform has published itself is passed over', async () => {
  expect(await handle([message({ source: '/tpe-campaigns', type: 'tpe.update.commanded' })])).toEqual([{}]);
  expect(await rows('SELECT count(*)::integer AS count FROM campaign')).toEqual([{ count: 0 }]);
  expect(told).toEqual([]);
});
