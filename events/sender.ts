import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners } from 'kafkajs';
import type { Kafka, Message, Producer } from 'kafkajs';
import { brokerRefusals } from './kafka.ts';
import type { BrokerRefusal } from './kafka.ts';

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

/** Milliseconds until a producer that does not come to its end is left behind. */
const DISCONNECT_MS = 2_000;

/**
 * Sends to Kafka with an idempotent producer, which is replaced after every failure.
 *
 * The replacement is not caution but necessity: when a request fails, kafkajs takes its sequence numbers back,
 * although the broker may have appended it. Other messages sent under the same numbers would then be taken
 * for a repetition: acknowledged, and never written. A new producer id has no such past. (It is also the
 * remedy for OUT_OF_ORDER_SEQUENCE_NUMBER and UNKNOWN_PRODUCER_ID, after which a producer stays unusable.)
 */
export class Sender {
  readonly #kafka: Kafka;
  #producer: Promise<Producer> | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  /** Connects ahead of the first message, which then need not wait for a producer id. */
  connect(): Promise<Producer> {
    this.#producer ??= this.#create();
    return this.#producer;
  }

  /**
   * Sends the messages in their order and waits for the acknowledgement of all in-sync replicas. One call at a
   * time. When it throws, any part of them may have been written.
   */
  async send(outgoing: readonly OutgoingMessage[]): Promise<void> {
    try {
      const producer = await this.connect();
      await producer.sendBatch({ acks: -1, timeout: 10_000, topicMessages: byTopic(outgoing) });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Lets go of the connections; the next `send` makes new ones. What is under way fails. */
  async close(): Promise<void> {
    const producer = await this.#producer?.catch(() => undefined);
    this.#producer = undefined;
    if (!producer) return;
    await Promise.race([
      producer.disconnect().catch(() => undefined),
      sleep(DISCONNECT_MS, undefined, { ref: false }),
    ]);
  }

  async #create(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      // The same partition for a key as from Java clients.
      createPartitioner: Partitioners.DefaultPartitioner,
      // Once, where the default is for ever: whoever has lost its lanes must not go on sending. See above for
      // why giving up is safe.
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1 },
    });
    await producer.connect();
    return producer;
  }
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
