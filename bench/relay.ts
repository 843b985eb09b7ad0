/**
 * How fast one relay process brings committed outbox rows to Kafka, against a bare kafkajs producer that sends
 * the same messages from memory; and how long an event is on its way at a steady rate.
 */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { Partitioners } from 'kafkajs';
import type { Config } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import { createPool } from '../db/pool.ts';
import type { Pool } from '../db/pool.ts';
import { toKafkaMessage } from '../events/cloud-event.ts';
import { createKafka } from '../events/kafka.ts';
import { TOPIC_NAMES, ensureTopics, topicName } from '../events/topics.ts';
import { withServers } from './support.ts';

const RELAY = fileURLToPath(new URL('../workers/relay.ts', import.meta.url));
/** Messages per request of the bare producer: what a lane of the relay takes at most. */
const BATCH = 1_000;
/** Messages of the bare producer at most: they are all in memory. */
const BARE = 100_000;
const KEYS = 3_000;
/** Seconds at the steady rate that are not measured: a broker that has just started is ten times as slow. */
const WARM_UP_S = 10;

interface Bench {
  config: Config;
  db: Pool;
  topic: string;
  /** Throws the database and the topics away. */
  discard(): Promise<void>;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
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
  const [events, rate, seconds] = [values.events, values.rate, values.seconds].map(positive) as [
    number,
    number,
    number,
  ];
  return withServers((config) => measure(config, { events, rate, seconds }));
}

async function measure(
  configured: Config,
  { events, rate, seconds }: { events: number; rate: number; seconds: number },
): Promise<Record<string, unknown>> {
  const bench = await prepare(configured);
  try {
    const bare = Math.min(events, BARE);
    progress(`bare producer: ${bare} messages in requests of ${BATCH}`);
    const baseline = await bareProducer(bench, bare);
    progress(`  ${Math.round(baseline)} messages/s`);
    progress(`relay: ${events} committed rows`);
    const throughput = await drain(bench, events);
    progress(
      `  ${Math.round(throughput.eventsPerSecond)} events/s; memory of the relay ${throughput.memoryMb.join(', ')} MB`,
    );
    progress(`relay: ${rate} events/s for ${seconds} s, from before the commit to a consumer's hand`);
    const latency = await steady(bench, rate, seconds);
    progress(`  p50 ${latency.p50Ms} ms, p99 ${latency.p99Ms} ms`);
    return {
      events,
      eventsPerSecond: Math.round(throughput.eventsPerSecond),
      baselineEventsPerSecond: Math.round(baseline),
      ratio: Number((throughput.eventsPerSecond / baseline).toFixed(2)),
      relayMemoryMb: throughput.memoryMb,
      relayCpuSecondsPer1000: throughput.cpuSecondsPer1000,
      rate,
      ...latency,
    };
  } finally {
    await bench.db.end();
    await bench.discard();
  }
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number <= 0) throw new Error(`"${text}" is no whole number above 0.`);
  return number;
}

