import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { deleteFromOutbox, outboxBacklog, readOutbox } from '../db/outbox.ts';
import type { OutboxRow } from '../db/outbox.ts';
import { createPool } from '../db/pool.ts';
import type { Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import { outboxLanesOwned, outboxOldestSeconds, outboxWaiting } from '../observability/metrics.ts';
import { Lanes } from './lanes.ts';
import type { Holding } from './lanes.ts';
import { Publisher } from './publisher.ts';
import { TopicError, ensureTopics } from './topics.ts';

export interface RelayOptions {
  config: Pick<Config, 'database' | 'kafka'>;
  logger: Logger;
}

/** Rows per batch. Larger ones gain nothing measurable; three batches are in memory at most. */
const BATCH_ROWS = 1_000;
/** Bytes per batch that later reads aim at, so that large messages do not fill the memory. */
const BATCH_BYTES = 4_000_000;
/** Milliseconds until the outbox is looked at without having been called; a lost notification costs no more. */
const IDLE_MS = 1_000;
const BACKLOG_MS = 5_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** Milliseconds that a relay that stops gives its last batch; a broker that answers needs a fraction of it. */
const STOP_MS = 10_000;

/** Rows as they were read, each with the holding of its lane under which it was read. */
interface Batch {
  rows: OutboxRow[];
  /** The read gave as many rows as it may: there are more. */
  full: boolean;
}

/**
 * Publishes the outbox to Kafka: in order per key, at least once, whatever happens to it, Kafka or PostgreSQL.
 *
 * Three steps overlap: while one batch is being published, the next is read and the one before is deleted.
 * Only one is ever being published, which keeps the order. A row is deleted when Kafka has acknowledged it; a
 * relay that dies in between has its rows published again by the next one, with the same event ids.
 */
export class Relay {
  /** Rejects when the topics can't be had as they must be; otherwise resolves when the relay was stopped. */
  readonly finished: Promise<void>;
  readonly #config: RelayOptions['config'];
  readonly #logger: Logger;
  readonly #pool: Pool;
  readonly #lanes: Lanes;
  readonly #publisher: Publisher;
  readonly #stopping = new AbortController();
  /** What is being read, published or deleted: lane and holding by row id. */
  readonly #underWay = new Map<string, Holding>();
  #limit = BATCH_ROWS;
  #called = false;
  #wake: () => void = () => undefined;
  #kafkaReady = false;

  constructor({ config, logger }: RelayOptions) {
    this.#config = config;
    this.#logger = logger;
    this.#pool = createPool(config.database, 'relay');
    this.#publisher = new Publisher({
      config,
      logger,
      isOurs: (row) => this.#isOurs(row),
      pause: (failures) => this.#pause(failures),
    });
    this.#lanes = new Lanes({
      databaseUrl: config.database.url,
      logger,
      isBusy: (lane) => [...this.#underWay.values()].some((holding) => holding.lane === lane),
      onChange: () => {
        outboxLanesOwned.set(this.#lanes.held().length);
        this.#call();
      },
    });
    this.finished = Promise.all([this.#run(), this.#watchBacklog()]).then(() => undefined);
  }

  /** Whether it can publish: connected to PostgreSQL, and Kafka took the last batch. */
  ready(): boolean {
    return this.#kafkaReady && this.#lanes.connected && this.#publisher.healthy;
  }

  /** Finishes the batch under way, then gives its lanes to other relays. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#call();
    await Promise.race([this.finished.catch(() => undefined), sleep(STOP_MS, undefined, { ref: false })]);
    await this.#lanes.stop();
    await this.#publisher.close();
    await this.#pool.end();
  }

  async #run(): Promise<void> {
    await this.#prepareKafka();
    let next: Batch | undefined;
    let deleting: Promise<void> = Promise.resolve();
    while (!this.#stopping.signal.aborted) {
      const batch = next ?? (await this.#read());
      next = undefined;
      if (batch.rows.length === 0) {
        await this.#idle();
        continue;
      }
      const reading = batch.full ? this.#read() : undefined;
      const acknowledged = await this.#publisher.publish(batch.rows);
      const ids = new Set(acknowledged);
      this.#forget(batch.rows.filter(({ id }) => !ids.has(id)).map(({ id }) => id));
      // One deletion at a time bounds what is in memory while PostgreSQL is away.
      await deleting;
      deleting = this.#delete(acknowledged);
      next = await reading;
    }
    if (next) this.#forget(next.rows.map(({ id }) => id));
    await deleting;
  }

  async #prepareKafka(): Promise<void> {
    for (let failures = 1; !this.#kafkaReady; failures++) {
      try {
        await ensureTopics(this.#config, this.#logger);
        await this.#publisher.connect();
        this.#kafkaReady = true;
      } catch (error) {
        if (error instanceof TopicError) throw error;
        this.#logger.warn({ err: error }, 'Kafka is not there yet: trying again');
        await this.#pause(failures).catch(() => undefined);
        if (this.#stopping.signal.aborted) return;
      }
    }
  }

  /** Reads the next rows of our lanes; an empty batch when there are none or PostgreSQL is away. */
  async #read(): Promise<Batch> {
    this.#called = false;
    const holdings = new Map(this.#lanes.held().map((holding) => [holding.lane, holding]));
    const lanes = [...holdings.keys()];
    try {
      const rows = await readOutbox(this.#pool, lanes, [...this.#underWay.keys()], this.#limit);
      for (const { id, lane } of rows) {
        const holding = holdings.get(lane);
        if (holding) this.#underWay.set(id, holding);
      }
      const full = rows.length * 2 >= this.#limit;
      this.#adaptLimit(rows);
      return { rows, full };
    } catch (error) {
      this.#logger.warn({ err: error }, 'the outbox cannot be read: trying again');
      return { rows: [], full: false };
    }
  }

  #adaptLimit(rows: readonly OutboxRow[]): void {
    const bytes = rows.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
    if (bytes === 0) return;
    this.#limit = Math.max(1, Math.min(BATCH_ROWS, Math.floor((BATCH_BYTES * rows.length) / bytes)));
  }

  /** Deletes what Kafka has; tries until it succeeds, because what is not deleted is published again. */
  async #delete(ids: string[]): Promise<void> {
    for (let failures = 1; ids.length > 0; failures++) {
      try {
        await deleteFromOutbox(this.#pool, ids);
        break;
      } catch (error) {
        this.#logger.warn({ err: error }, 'published outbox rows cannot be deleted: trying again');
        // A relay that stops leaves them to the next one.
        if (this.#stopping.signal.aborted) break;
        await this.#pause(failures).catch(() => undefined);
      }
    }
    this.#forget(ids);
  }

  #forget(ids: readonly string[]): void {
    for (const id of ids) this.#underWay.delete(id);
  }

  #isOurs({ id }: OutboxRow): boolean {
    const holding = this.#underWay.get(id);
    return holding !== undefined && this.#lanes.holds(holding);
  }

  /** Until there are new rows, lanes change or a second has passed. */
  async #idle(): Promise<void> {
    if (this.#called || this.#stopping.signal.aborted) return;
    const waiting = new AbortController();
    this.#wake = () => waiting.abort();
    await sleep(IDLE_MS, undefined, { signal: waiting.signal }).catch(() => undefined);
  }

  #call(): void {
    this.#called = true;
    this.#wake();
  }

  async #pause(failures: number): Promise<void> {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 10));
    await sleep(longest * (0.5 + Math.random() / 2), undefined, { signal: this.#stopping.signal });
  }

  async #watchBacklog(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      // While PostgreSQL is away the last figures stay.
      const backlog = await outboxBacklog(this.#pool).catch(() => undefined);
      if (backlog) {
        outboxWaiting.set(backlog.waiting);
        outboxOldestSeconds.set(backlog.oldestSeconds);
      }
      await sleep(BACKLOG_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
