/**
 * How fast one relay process brings committed outbox rows to Kafka, against a bare kafkajs producer that sends
 * the same messages from memory; and how long an event is on its way at a steady rate.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners } from 'kafkajs';
import { toKafkaMessage } from '../events/cloud-event.ts';
import { createKafka } from '../events/kafka.ts';
import {
  type Bench,
  comparedWith,
  type MemoryCourse,
  percentile,
  progress,
  readOptions,
  startMeasured,
  throughput,
  withBench,
} from './boundary.ts';
import { withServers } from './support.ts';

/** Messages per request of the bare producer: what a lane of the relay takes at most. */
const BATCH = 1_000;
/** Messages of the bare producer at most: they are all in memory. */
const BARE = 100_000;
const KEYS = 3_000;
/** Seconds at the steady rate that are not measured: a broker that has just started is ten times as slow. */
const WARM_UP_S = 10;

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { events, rate, seconds } = readOptions(args);
  return withServers((config) =>
    withBench(config, 'tpe.update.status', async (bench) => {
      const bare = Math.min(events, BARE);
      progress(`bare producer: ${bare} messages in requests of ${BATCH}`);
      const baseline = await bareProducer(bench, bare);
      progress(`  ${Math.round(baseline)} messages/s`);
      progress(`relay: ${events} committed rows`);
      const { eventsPerSecond, memoryMb } = await drain(bench, events);
      progress(`  ${Math.round(eventsPerSecond)} events/s`);
      progress(`relay: ${rate} events/s for ${seconds} s, from before the commit to a consumer's hand`);
      const latency = await steady(bench, rate, seconds);
      progress(`  p50 ${latency.p50Ms} ms, p99 ${latency.p99Ms} ms`);
      return { events, ...comparedWith(baseline, eventsPerSecond), memoryMb, rate, ...latency };
    }),
  );
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

/** Rows that are all committed before the relay starts. */
async function drain(
  bench: Bench,
  events: number,
): Promise<{ eventsPerSecond: number; memoryMb: MemoryCourse }> {
  for (let at = 0; at < events; at += 5_000) {
    await insert(bench, at, Math.min(5_000, events - at));
    if (at > 0 && at % 100_000 === 0) progress(`  ${at} rows written`);
  }
  const relay = await startMeasured('relay', bench.config);
  const measured = await throughput(relay, events, () =>
    relay.count('kafka_producer_messages_total', 'outcome="acknowledged"'),
  );
  await relay.stop();
  return measured;
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
  const relay = await startMeasured('relay', bench.config);
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
  return { p50Ms: percentile(delays, 0.5), p99Ms: percentile(delays, 0.99) };
}