/** A database and topics of their own on the configured servers. */
async function prepare(configured: Config): Promise<Bench> {
  const name = `bench_${randomUUID().slice(0, 8)}`;
  const server = configured.database.url;
  await execute(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  await migrate(url.href);
  const config = {
    ...configured,
    database: { ...configured.database, url: url.href },
    kafka: { ...configured.kafka, topicPrefix: `${name}.` },
  };
  await ensureTopics(config);
  return {
    config,
    db: createPool(config.database, 'bench'),
    topic: topicName(config, 'tpe.update.status'),
    async discard() {
      await execute(server, `DROP DATABASE ${name} WITH (FORCE)`);
      const admin = createKafka(config.kafka, 'bench').admin();
      await admin.connect();
      await admin.deleteTopics({ topics: TOPIC_NAMES.map((topic) => topicName(config, topic)) });
      await admin.disconnect();
    },
  };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

/** Data of the size of a status message. */
function data(index: number): Record<string, unknown> {
  return {
    campaignId: '9d3c2b54-3f0e-4f1c-8a57-2d1f6c1f7e01',
    tpeId: `51f2a7c0-6f0b-4a53-9d0c-${String(index % KEYS).padStart(12, '0')}`,
    idTms: `A-${index % KEYS}`,
    tms: 'alpha',
    model: 'A920',
    site: 'Lyon-12',
    status: 'SUCCESS',
    reason: null,
    final: true,
    attempt: 1,
    previousVersion: '4.1.0',
    targetVersion: '4.2.0',
    version: '4.2.0',
    sequence: 3,
    occurredAt: '2026-11-21T10:46:22.12345+00:00',
    sentAt: Date.now(),
  };
}

/** @returns messages per second */
async function bareProducer({ config, topic }: Bench, events: number): Promise<number> {
  const producer = createKafka(config.kafka, 'bench').producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const rest = {
    type: 'bench',
    correlationId: 'bench',
    traceparent: null,
    occurredAt: new Date().toISOString(),
  };
  const messages = Array.from({ length: events }, (_, index) =>
    toKafkaMessage({
      ...rest,
      eventId: randomUUID(),
      key: `k|${index % KEYS}`,
      data: JSON.stringify(data(index)),
    }),
  );
  await producer.send({ topic, acks: -1, messages: messages.slice(0, BATCH) });
  const started = performance.now();
  for (let at = 0; at < events; at += BATCH) {
    await producer.send({ topic, acks: -1, messages: messages.slice(at, at + BATCH) });
  }
  const elapsed = performance.now() - started;
  await producer.disconnect();
  return (events / elapsed) * 1_000;
}

async function insert({ db, topic }: Bench, from: number, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => from + index);
  await db.query(
    `INSERT INTO outbox (topic, key, type, data, correlation_id)
     SELECT $1, key, 'bench', data::jsonb, 'bench' FROM unnest($2::text[], $3::text[]) AS row(key, data)`,
    [topic, rows.map((index) => `k|${index % KEYS}`), rows.map((index) => JSON.stringify(data(index)))],
  );
}

interface RelayUnderTest {
  metrics(): Promise<{ acknowledged: number; memoryMb: number; cpuSeconds: number }>;
  stop(): Promise<void>;
}

async function startRelay({ config }: Bench): Promise<RelayUnderTest> {
  const child = fork(RELAY, {
    silent: true,
    env: {
      ...process.env,
      DATABASE_URL: config.database.url,
      KAFKA_BROKERS: config.kafka.brokers.join(),
      KAFKA_TOPIC_PREFIX: config.kafka.topicPrefix,
      WORKER_PORT: '0',
      LOG_LEVEL: 'info',
    },
  });
  child.stderr?.pipe(process.stderr);
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('The relay has ended before it ran.')));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const logged = JSON.parse(line) as { url?: string; level: string; msg: string };
      if (logged.url) resolve(logged.url);
      if (logged.level !== 'info') progress(`  relay: ${logged.level}: ${logged.msg}`);
    });
  });
  return {
    async metrics() {
      const text = await (await fetch(`${url}/metrics`)).text();
      const value = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
      return {
        acknowledged: value(/^kafka_producer_messages_total\{.*outcome="acknowledged".*\} (.+)$/m),
        cpuSeconds: value(/^process_cpu_seconds_total (.+)$/m),
        memoryMb: Math.round(value(/^process_resident_memory_bytes (.+)$/m) / 1024 / 1024),
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
  /** Resident, after the first batches, half-way and at the end. */
  memoryMb: number[];
  cpuSecondsPer1000: number;
}

/** Rows that are all committed before the relay starts; the clock runs between its first and last batches. */
async function drain(bench: Bench, events: number): Promise<Drained> {
  for (let at = 0; at < events; at += 5_000) {
    await insert(bench, at, Math.min(5_000, events - at));
    if (at > 0 && at % 100_000 === 0) progress(`  ${at} rows written`);
  }
  const relay = await startRelay(bench);
  let first: { at: number; acknowledged: number; cpuSeconds: number } | undefined;
  const memoryMb: number[] = [];
  for (;;) {
    const { acknowledged, cpuSeconds, memoryMb: now } = await relay.metrics();
    const at = performance.now();
    if (acknowledged > 0) first ??= { at, acknowledged, cpuSeconds };
    if (acknowledged > (events / 2) * memoryMb.length) memoryMb.push(now);
    if (first && acknowledged >= events) {
      memoryMb[2] = now;
      await relay.stop();
      const elapsed = at - first.at;
      if (elapsed === 0) throw new Error('Too few events to measure: give a larger --events.');
      const measured = acknowledged - first.acknowledged;
      return {
        eventsPerSecond: (measured / elapsed) * 1_000,
        memoryMb,
        cpuSecondsPer1000: Number((((cpuSeconds - first.cpuSeconds) / measured) * 1_000).toFixed(3)),
      };
    }
    await sleep(50);
  }
}

/** Commits rows at a steady rate. */
async function stream(bench: Bench, rate: number, seconds: number): Promise<void> {
  const begun = performance.now();
  const total = rate * seconds;
  const perTick = Math.max(1, Math.round(rate / 20));
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1_000) * rate));
    if (due - sent >= perTick || due === total) {
      const count = Math.min(perTick, due - sent);
      await insert(bench, sent, count);
      sent += count;
    } else await sleep(5);
  }
}

async function steady(
  bench: Bench,
  rate: number,
  seconds: number,
): Promise<{ p50Ms: number; p99Ms: number }> {
  const relay = await startRelay(bench);
  const total = rate * seconds;
  const delays: number[] = [];
  const kafka = createKafka(bench.config.kafka, 'bench');
  const consumer = kafka.consumer({ groupId: `bench-${randomUUID()}`, maxWaitTimeInMs: 50 });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.connect();
  await consumer.subscribe({ topic: bench.topic, fromBeginning: false });
  await consumer.run({
    eachBatch: ({ batch }) => {
      const now = Date.now();
      for (const { value } of batch.messages) {
        const { sentAt } = JSON.parse(String(value)) as { sentAt: number };
        if (sentAt >= begun) delays.push(now - sentAt);
      }
      return Promise.resolve();
    },
  });
  let begun = Number.POSITIVE_INFINITY;
  await joined;
  // The consumer's first position is its partitions' end; rows must not come before it is there.
  await sleep(2_000);
  await stream(bench, rate, WARM_UP_S);
  begun = Date.now();
  await stream(bench, rate, seconds);
  while (delays.length < total) await sleep(50);
  await consumer.disconnect();
  await relay.stop();
  delays.sort((a, b) => a - b);
  const percentile = (share: number): number => delays[Math.ceil(delays.length * share) - 1] ?? 0;
  return { p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
}
