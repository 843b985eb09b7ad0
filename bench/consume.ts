/**
 * How fast one consumers process turns orders on Kafka into committed terminals of campaigns, against a bare kafkajs
 * consumer that only parses the same messages; and how long an order is on its way at a steady rate.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners, type Message, type Producer } from 'kafkajs';
import type { Pool } from '../db/pool.ts';
import { createKafka } from '../events/kafka.ts';
import {
  type Bench,
  comparedWith,
  type MeasuredWorker,
  percentile,
  progress,
  readOptions,
  startMeasured,
  throughput,
  withBench,
} from './boundary.ts';
import { withServers } from './support.ts';

const SOURCE = '/bench';
/** Terminals of the fleet; one more campaign for every so many orders. */
const FLEET = 10_000;
const BATCH = 1_000;
const POLL_MS = 10;

interface OrderBench extends Bench {
  terminals: string[];
  producer: Producer;
}

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { events, rate, seconds } = readOptions(args);
  return withServers(
    (configured) =>
      withBench(configured, 'tpe.update.command', async (empty) => {
        const producer = createKafka(empty.config.kafka, 'bench').producer({
          createPartitioner: Partitioners.DefaultPartitioner,
        });
        await producer.connect();
        try {
          const bench = { ...empty, terminals: await loadFleet(empty.db), producer };
          return { events, ...(await measure(bench, events)), rate, ...(await steady(bench, rate, seconds)) };
        } finally {
          await producer.disconnect();
        }
      }),
    true,
  );
}

async function measure(bench: OrderBench, events: number): Promise<Record<string, unknown>> {
  progress(`${events} orders onto the topic`);
  const campaigns = Array.from({ length: Math.ceil(events / FLEET) }, () => randomUUID());
  for (let at = 0; at < events; at += BATCH) {
    await send(
      bench,
      Array.from({ length: Math.min(BATCH, events - at) }, (_, n) => order(bench, campaigns, at + n)),
    );
  }
  progress('bare consumer: the same messages, parsed');
  const baseline = await bareConsumer(bench, events);
  progress(`  ${Math.round(baseline)} messages/s`);
  progress('consumers: from the topic to committed terminals');
  const consumers = await startMeasured('consumers', bench.config, { ORDER_SOURCES: SOURCE });
  const drained = await throughput(consumers, events, () => handledBy(consumers));
  await untilCounted(bench.db);
  const memoryMb = { ...drained.memoryMb, counted: await consumers.memoryMb() };
  await consumers.stop();
  const { rows } = await bench.db.query<{ count: number }>(
    'SELECT count(*)::integer AS count FROM campaign_tpe',
  );
  if (rows[0]?.count !== events) throw new Error(`${rows[0]?.count} terminals came of ${events} orders.`);
  progress(`  ${Math.round(drained.eventsPerSecond)} orders/s`);
  return {
    ...comparedWith(baseline, drained.eventsPerSecond),
    memoryMb,
  };
}

async function loadFleet(db: Pool): Promise<string[]> {
  const { rows } = await db.query<{ tpe_id: string }>(
    `INSERT INTO tpe (tpe_id, id_tms, tms, site, model, version_courante)
     SELECT gen_random_uuid(), 'A-' || n, 'alpha', 'site-' || n % 500, 'A920', '4.1.0'
     FROM generate_series(1, ${FLEET}) AS n RETURNING tpe_id`,
  );
  return rows.map(({ tpe_id }) => tpe_id);
}

function order({ terminals }: OrderBench, campaigns: readonly string[], index: number): Message {
  const tpeId = terminals[index % FLEET] as string;
  const campaignId = campaigns[Math.floor(index / FLEET)] as string;
  return {
    key: `${campaignId}|${tpeId}`,
    value: JSON.stringify({ campaignId, tpeId, targetVersion: '4.2.0', requestedBy: 'bench' }),
    headers: {
      ce_specversion: '1.0',
      ce_id: randomUUID(),
      ce_source: SOURCE,
      ce_type: 'tpe.update.ordered',
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
    },
  };
}

