import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners } from 'kafkajs';
import type { Kafka, Message, Producer } from 'kafkajs';
import pLimit from 'p-limit';
import type { Config } from '../config.ts';
import type { Logger } from '../observability/logger.ts';
import type { ReceivedMessage } from './consumed-message.ts';
import { toConsumedLetter } from './dead-letter.ts';
import type { Death } from './dead-letter.ts';
import { brokerRefusals } from './refusals.ts';

/** A message that is given up. */
export interface Burial {
  message: ReceivedMessage;
  death: Death;
}

export interface DeadLetterSenderOptions {
  config: Pick<Config, 'kafka'>;
  kafka: Kafka;
  logger: Logger;
}

/** Bytes per request: well below what the dead letter topic takes in one. */
const CHUNK_BYTES = 4_000_000;
/** Headers and framing of a letter, roughly. */
const ENVELOPE_BYTES = 2_000;
/** Milliseconds until a producer that does not come to its end is left behind. */
const DISCONNECT_MS = 2_000;

/** What sending the same again does not change. */
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD']);

/**
 * Puts messages on the dead letter topic: acknowledged by all in-sync replicas, for as long as it takes. A failed
 * request may have been written all the same: letters can come twice, with the same `dlq_id`.
 */
export class DeadLetterSender {
  readonly #options: DeadLetterSenderOptions;
  /** Partitions are worked on side by side; the producer is for one request at a time. */
  readonly #turn = pLimit(1);
  #producer: Producer | undefined;

  constructor(options: DeadLetterSenderOptions) {
    this.#options = options;
  }

  /**
   * @param pause waits before the next try, the `failures`-th; what it throws ends the sending
   */
  async send(burials: readonly Burial[], pause: (failures: number) => Promise<void>): Promise<void> {
    for (const chunk of chunks(burials)) await this.#turn(() => this.#deliver(chunk, false, pause));
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (!producer) return;
    const closing = producer.disconnect().catch(() => undefined);
    await Promise.race([closing, sleep(DISCONNECT_MS, undefined, { ref: false })]);
  }

  async #deliver(
    burials: readonly Burial[],
    excerpt: boolean,
    pause: (failures: number) => Promise<void>,
  ): Promise<void> {
    for (let failures = 1; ; failures++) {
      try {
        return await this.#sendOnce(burials, excerpt);
      } catch (error) {
        // kafkajs takes back the sequence numbers of a request that failed, although it may have been written: what
        // is sent under them next would pass for a repetition. A new producer has no such past.
        await this.close();
        if (brokerRefusals(error).some(({ type }) => TOO_LARGE.has(type))) {
          const middle = Math.ceil(burials.length / 2);
          if (burials.length > 1) {
            await this.#deliver(burials.slice(0, middle), excerpt, pause);
            return this.#deliver(burials.slice(middle), excerpt, pause);
          }
          if (!excerpt) return this.#deliver(burials, true, pause);
        }
        this.#options.logger.warn(
          { err: error, letters: burials.length, failures },
          'Kafka has not taken dead letters: trying again',
        );
        await pause(failures);
      }
    }
  }

  async #sendOnce(burials: readonly Burial[], excerpt: boolean): Promise<void> {
    const { config, kafka } = this.#options;
    const letters = burials.map(({ message, death }) => toConsumedLetter(config, message, death, excerpt));
    const [first] = letters;
    if (!first) return;
    if (!this.#producer) {
      const producer = kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: Partitioners.DefaultPartitioner,
        retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1 },
      });
      this.#producer = producer;
      await producer.connect();
    }
    const messages: Message[] = letters.map(({ message }) => message);
    await this.#producer.send({ topic: first.topic, messages, acks: -1, timeout: 10_000 });
  }
}

function* chunks(burials: readonly Burial[]): Generator<Burial[]> {
  let chunk: Burial[] = [];
  let bytes = 0;
  for (const burial of burials) {
    const { key, value } = burial.message;
    const size = ENVELOPE_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
    if (chunk.length > 0 && bytes + size > CHUNK_BYTES) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(burial);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
