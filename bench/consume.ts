/**
 * How fast one consumers process turns orders on Kafka into committed terminals of campaigns, against a bare kafkajs
 * consumer that only parses the same messages; and how long an order is on its way at a steady rate.
 */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Partitioners, type Message, type Producer } from 'kafkajs';
import type { Config } from '../config.ts';
import { createPool, type Pool } from '../db/pool.ts';
import { createKafka } from '../events/kafka.ts';
import { topicName } from '../events/topics.ts';
import { percentile, positive, prepareBench, progress } from './boundary.ts';
import { withServers } from './support.ts';

const CONSUMERS = fileURLToPath(new URL('../workers/consumers.ts', import.meta.url));
const SOURCE = '/bench';
/** Terminals of the fleet; one more campaign for every so many orders. */
const FLEET = 10_000;
const BATCH = 1_000;
const POLL_MS = 10;

interface Bench {
  config: Config;
  db: Pool;
  topic: string;
  terminals: string[];
  producer: Producer;
}

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      events: { type: 'string', default: '50000' },
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '15' },
    },
  });
  const [events, rate, seconds] = [positive(values.events), positive(values.rate), positive(values.seconds)];
  return withServers(async (configured) => {
    const { config, discard } = await prepareBench(configured);
    const db = createPool(config.database, 'bench');
    const producer = createKafka(config.kafka, 'bench').producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    try {
      await producer.connect();
      const topic = topicName(config, 'tpe.update.command');
      const bench = { config, db, topic, terminals: await loadFleet(db), producer };
      return { events, ...(await measure(bench, events)), rate, ...(await steady(bench, rate, seconds)) };
    } finally {
      await producer.disconnect();
      await db.end();
      await discard();
    }
  }, true);
}

async function measure(bench: Bench, events: number): Promise<Record<string, unknown>> {
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
  const consumers = await startConsumers(bench);
  const drained = await drain(consumers, events);
  await untilCounted(bench.db);
  const memoryMb = { ...drained.memoryMb, counted: (await consumers.metrics()).memoryMb };
  await consumers.stop();
  const { rows } = await bench.db.query<{ count: number }>(
    'SELECT count(*)::integer AS count FROM campaign_tpe',
  );
  if (rows[0]?.count !== events) throw new Error(`${rows[0]?.count} terminals came of ${events} orders.`);
  progress(`  ${Math.round(drained.eventsPerSecond)} orders/s`);
  return {
    eventsPerSecond: Math.round(drained.eventsPerSecond),
    baselineEventsPerSecond: Math.round(baseline),
    ratio: Number((drained.eventsPerSecond / baseline).toFixed(2)),
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

function order({ terminals }: Bench, campaigns: readonly string[], index: number): Message {
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

async function send({ producer, topic }: Bench, messages: Message[]): Promise<void> {
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

interface ConsumersUnderTest {
  metrics(): Promise<{ handled: number; memoryMb: number }>;
  stop(): Promise<void>;
}

async function startConsumers({ config }: Bench): Promise<ConsumersUnderTest> {
  const child = fork(CONSUMERS, {
    silent: true,
    env: {
      ...process.env,
      DATABASE_URL: config.database.url,
      KAFKA_BROKERS: config.kafka.brokers.join(),
      KAFKA_TOPIC_PREFIX: config.kafka.topicPrefix,
      TEMPORAL_ADDRESS: config.temporal.address,
      ORDER_SOURCES: SOURCE,
      WORKER_PORT: '0',
      LOG_LEVEL: 'info',
    },
  });
  child.stderr?.pipe(process.stderr);
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('The consumers have ended before they ran.')));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const logged = JSON.parse(line) as { url?: string; level: string; msg: string };
      if (logged.url) resolve(logged.url);
      if (logged.level !== 'info') progress(`  consumers: ${logged.level}: ${logged.msg}`);
    });
  });
  return {
    async metrics() {
      const text = await (await fetch(`${url}/metrics`)).text();
      const handled = text.matchAll(/^kafka_consumer_messages_total\{.*outcome="handled".*\} (.+)$/gm);
      return {
        handled: [...handled].reduce((sum, [, value]) => sum + Number(value), 0),
        memoryMb: Math.round(
          Number(/^process_resident_memory_bytes (.+)$/m.exec(text)?.[1] ?? 0) / 1024 / 1024,
        ),
      };
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

interface Drained {
  eventsPerSecond: number;
  /** Resident, after a tenth, in the middle and at the end. */
  memoryMb: { begin: number; middle: number; end: number };
}

async function drain(consumers: ConsumersUnderTest, events: number): Promise<Drained> {
  let first: { at: number; handled: number } | undefined;
  const memoryMb = { begin: 0, middle: 0, end: 0 };
  for (;;) {
    const { handled, memoryMb: now } = await consumers.metrics();
    const at = performance.now();
    if (handled > 0) first ??= { at, handled };
    if (handled < events / 5) memoryMb.begin = now;
    if (handled < events / 2) memoryMb.middle = now;
    memoryMb.end = now;
    if (first && handled >= events) {
      const perSecond = ((handled - first.handled) / (at - first.at)) * 1_000;
      if (!Number.isFinite(perSecond)) throw new Error('Too few events to measure: give a larger --events.');
      return { eventsPerSecond: perSecond, memoryMb };
    }
    await sleep(100);
  }
}

/** From before an order is sent until its terminal is seen committed, looked for every 10 ms. */
async function steady(bench: Bench, rate: number, seconds: number): Promise<Record<string, number>> {
  progress(`consumers: ${rate} orders/s for ${seconds} s, from before the send to the commit`);
  const consumers = await startConsumers(bench);
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
