import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { Config } from '../config.ts';
import type { Logger } from '../observability/logger.ts';
import { Abandoned, backOff } from './attempts.ts';
import type { Handler } from './attempts.ts';
import { BatchWork } from './batch-work.ts';
import { DeadLetterSender } from './dead-letter-sender.ts';
import { createKafka } from './kafka.ts';
import { topicName } from './topics.ts';
import type { TopicName } from './topics.ts';

export type { Handler, Verdict } from './attempts.ts';
export type { ConsumedMessage } from './consumed-message.ts';

export interface ConsumerOptions {
  config: Pick<Config, 'kafka'>;
  logger: Logger;
  /** Name of the group, to which `KAFKA_TOPIC_PREFIX` is added: what one member has handled no other handles. */
  group: string;
  topic: TopicName;
  /** Who it is: header `dlq_stage` of its dead letters, label `role` of its durations. */
  stage: string;
  handle: Handler;
  /** Whether an error of `handle` means that a part which every message needs is away: waited for, without end. */
  isOutage: (error: unknown) => boolean;
  /** Messages per call of `handle`; default 500. */
  maxBatch?: number;
  /** Partitions worked on side by side in this process; default 4. Each has one call of `handle` at a time. */
  partitionsAtOnce?: number;
  /** False: a message that is given up is only logged. For what consumes the dead letters themselves. */
  deadLetters?: boolean;
}

/**
 * Milliseconds without a sign of life after which the group gives a member's partitions to others, and for which it
 * stands still after a member was killed: no member goes on before all have been heard or are given up.
 */
const SESSION_MS = 15_000;
/** Milliseconds that members have to come back when the group is shared out anew. */
const REBALANCE_MS = 60_000;
const HEARTBEAT_MS = 3_000;
/** Milliseconds until an empty fetch is answered; what comes meanwhile is answered at once. */
const FETCH_WAIT_MS = 1_000;
/** Bytes per fetch, over all partitions: what is in memory. One larger message is fetched nevertheless. */
const FETCH_BYTES = 4_000_000;
/** Milliseconds that a member has to finish its rounds and leave the group; then its connections are closed. */
const LEAVE_MS = 12_000;
const CUT_OFF_MS = 1_000;
/** Milliseconds after which a member that ends has not failed in a row with the one before. */
const STEADY_MS = 60_000;

/**
 * A member of a consumer group; any number of processes may run one for the same group and topic. Each partition
 * is worked on by one of them, in order per key, and its offset is committed after the work: a message whose member
 * dies is handled again by another, none is left out. It ends only when it is told to.
 *
 * In this process, the next messages are fetched when those that were fetched together are done: a message that is
 * tried again holds up the partitions of its fetch for less than a second.
 */
export class GroupConsumer {
  /** Full names. */
  readonly group: string;
  readonly topic: string;
  /** Resolves when it was stopped; never rejects. */
  readonly finished: Promise<void>;
  readonly #options: ConsumerOptions;
  readonly #sender: DeadLetterSender;
  readonly #stopping = Promise.withResolvers<void>();
  readonly #batches = new Set<BatchWork>();
  #stopped = false;
  #assigned: readonly number[] = [];
  /** Counts how often the group was shared out: what was begun before belongs to nobody. */
  #term = 0;
  #lastSign = -Infinity;

  constructor(options: ConsumerOptions) {
    const { config, logger, group, topic, stage } = options;
    this.#options = options;
    this.group = config.kafka.topicPrefix + group;
    this.topic = topicName(config, topic);
    const kafka = createKafka(config.kafka, `${stage}-dead-letters`, logger);
    this.#sender = new DeadLetterSender({ config, kafka, logger });
    this.finished = this.#run();
  }

