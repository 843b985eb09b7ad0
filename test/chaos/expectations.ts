/** What must hold when everything has settled. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Config } from '../../config.ts';
import type { Pool } from '../../db/pool.ts';
import { EVENT_SOURCE } from '../../events/cloud-event.ts';
import { readTopic, type TopicRecord } from '../../events/consume.ts';
import type { CampaignMaker } from './campaign-maker.ts';
import type { OrderWriter } from './order-writer.ts';
import { untilDone } from '../support/persistence.ts';

interface Expected {
  orders: OrderWriter;
  campaigns: CampaignMaker;
  /** Ids of the terminals that were ordered. */
  terminals: number;
}

const READ = { timeoutMs: 120_000 };

/** Resolves once nothing is left on its way: the outbox is published, every event is sealed and counted. */
export async function untilSettled(db: Pool): Promise<void> {
  for (;;) {
    const { rows } = await untilDone(() =>
      db.query<{ settled: boolean }>(
        `SELECT NOT EXISTS (SELECT FROM outbox)
                AND (SELECT count(*) FROM event) = (SELECT position FROM event_chain_head)
                AND (SELECT position FROM event_chain_head) = (SELECT position FROM projection.checkpoint) AS settled`,
      ),
    );
    if (rows[0]?.settled) return;
    await sleep(200);
  }
}

export async function expectNothingLost(config: Config, db: Pool, expected: Expected): Promise<void> {
  // What was filled a moment ago, by a server that was restarted meanwhile, has no statistics: 10,000 terminals by 50,000 events.
  await db.query('ANALYZE event, campaign_tpe');
  await expectTerminals(db, expected);
  await expectStatuses(config, expected);
  await expectCommands(config, expected);
  expect(keysOf((await readTopic(config, 'tpe.version.snapshot', READ)).records)).toEqual(
    counted(expected.orders.keys.map((key) => key.split('|')[1] as string)),
  );
  await expectLetters(config, db, expected);
  await expectCampaigns(db, expected);
  await expectProjection(db);
}

/** Each order is one terminal of one campaign, with one event for each of its steps. */
async function expectTerminals(db: Pool, { orders }: Expected): Promise<void> {
  const { rows } = await db.query<{ key: string; status: string; types: string[] }>(
    `SELECT c.campaign_id || '|' || c.tpe_id AS key, c.status, e.types
     FROM campaign_tpe c
     LEFT JOIN (SELECT campaign_id, tpe_id, array_agg(type ORDER BY seq) AS types FROM event
                WHERE tpe_id IS NOT NULL GROUP BY campaign_id, tpe_id) AS e USING (campaign_id, tpe_id)
     WHERE c.status <> 'SKIPPED'`,
  );
  expect(counted(rows.map(({ key }) => key))).toEqual(counted(orders.keys));
  const steps = ['tpe.ordered', 'tpe.requested', 'tpe.installing', 'tpe.success'];
  expect(rows.filter(({ types }) => types.join() !== steps.join())).toEqual([]);
}

/** Each state of each key is there once, in its order, also for one who remembers nothing. */
async function expectStatuses(config: Config, { orders }: Expected): Promise<void> {
  const { records } = await readTopic(config, 'tpe.update.status', READ);
  const ordered = new Set(orders.keys);
  const sequences = new Map<string, string>();
  for (const { key, headers } of records) {
    if (ordered.has(key)) sequences.set(key, `${sequences.get(key) ?? ''} ${headers.ce_sequence}`);
  }
  expect(sequences.size).toBe(ordered.size);
  expect([...sequences].filter(([, sequence]) => sequence !== ' 0 1 2 3')).toEqual([]);
}

async function expectCommands(config: Config, { orders }: Expected): Promise<void> {
  const { records } = await readTopic(config, 'tpe.update.command', READ);
  const own = records.filter(({ headers }) => headers.ce_source === EVENT_SOURCE);
  expect(keysOf(own)).toEqual(counted(orders.keys));
}

/** Poison is put aside, and nothing else is. A consumer that was killed may have put it there twice; people see it once. */
async function expectLetters(config: Config, db: Pool, { orders }: Expected): Promise<void> {
  const { records } = await readTopic(config, 'tpe.events.dlq', READ);
  expect(new Set(records.map(({ headers }) => headers.ce_id))).toEqual(new Set(orders.poison));
  const ids = new Set(records.map(({ headers }) => headers.dlq_id));
  for (;;) {
    const { rows } = await db.query<{ id: string }>('SELECT dlq_id AS id FROM dead_letter');
    expect(rows.length).toBeLessThanOrEqual(ids.size);
    if (rows.length === ids.size) break;
    await sleep(200);
  }
}

/** Each request over HTTP, however often it was sent, has made one campaign. */
async function expectCampaigns(db: Pool, { campaigns, orders }: Expected): Promise<void> {
  for (const ids of campaigns.made.values()) expect(ids.size).toBe(1);
  const made = [...campaigns.made.values()].flatMap((ids) => [...ids]);
  const ordered = orders.keys.map((key) => key.split('|')[0] as string);
  const { rows } = await db.query<{ id: string }>('SELECT campaign_id AS id FROM campaign');
  expect(new Set(rows.map(({ id }) => id))).toEqual(new Set([...made, ...ordered]));
  const { rows: told } = await db.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM event WHERE type = 'campaign.created'`,
  );
  expect(told[0]?.count).toBe(rows.length);
}

/** What is counted from the events is what the terminals are. */
async function expectProjection(db: Pool): Promise<void> {
  const { rows } = await db.query(
    `SELECT campaign_id, wave, status, count(*) AS terminals FROM campaign_tpe GROUP BY campaign_id, wave, status
     EXCEPT SELECT campaign_id, wave, status, terminals FROM projection.terminal_status WHERE terminals > 0`,
  );
  expect(rows).toEqual([]);
}

function keysOf(records: readonly TopicRecord[]): Map<string, number> {
  return counted(records.map(({ key }) => key));
}

function counted(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values.toSorted()) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
