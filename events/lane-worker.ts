import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { Config } from '../config.ts';
import { deleteFromOutbox, readOutbox } from '../db/outbox.ts';
import type { OutboxPage } from '../db/outbox.ts';
import type { Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import { LaneLost } from './lanes.ts';
import type { Holding, Lanes } from './lanes.ts';
import { Publisher } from './publisher.ts';

/** Rows per batch at most. Larger ones gain nothing measurable. */
const BATCH_ROWS = 1_000;
/**
 * Bytes per batch at most, a single larger message apart. Kafka's limit is per partition and request; staying
 * below it with the sum keeps a batch from being refused whose messages are each small enough.
 */
const BATCH_BYTES = 900_000;
/**
 * Milliseconds from one look at the outbox, or the batch that came of it, to the next, unless there is more than
 * fits into a batch. A transaction costs the same for one message and for a thousand: at a steady rate this is
 * what collects them.
 */
const LINGER_MS = 125;
/** Milliseconds until the outbox is looked at without having been called; a lost notification costs no more. */
const IDLE_MS = 1_000;

export interface LaneWorkerOptions {
  config: Pick<Config, 'kafka'>;
  kafka: Kafka;
  logger: Logger;
  db: Pool;
  lanes: Pick<Lanes, 'asOwner' | 'holds'>;
  holding: Holding;
  /** Of the relay: what is under way is finished, nothing new is begun. */
  stopping: AbortSignal;
  /** Waits before the next try, the `failures`-th in a row; rejects when the relay stops. */
  pause: (failures: number) => Promise<void>;
}

/**
 * Publishes one lane for as long as it is ours: reads a batch, lets it be published and deleted, and so on.
 * While a batch is under way the next one is read, if there is more: two are in memory at most.
 */
export class LaneWorker {
  /** Never rejects. When the lane is still ours then, another worker may try. */
  readonly finished: Promise<void>;
  readonly #options: LaneWorkerOptions;
  readonly #publisher: Publisher;
  #limit = BATCH_ROWS;
  #notBefore = 0;
  #called = false;
  #wake: () => void = () => undefined;

  constructor(options: LaneWorkerOptions) {
    this.#options = options;
    this.#publisher = new Publisher({
      ...options,
      mayGoOn: () => this.#mayGoOn(),
      forget: (ids) => this.#forget(ids),
    });
    this.finished = this.#run();
  }

  /** Whether Kafka took the last batch. */
  get healthy(): boolean {
    return this.#publisher.healthy;
  }

  /** There may be new rows, or the lane may be ours no longer. */
  call(): void {
    this.#called = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    const { logger, holding } = this.#options;
    try {
      await this.#publisher.takeOver();
      await this.#publishAll();
    } catch (error) {
      if (this.#mayGoOn())
        logger.warn({ err: error, lane: holding.lane }, 'an outbox lane is taken up again');
      else if (!(error instanceof LaneLost))
        logger.debug({ err: error, lane: holding.lane }, 'lane given up');
    }
    await this.#publisher.close();
  }

  async #publishAll(): Promise<void> {
    let next: OutboxPage | undefined;
    while (this.#mayGoOn()) {
      const { rows, more } = next ?? (await this.#look());
      next = undefined;
      if (rows.length === 0) {
        await this.#idle();
        continue;
      }
      const reading = more ? this.#read(rows.map(({ id }) => id)) : undefined;
      // Also where publishing fails first.
      reading?.catch(() => undefined);
      await this.#publisher.publish(rows);
      this.#notBefore = performance.now() + LINGER_MS;
      next = await reading;
    }
  }

  /** Reads the next rows, not sooner than a moment after it did the last time. */
  async #look(): Promise<OutboxPage> {
    const wait = this.#notBefore - performance.now();
    if (wait > 0) await sleep(wait, undefined, { signal: this.#options.stopping });
    return this.#read([]);
  }

  async #read(except: readonly string[]): Promise<OutboxPage> {
    const { db, holding } = this.#options;
    this.#called = false;
    this.#notBefore = performance.now() + LINGER_MS;
    const limit = this.#limit;
    const page = await readOutbox(db, holding.lane, { except, limit, bytes: BATCH_BYTES });
    // A batch that its bytes have cut short: what was looked at in vain was still brought here by PostgreSQL.
    const tooMany = page.rows.length < limit && page.more;
    this.#limit = tooMany ? Math.max(1, page.rows.length * 2) : Math.min(BATCH_ROWS, limit * 2);
    return page;
  }

  /** Deletes what Kafka has; tries until it succeeds, because the next batch must not be recorded before. */
  async #forget(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const { db, logger, holding, pause } = this.#options;
    for (let failures = 1; ; failures++) {
      try {
        return await deleteFromOutbox(db, ids);
      } catch (error) {
        // Whoever has the lane next does it.
        if (!this.#mayGoOn()) throw error;
        logger.warn({ err: error, lane: holding.lane }, 'published rows cannot be deleted: trying again');
        await pause(failures);
      }
    }
  }

  #mayGoOn(): boolean {
    return !this.#options.stopping.aborted && this.#options.lanes.holds(this.#options.holding);
  }

  /** Until there are new rows, the lane is lost, the relay stops or a second has passed. */
  async #idle(): Promise<void> {
    if (this.#called) return;
    const waiting = new AbortController();
    this.#wake = () => waiting.abort();
    await sleep(IDLE_MS, undefined, { signal: waiting.signal }).catch(() => undefined);
  }
}
