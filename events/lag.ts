import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { Config } from '../config.ts';
import type { Logger } from '../observability/logger.ts';
import { kafkaConsumerLag } from '../observability/metrics.ts';
import type { GroupConsumer } from './consumer.ts';
import { createKafka } from './kafka.ts';

export interface LagWatchOptions {
  config: Pick<Config, 'kafka'>;
  logger: Logger;
  consumers: readonly Pick<GroupConsumer, 'group' | 'topic' | 'assigned'>[];
}

/** Of one value of the gauge. */
interface Labels {
  group: string;
  topic: string;
  partition: string;
}

const TICK_MS = 5_000;

/**
 * How many offsets of a partition are to come. Marks of transactions count as one each until they are passed, and
 * so do the messages of a transaction that is still open.
 * @param low the first offset that is still there, `high` the one after the last
 * @param committed the next one to be read; -1: nothing was committed, it will be the first
 */
export function lagOf({ low, high }: { low: string; high: string }, committed: string): number {
  const next = BigInt(committed) > BigInt(low) ? BigInt(committed) : BigInt(low);
  return Math.max(0, Number(BigInt(high) - next));
}

/**
 * Keeps `kafka_consumer_lag` for the partitions that this process has: what is committed against what is there, as
 * Kafka says, so that a consumer that hangs has a lag, too. While Kafka is away the last figures stay.
 */
export class LagWatch {
  /** Resolves when it was stopped; never rejects. */
  readonly finished: Promise<void>;
  readonly #options: LagWatchOptions;
  readonly #stopping = new AbortController();
  #admin: Admin | undefined;
  /** What the gauge shows, by its labels as text. */
  #shown = new Map<string, Labels>();

  constructor(options: LagWatchOptions) {
    this.#options = options;
    this.finished = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.finished;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#look();
      } catch (error) {
        if (!signal.aborted)
          this.#options.logger.debug({ err: error }, 'the lag cannot be read: trying again');
        await this.#close();
      }
      await sleep(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
    await this.#close();
  }

  async #look(): Promise<void> {
    const shown = new Map<string, Labels>();
    for (const consumer of this.#options.consumers) {
      const { group, topic } = consumer;
      const assigned = consumer.assigned();
      if (assigned.length === 0) continue;
      for (const [partition, lag] of await this.#lags(group, topic, assigned)) {
        const labels = { group, topic, partition: String(partition) };
        kafkaConsumerLag.set(labels, lag);
        shown.set(JSON.stringify(labels), labels);
      }
    }
    // Another member shows what it has now.
    for (const [text, labels] of this.#shown) if (!shown.has(text)) kafkaConsumerLag.remove(labels);
    this.#shown = shown;
  }

  async #lags(group: string, topic: string, assigned: readonly number[]): Promise<[number, number][]> {
    this.#admin ??= createKafka(this.#options.config.kafka, 'lag', this.#options.logger).admin();
    await this.#admin.connect();
    // Asked for first: what is committed meanwhile makes the lag smaller, not negative.
    const ends = await this.#admin.fetchTopicOffsets(topic);
    const [offsets] = await this.#admin.fetchOffsets({ groupId: group, topics: [topic] });
    const committed = new Map(offsets?.partitions.map(({ partition, offset }) => [partition, offset]));
    return ends
      .filter(({ partition }) => assigned.includes(partition))
      .map((end) => [end.partition, lagOf(end, committed.get(end.partition) ?? '-1')]);
  }

  async #close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.disconnect().catch(() => undefined);
  }
}