  /** Whether it is a member of its group, hears from Kafka, and waits for no part that is away. */
  ready(): boolean {
    const heard = performance.now() - this.#lastSign < SESSION_MS;
    return heard && ![...this.#batches].some((batch) => batch.waitsForOutage);
  }

  /** The partitions that this member has. */
  assigned(): readonly number[] {
    return this.#assigned;
  }

  /** Finishes and commits the rounds under way, and leaves the group. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopping.resolve();
    for (const batch of this.#batches) batch.leave(new Abandoned('The consumer stops.'));
    await this.finished;
  }

  async #run(): Promise<void> {
    for (let failures = 1; !this.#stopped; failures++) {
      const begun = performance.now();
      const error = await this.#consume();
      if (this.#stopped) break;
      if (performance.now() - begun > STEADY_MS) failures = 1;
      const { logger } = this.#options;
      logger.warn({ err: error, group: this.group }, `the consumer of ${this.topic} is started again`);
      await Promise.race([sleep(backOff(failures), undefined, { ref: false }), this.#stopping.promise]);
    }
    await this.#sender.close();
  }

  /** Is a member of the group until it is stopped, or kafkajs gives up; then its reason is returned. */
  async #consume(): Promise<unknown> {
    const consumer = this.#createConsumer();
    const { GROUP_JOIN, HEARTBEAT, COMMIT_OFFSETS, CRASH, END_BATCH_PROCESS } = consumer.events;
    const crashed = Promise.withResolvers<unknown>();
    const sign = (): void => void (this.#lastSign = performance.now());
    consumer.on(CRASH, ({ payload }) => crashed.resolve(payload.error));
    consumer.on(HEARTBEAT, sign);
    consumer.on(COMMIT_OFFSETS, sign);
    consumer.on(GROUP_JOIN, ({ payload }) => {
      sign();
      this.#term++;
      this.#assigned = payload.memberAssignment[this.topic] ?? [];
    });
    // What holds no message (the mark at the end of a transaction, an aborted one) never reaches eachBatch: kafkajs
    // goes past it, but leaves it to us to commit that. Without it the partition would seem to have a rest.
    consumer.on(END_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize > 0) return;
      const { topic, partition, lastOffset } = payload;
      const offset = (BigInt(lastOffset) + 1n).toString();
      consumer.commitOffsets([{ topic, partition, offset }]).catch(() => undefined);
    });
    const starting = this.#start(consumer);
    try {
      return await Promise.race([starting.then(() => crashed.promise), this.#stopping.promise]);
    } catch (error) {
      return error;
    } finally {
      await this.#leave(consumer, starting);
    }
  }

  #createConsumer(): Consumer {
    const { config, logger, stage } = this.#options;
    return createKafka(config.kafka, stage, logger).consumer({
      groupId: this.group,
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: REBALANCE_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytes: FETCH_BYTES,
      allowAutoTopicCreation: false,
      retry: {
        initialRetryTime: 100,
        maxRetryTime: 1_000,
        retries: 10,
        // We do: kafkajs itself starts again after some errors only, and each time in its own way.
        restartOnFailure: () => Promise.resolve(false),
      },
    });
  }

  async #start(consumer: Consumer): Promise<void> {
    await consumer.connect();
    await consumer.subscribe({ topic: this.topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.#options.partitionsAtOnce ?? 4,
      eachBatch: (payload) => this.#work(payload),
    });
  }

  async #leave(consumer: Consumer, starting: Promise<void>): Promise<void> {
    const leaving = (async () => {
      // One that is stopped while it joins would go on: kafkajs does not look before it has joined.
      await starting.catch(() => undefined);
      await consumer.disconnect();
    })();
    await settledWithin(leaving, LEAVE_MS);
    // Where it hangs in joining, this cuts it off; where the handler does, nothing can.
    await settledWithin(consumer.disconnect(), CUT_OFF_MS);
    this.#assigned = [];
    this.#lastSign = -Infinity;
  }

  async #work(payload: EachBatchPayload): Promise<void> {
    const term = this.#term;
    const { topic, stage, handle, isOutage, maxBatch = 500, deadLetters = true } = this.#options;
    const work = new BatchWork({
      payload,
      topic,
      stage,
      handle,
      isOutage,
      maxBatch,
      labels: { group: this.group, topic: this.topic },
      logger: this.#options.logger,
      sender: deadLetters ? this.#sender : undefined,
      isOurs: () => !this.#stopped && this.#term === term && payload.isRunning() && !payload.isStale(),
    });
    this.#batches.add(work);
    try {
      await work.run();
    } finally {
      this.#batches.delete(work);
    }
  }
}

async function settledWithin(promise: Promise<void>, milliseconds: number): Promise<void> {
  const settled = promise.catch(() => undefined);
  await Promise.race([settled, sleep(milliseconds, undefined, { ref: false })]);
}
