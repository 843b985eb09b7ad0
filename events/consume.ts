import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from 'kafkajs';
import type { Config } from '../config.ts';
import { headerTexts } from './cloud-event.ts';
import { createKafka } from './kafka.ts';
import { onPartitionEnd } from './kafkajs-fetch.ts';
import { topicName } from './topics.ts';
import type { TopicName } from './topics.ts';

export interface TopicRecord {
  partition: number;
  offset: string;
  key: string;
  headers: Record<string, string>;
  /** The value as it is; null is a tombstone. */
  value: Buffer | null;
}

export interface TopicContent {
  /** In order of offset within each partition. */
  records: TopicRecord[];
  /**
   * What compaction leaves: the last record of each key, those whose last is a tombstone left out. `data` is
   * the parsed JSON, or the text where it is none (a dead letter may be anything).
   */
  latest: Map<string, { headers: Record<string, string>; data: unknown }>;
}

export interface ReadTopicOptions {
  /** Milliseconds until reading is given up; default 30,000. */
  timeoutMs?: number;
}

/**
 * Reads what is committed on a topic, from its beginning to what is its end at the time of the call; transactions
 * under way at that time are waited for. All of it is in memory: meant for tests, the demo and looking into a
 * topic, not for following one.
 * @throws Error when the end is not reached in time, naming how far each partition was to be read
 */
export async function readTopic(
  config: Pick<Config, 'kafka'>,
  name: TopicName,
  options: ReadTopicOptions = {},
): Promise<TopicContent> {
  const topic = topicName(config, name);
  // A new broker has no group coordinator until the first group has asked for one.
  const kafka = createKafka(config.kafka, 'read-topic', undefined, 20);
  const groupId = `read-topic-${randomUUID()}`;
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 500 });
  try {
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets(topic);
    const beginnings = new Map(offsets.map(({ partition, low }) => [partition, BigInt(low)]));
    const records = await readUntilEnd(consumer, topic, beginnings, options.timeoutMs ?? 30_000);
    return { records, latest: compact(records) };
  } finally {
    await consumer.disconnect();
    // The broker would keep the group for a week; one that never came to be can't be deleted.
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  }
}

async function readUntilEnd(
  consumer: Consumer,
  topic: string,
  beginnings: ReadonlyMap<number, bigint>,
  timeoutMs: number,
): Promise<TopicRecord[]> {
  const records: TopicRecord[] = [];
  const ends = new Map<number, bigint>();
  const open = new Set(beginnings.keys());
  const reached = Promise.withResolvers<void>();
  const reach = (partition: number, position: bigint): void => {
    const end = ends.get(partition);
    if (end !== undefined && position >= end) open.delete(partition);
    if (open.size === 0) reached.resolve();
  };
  const forgetEnds = onPartitionEnd(({ topic: from, partition, end }) => {
    if (from !== topic || ends.has(partition)) return;
    ends.set(partition, end);
    reach(partition, beginnings.get(partition) ?? 0n);
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) reached.reject(payload.error);
  });
  // The last of a partition may be records that no consumer is given: the ends of transactions, and what was
  // aborted. This tells of them, too.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) =>
    reach(partition, BigInt(lastOffset) + 1n),
  );
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      const end = ends.get(batch.partition) ?? 0n;
      for (const { offset, key, headers, value } of batch.messages) {
        if (BigInt(offset) >= end) break;
        const record = { partition: batch.partition, offset, headers: headerTexts(headers), value };
        records.push({ ...record, key: key?.toString() ?? '' });
      }
      return Promise.resolve();
    },
  });
  const timer = new AbortController();
  const tooLate = sleep(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    const rest = [...open]
      .map((partition) => `partition ${partition} to offset ${ends.get(partition)}`)
      .join(', ');
    throw new Error(`Topic ${topic} was not read to its end within ${timeoutMs} ms; missing: ${rest}.`);
  });
  try {
    await Promise.race([reached.promise, tooLate]);
    return records;
  } finally {
    forgetEnds();
    timer.abort();
    await tooLate.catch(() => undefined);
  }
}

function compact(records: readonly TopicRecord[]): TopicContent['latest'] {
  const latest: TopicContent['latest'] = new Map();
  for (const { key, headers, value } of records) {
    if (value === null) latest.delete(key);
    else latest.set(key, { headers, data: parsedOrText(value.toString()) });
  }
  return latest;
}

function parsedOrText(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
