import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners } from 'kafkajs';
import type { Admin, Kafka, Message, Producer } from 'kafkajs';
import type { Config } from '../config.ts';
import { brokerRefusals } from './refusals.ts';
import type { BrokerRefusal } from './refusals.ts';
import { topicName } from './topics.ts';

export interface OutgoingMessage {
  /** Full name. */
  topic: string;
  message: Message;
}

/** The broker's answers that no repetition changes: they are about the message, not about the broker. */
const REFUSED_FOR_GOOD = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
]);

/** Why the broker will never take what was sent; undefined where sending again may help. */
export function refusedForGood(error: unknown): BrokerRefusal | undefined {
  return brokerRefusals(error).find(({ type }) => REFUSED_FOR_GOOD.has(type));
}

/** Milliseconds after which the broker aborts a transaction that nobody ends: until then consumers wait for it. */
const TRANSACTION_MS = 15_000;
/** Milliseconds that one try may take: the transaction must not have been aborted by then. */
const SEND_MS = 12_000;
const STARTING_MS = 5_000;
const STARTING_STEP_MS = 250;
/** Milliseconds until a client that does not come to its end is left behind. */
const DISCONNECT_MS = 2_000;

export interface LaneSenderOptions {
  config: Pick<Config, 'kafka'>;
  kafka: Kafka;
  lane: number;
}

/**
 * Sends the batches of one lane to Kafka, each in a transaction that also commits its number, as the offset of
 * the lane in the group `outbox-relay`: the messages are there if and only if the number is.
 *
 * All relays use the same transactional id for a lane. Whoever takes it over fences the producer before: what
 * that one has open is aborted, and nothing that it still sends is accepted.
 *
 * After a failure the producer is thrown away. kafkajs takes back the sequence numbers of a request that failed,
 * although the broker may have appended it, and can't abort a transaction whose end has failed; the new producer
 * has no such past, and its first request settles the transaction of the old one.
 */
export class LaneSender {
  readonly #options: LaneSenderOptions;
  #producer: Producer | undefined;

  constructor(options: LaneSenderOptions) {
    this.#options = options;
  }

  /** False at first and after a failure: `takeOver` must come before `send`. */
  get ready(): boolean {
    return this.#producer !== undefined;
  }

  /**
   * Makes the lane ours, as far as Kafka knows.
   * @returns the number of the last batch that was published, by whomever; nothing can be added to it any more.
   * 0: none
   */
  async takeOver(): Promise<number> {
    await this.close();
    const { kafka, config, lane } = this.#options;
    const producer = kafka.producer({
      transactionalId: `${config.kafka.topicPrefix}relay-lane-${lane}`,
      transactionTimeout: TRANSACTION_MS,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      // The same partition for a key as from Java clients.
      createPartitioner: Partitioners.DefaultPartitioner,
      // The broker ends a transaction in the background and until then refuses the next: often ready in 20 ms.
      retry: { initialRetryTime: 20, maxRetryTime: 250, retries: 7 },
    });
    try {
      await producer.connect();
      // Only the first transaction of a producer fences; one without messages is nothing to the broker.
      await (await producer.transaction()).abort();
      const published = await this.#published();
      this.#producer = producer;
      return published;
    } catch (error) {
      await letGo(producer);
      throw error;
    }
  }

  /**
   * Publishes the messages in their order, all or none. One call at a time. When it throws, either may be true:
   * `takeOver` tells.
   */
  async send(batch: number, outgoing: readonly OutgoingMessage[]): Promise<void> {
    const producer = this.#producer;
    if (!producer) throw new Error('The lane has not been taken over.');
    const sending = this.#transact(producer, batch, outgoing);
    const timer = new AbortController();
    try {
      await Promise.race([
        sending,
        sleep(SEND_MS, undefined, { signal: timer.signal }).then(() => {
          throw new Error(`Kafka has not taken a batch within ${SEND_MS} ms.`);
        }),
      ]);
    } catch (error) {
      await this.close();
      // What was given up on may have connected again.
      sending.catch(() => undefined).finally(() => void letGo(producer));
      throw error;
    } finally {
      timer.abort();
    }
  }

  /** Lets go of the connections; what is under way fails. */
  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer) await letGo(producer);
  }

  async #transact(producer: Producer, batch: number, outgoing: readonly OutgoingMessage[]): Promise<void> {
    const transaction = await producer.transaction();
    await transaction.sendBatch({ acks: -1, timeout: 10_000, topicMessages: byTopic(outgoing) });
    await transaction.sendOffsets({
      consumerGroupId: this.#group,
      topics: [
        { topic: this.#topic, partitions: [{ partition: this.#options.lane, offset: String(batch) }] },
      ],
    });
    await transaction.commit();
  }

  async #published(): Promise<number> {
    const admin = this.#options.kafka.admin();
    try {
      await admin.connect();
      const answer = await whileBrokerStarts(() =>
        admin.fetchOffsets({ groupId: this.#group, topics: [this.#topic] }),
      );
      const found = answer[0]?.partitions.find(({ partition }) => partition === this.#options.lane);
      if (!found) throw new Error(`The broker tells no offset of lane ${this.#options.lane}.`);
      // -1: none was ever committed.
      return Math.max(0, Number(found.offset));
    } finally {
      await letGo(admin);
    }
  }

  get #group(): string {
    return `${this.#options.config.kafka.topicPrefix}outbox-relay`;
  }

  /** Any topic with as many partitions as there are lanes: only their numbers are used. */
  get #topic(): string {
    return topicName(this.#options.config, 'tpe.update.status');
  }
}

/** Repeats what a broker refuses that has not loaded its groups yet; on a new cluster it has to make them. */
async function whileBrokerStarts<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + STARTING_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > deadline || !brokerRefusals(error).some(({ retriable }) => retriable))
        throw error;
      await sleep(STARTING_STEP_MS);
    }
  }
}

async function letGo(client: Pick<Producer | Admin, 'disconnect'>): Promise<void> {
  const closing = client.disconnect().catch(() => undefined);
  await Promise.race([closing, sleep(DISCONNECT_MS, undefined, { ref: false })]);
}

function byTopic(outgoing: readonly OutgoingMessage[]): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { topic, message } of outgoing) {
    const messages = topics.get(topic);
    if (messages) messages.push(message);
    else topics.set(topic, [message]);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}