async function send({ producer, topic }: OrderBench, messages: Message[]): Promise<void> {
  await producer.send({ topic, acks: -1, messages });
}

/** @returns messages per second, from the first batch to the last */
async function bareConsumer({ config, topic }: Bench, events: number): Promise<number> {
  const consumer = createKafka(config.kafka, 'bench').consumer({ groupId: `bench-${randomUUID()}` });
  const done = Promise.withResolvers<number>();
  let seen = 0;
  let first: { at: number; seen: number } | undefined;
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: ({ batch }) => {
      for (const { value } of batch.messages) JSON.parse(String(value));
      seen += batch.messages.length;
      const at = performance.now();
      first ??= { at, seen };
      if (seen >= events) done.resolve(((seen - first.seen) / (at - first.at)) * 1_000);
      return Promise.resolve();
    },
  });
  const perSecond = await done.promise;
  await consumer.disconnect();
  if (!Number.isFinite(perSecond)) throw new Error('Too few events to measure: give a larger --events.');
  return perSecond;
}

function handledBy(consumers: MeasuredWorker): Promise<number> {
  return consumers.count('kafka_consumer_messages_total', 'outcome="handled"');
}

/** From before an order is sent until its terminal is seen committed, looked for every 10 ms. */
async function steady(bench: OrderBench, rate: number, seconds: number): Promise<Record<string, number>> {
  progress(`consumers: ${rate} orders/s for ${seconds} s, from before the send to the commit`);
  const consumers = await startMeasured('consumers', bench.config, { ORDER_SOURCES: SOURCE });
  const campaigns = Array.from({ length: Math.ceil((rate * seconds) / FLEET) + 1 }, () => randomUUID());
  // The group takes a moment to be shared out, and its first campaign to be made.
  await send(bench, [order(bench, campaigns, 0)]);
  await waitForKey(bench.db, campaigns[0] as string);
  const total = rate * seconds;
  const sentAt = new Map<string, number>();
  const delays: number[] = [];
  const begun = Date.now();
  const watching = watch(bench.db, sentAt, delays, total);
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((Date.now() - begun) / 1_000) * rate));
    if (due === sent) await sleep(5);
    const messages = Array.from({ length: due - sent }, (_, n) => order(bench, campaigns, 1 + sent + n));
    const now = Date.now();
    for (const { key } of messages) sentAt.set(String(key), now);
    if (messages.length > 0) await send(bench, messages);
    sent = due;
  }
  await watching;
  await consumers.stop();
  const figures = { p50Ms: percentile(delays, 0.5), p99Ms: percentile(delays, 0.99) };
  progress(`  p50 ${figures.p50Ms} ms, p99 ${figures.p99Ms} ms`);
  return figures;
}

/** The same process seals and counts what the orders have led to; it must not be at that while latency is measured. */
async function untilCounted(db: Pool): Promise<void> {
  for (;;) {
    const { rows } = await db.query<{ done: boolean }>(
      `SELECT (SELECT position FROM projection.checkpoint) = (SELECT count(*) FROM event) AS done`,
    );
    if (rows[0]?.done) return;
    await sleep(500);
  }
}

async function waitForKey(db: Pool, campaignId: string): Promise<void> {
  for (;;) {
    const { rowCount } = await db.query('SELECT FROM campaign_tpe WHERE campaign_id = $1', [campaignId]);
    if (rowCount) return;
    await sleep(100);
  }
}

async function watch(
  db: Pool,
  sentAt: ReadonlyMap<string, number>,
  delays: number[],
  total: number,
): Promise<void> {
  const seen = new Set<string>();
  while (delays.length < total) {
    const { rows } = await db.query<{ key: string }>(
      `SELECT campaign_id || '|' || tpe_id AS key FROM event
       WHERE occurred_at > now() - interval '3 seconds' AND tpe_id IS NOT NULL`,
    );
    const now = Date.now();
    for (const { key } of rows) {
      const sent = sentAt.get(key);
      if (sent === undefined || seen.has(key)) continue;
      seen.add(key);
      delays.push(now - sent);
    }
    await sleep(POLL_MS);
  }
}
