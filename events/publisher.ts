import type { Config } from '../config.ts';
import type { OutboxRow } from '../db/outbox.ts';
import type { Logger } from '../observability/logger.ts';
import {
  kafkaDlqMessagesTotal,
  kafkaProcessingDurationSeconds,
  kafkaProducerMessagesTotal,
  outboxBatchMessages,
} from '../observability/metrics.ts';
import { toKafkaMessage } from './cloud-event.ts';
import { toDeadLetter } from './dead-letter.ts';
import type { DeathCause } from './dead-letter.ts';
import { createKafka } from './kafka.ts';
import { Sender, refusedForGood } from './sender.ts';
import type { OutgoingMessage } from './sender.ts';
import { TOPICS, knownTopic } from './topics.ts';

/** A row on its way, and what has become of it so far. */
interface Item {
  row: OutboxRow;
  /** Set once it can't go to its own topic. */
  cause?: DeathCause;
  /** Even the dead letter topic has refused the whole. */
  excerpt?: boolean;
}

export interface PublisherOptions {
  config: Pick<Config, 'kafka'>;
  logger: Logger;
  /** Whether the row may be sent at this moment; asked again before every try. */
  isOurs: (row: OutboxRow) => boolean;
  /** Waits before the next try, the `failures`-th in a row; rejects when the relay stops. */
  pause: (failures: number) => Promise<void>;
}

/**
 * Bytes that go into one request per topic. Kafka's limit is per partition and request; staying below it with
 * the sum keeps a batch from being refused whose messages are each small enough.
 */
const CHUNK_BYTES = 900_000;
/** Headers and framing of a message, roughly. */
const ENVELOPE_BYTES = 500;

/** Brings outbox rows to Kafka: in their order, for as long as it takes, and past those that Kafka refuses. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #sender: Sender;
  #failures = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#sender = new Sender(createKafka(options.config.kafka, 'relay', options.logger));
  }

  /** Whether the last try succeeded. */
  get healthy(): boolean {
    return this.#failures === 0;
  }

  /**
   * Publishes the rows, in their order, until each is acknowledged or no longer ours. A row that Kafka refuses
   * for good goes to the dead letter topic in its place.
   * @returns the ids of the rows that Kafka has; the others must be left alone
   */
  async publish(rows: readonly OutboxRow[]): Promise<string[]> {
    outboxBatchMessages.observe(rows.length);
    const acknowledged: string[] = [];
    for (const chunk of chunks(rows.map((row) => this.#examine(row)))) {
      if (!(await this.#deliver(chunk, acknowledged))) break;
    }
    return acknowledged;
  }

  /** Connects ahead of the first message. */
  async connect(): Promise<void> {
    try {
      await this.#sender.connect();
    } catch (error) {
      await this.#sender.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#sender.close();
  }

  /** Delivers items in order; false when the relay stops and the rest was not delivered. */
  async #deliver(items: readonly Item[], acknowledged: string[]): Promise<boolean> {
    for (;;) {
      const ours = items.filter(({ row }) => this.#options.isOurs(row));
      if (ours.length === 0) {
        this.#failures = 0;
        return true;
      }
      try {
        await this.#sender.send(ours.map((item) => this.#toMessage(item)));
        this.#acknowledge(ours, acknowledged);
        return true;
      } catch (error) {
        const refusal = refusedForGood(error);
        if (!refusal) {
          if (!(await this.#pauseAfter(error, ours))) return false;
        } else if (ours.length === 1) {
          return this.#deliver(
            ours.map((item) => this.#bury(item, { ...refusal, code: refusal.type })),
            acknowledged,
          );
        } else {
          // The broker does not say which message it means: halve until it stands alone.
          const middle = Math.ceil(ours.length / 2);
          return (
            (await this.#deliver(ours.slice(0, middle), acknowledged)) &&
            this.#deliver(ours.slice(middle), acknowledged)
          );
        }
      }
    }
  }

  /** What is known to be hopeless before it is sent. */
  #examine(row: OutboxRow): Item {
    const name = knownTopic(this.#options.config, row.topic);
    if (!name) {
      const message = `The outbox row is for topic "${row.topic}", which this platform does not have.`;
      return this.#bury({ row }, { code: 'UNKNOWN_TOPIC', message });
    }
    const limit = Number(TOPICS[name].settings['max.message.bytes']);
    const bytes = Buffer.byteLength(row.data ?? '');
    if (bytes <= limit) return { row };
    const message = `The message has ${bytes} bytes; topic ${row.topic} takes ${limit}.`;
    return this.#bury({ row }, { code: 'MESSAGE_TOO_LARGE', message });
  }

  /** Turns an item towards the dead letter topic; the second time, only with the beginning of its value. */
  #bury(item: Item, cause: DeathCause): Item {
    const { row } = item;
    if (item.cause) return { ...item, excerpt: true };
    this.#options.logger.error(
      { eventId: row.eventId, key: row.key, topic: row.topic, code: cause.code },
      `message goes to the dead letters: ${cause.message}`,
    );
    const tooLarge = Buffer.byteLength(row.data ?? '') > dlqLimit;
    return { row, cause, excerpt: tooLarge };
  }

  #toMessage({ row, cause, excerpt }: Item): OutgoingMessage {
    if (!cause) return { topic: row.topic, message: toKafkaMessage(row) };
    return toDeadLetter(this.#options.config, row, cause, excerpt === true);
  }

  #acknowledge(items: readonly Item[], acknowledged: string[]): void {
    this.#failures = 0;
    const now = Date.now();
    for (const { row, cause } of items) {
      acknowledged.push(row.id);
      if (cause) kafkaDlqMessagesTotal.inc({ topic: row.topic, reason: cause.code });
      kafkaProducerMessagesTotal.inc({ topic: row.topic, outcome: cause ? 'dead' : 'acknowledged' });
      const seconds = (now - Date.parse(row.occurredAt)) / 1000;
      kafkaProcessingDurationSeconds.observe({ role: 'relay', topic: row.topic }, Math.max(0, seconds));
    }
  }

  async #pauseAfter(error: unknown, items: readonly Item[]): Promise<boolean> {
    this.#failures++;
    for (const { row } of items) kafkaProducerMessagesTotal.inc({ topic: row.topic, outcome: 'failed' });
    this.#options.logger.warn(
      { err: error, messages: items.length, failures: this.#failures },
      'Kafka has not taken the messages: trying again',
    );
    return this.#options.pause(this.#failures).then(
      () => true,
      () => false,
    );
  }
}

const dlqLimit = Number(TOPICS['tpe.events.dlq'].settings['max.message.bytes']);

/** Parts of the items, in order, that fit into one request each. */
function* chunks(items: readonly Item[]): Generator<Item[]> {
  let chunk: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = ENVELOPE_BYTES + Buffer.byteLength(item.row.data ?? '');
    if (chunk.length > 0 && bytes + size > CHUNK_BYTES) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(item);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}
