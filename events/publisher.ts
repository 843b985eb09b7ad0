import type { Kafka } from 'kafkajs';
import type { Config } from '../config.ts';
import { lastBatch, readOutboxRows, recordBatch } from '../db/outbox.ts';
import type { OutboxRow } from '../db/outbox.ts';
import type { Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import {
  kafkaDlqMessagesTotal,
  kafkaProcessingDurationSeconds,
  kafkaProducerMessagesTotal,
  outboxBatchMessages,
} from '../observability/metrics.ts';
import { LaneLost } from './lanes.ts';
import type { Holding, Lanes } from './lanes.ts';
import { bury, examine, toMessage } from './outgoing.ts';
import type { Item } from './outgoing.ts';
import { LaneSender, refusedForGood } from './sender.ts';

export interface PublisherOptions {
  config: Pick<Config, 'kafka'>;
  kafka: Kafka;
  logger: Logger;
  db: Pool;
  lanes: Pick<Lanes, 'asOwner'>;
  holding: Holding;
  /** The lane is ours and the relay does not stop; asked before every try. */
  mayGoOn: () => boolean;
  /** Waits before the next try, the `failures`-th in a row; rejects when the relay stops. */
  pause: (failures: number) => Promise<void>;
  /** Takes rows out of the outbox that Kafka has; rejects where it can't. */
  forget: (ids: readonly string[]) => Promise<void>;
}

/**
 * Brings the rows of one lane to Kafka: in their order, each exactly once, for as long as it takes, and past
 * those that Kafka refuses.
 *
 * A batch has a number. Its rows are recorded under it (`outbox_batch`), then published in a transaction that
 * commits the number too, then deleted. Whoever is in doubt about a batch - its own after a failure, or that of
 * a relay that is gone - fences all others, asks Kafka for the number, and knows.
 *
 * That a row is in one unsettled batch at most rests on the order of the steps: the record is written as the
 * owner of the lane in PostgreSQL only, and read as its owner after every fencing; so a relay that has lost the
 * lane can neither change the record nor publish by one that was changed.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #sender: LaneSender;
  /** Number of the batch that was recorded last. */
  #batch = 0;
  #failures = 0;

  constructor(options: PublisherOptions) {
    const { config, kafka, holding } = options;
    this.#options = options;
    this.#sender = new LaneSender({ config, kafka, lane: holding.lane });
  }

  /** Whether the last try succeeded. */
  get healthy(): boolean {
    return this.#failures === 0;
  }

  /**
   * Settles what the lane's relay before has left; must be called first.
   * @throws LaneLost
   */
  async takeOver(): Promise<void> {
    const { db, logger, holding } = this.#options;
    const published = await this.#fence();
    const { batch, ids } = await this.#recorded();
    this.#batch = Math.max(batch, published);
    if (batch === published) await this.#options.forget(ids);
    const rows = batch === published ? [] : await readOutboxRows(db, ids);
    if (rows.length === 0) {
      this.#failures = 0;
      return;
    }
    const items = rows.map((row) => this.#examine(row));
    if (published > batch) {
      // Only a database that was put back to an earlier state knows less than Kafka.
      logger.warn(
        { lane: holding.lane, batch, published, messages: rows.length },
        'the outbox is older than what Kafka has: its messages may be repeated',
      );
      await this.#record(items);
    }
    await this.#send(items);
  }

  /**
   * Publishes rows, in their order, and takes them out of the outbox. A row that Kafka refuses for good goes to
   * the dead letter topic in its place.
   * @throws LaneLost when the lane is no longer ours; what was not published stays, for whoever has the lane
   */
  async publish(rows: readonly OutboxRow[]): Promise<void> {
    await this.#publish(rows.map((row) => this.#examine(row)));
  }

  async close(): Promise<void> {
    await this.#sender.close();
  }

  async #publish(items: readonly Item[]): Promise<void> {
    this.#check();
    await this.#record(items);
    await this.#send(items);
  }

  /** The number of the last batch that was published, asked for until Kafka answers. */
  async #fence(): Promise<number> {
    for (;;) {
      this.#check();
      try {
        return await this.#sender.takeOver();
      } catch (error) {
        await this.#pauseAfter(error, []);
      }
    }
  }

  #recorded(): ReturnType<typeof lastBatch> {
    const { lanes, holding } = this.#options;
    return lanes.asOwner(holding, (session) => lastBatch(session, holding.lane));
  }

  async #record(items: readonly Item[]): Promise<void> {
    const { lanes, holding } = this.#options;
    const batch = ++this.#batch;
    const ids = items.map(({ row }) => row.id);
    await lanes.asOwner(holding, (session) => recordBatch(session, holding.lane, { batch, ids }));
  }

  /** Publishes the batch that was recorded last, which has these items. */
  async #send(given: readonly Item[]): Promise<void> {
    let items = given;
    for (;;) {
      this.#check();
      if (!this.#sender.ready && (await this.#wasPublished())) break;
      try {
        const { config } = this.#options;
        await this.#sender.send(
          this.#batch,
          items.map((item) => toMessage(config, item)),
        );
        break;
      } catch (error) {
        const refusal = refusedForGood(error);
        if (refusal && items.length > 1) {
          // The broker does not say which message it means: halve until it stands alone.
          const middle = Math.ceil(items.length / 2);
          await this.#publish(items.slice(0, middle));
          return this.#publish(items.slice(middle));
        }
        const [only] = items;
        if (refusal && only && !only.excerpt) {
          items = [this.#logged(bury(only, { code: refusal.type, message: refusal.message }))];
        } else await this.#pauseAfter(error, items);
      }
    }
    this.#acknowledge(items);
    await this.#options.forget(items.map(({ row }) => row.id));
  }

  /** Whether the batch under way was published after all; from now on nobody but us can do it. */
  async #wasPublished(): Promise<boolean> {
    const published = await this.#fence();
    const { batch } = await this.#recorded();
    if (batch !== this.#batch || published > batch) {
      throw new LaneLost(`Lane ${this.#options.holding.lane} has gone on without us.`);
    }
    return published === batch;
  }

  #examine(row: OutboxRow): Item {
    return this.#logged(examine(this.#options.config, row));
  }

  #logged(item: Item): Item {
    const { row, cause, excerpt } = item;
    if (!cause) return item;
    this.#options.logger.error(
      { eventId: row.eventId, key: row.key, topic: row.topic, code: cause.code },
      `message goes to the dead letters${excerpt ? ' by its beginning' : ''}: ${cause.message}`,
    );
    return item;
  }

  #acknowledge(items: readonly Item[]): void {
    this.#failures = 0;
    outboxBatchMessages.observe(items.length);
    const now = Date.now();
    for (const { row, cause } of items) {
      if (cause) kafkaDlqMessagesTotal.inc({ topic: row.topic, reason: cause.code });
      kafkaProducerMessagesTotal.inc({ topic: row.topic, outcome: cause ? 'dead' : 'acknowledged' });
      const seconds = (now - Date.parse(row.occurredAt)) / 1000;
      kafkaProcessingDurationSeconds.observe({ role: 'relay', topic: row.topic }, Math.max(0, seconds));
    }
  }

  #check(): void {
    const { mayGoOn, holding } = this.#options;
    if (!mayGoOn()) throw new LaneLost(`Lane ${holding.lane} is given up.`);
  }

  async #pauseAfter(error: unknown, items: readonly Item[]): Promise<void> {
    this.#failures++;
    for (const { row } of items) kafkaProducerMessagesTotal.inc({ topic: row.topic, outcome: 'failed' });
    this.#options.logger.warn(
      { err: error, lane: this.#options.holding.lane, messages: items.length, failures: this.#failures },
      'Kafka has not taken a batch: trying again',
    );
    await this.#options.pause(this.#failures);
  }
}
