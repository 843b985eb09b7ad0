import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { Config } from '../config.ts';
import { outboxBacklog } from '../db/outbox.ts';
import { createPool } from '../db/pool.ts';
import type { Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import { outboxLanesOwned, outboxOldestSeconds, outboxWaiting } from '../observability/metrics.ts';
import { createKafka } from './kafka.ts';
import { LaneWorker } from './lane-worker.ts';
import { Lanes } from './lanes.ts';
import type { Holding } from './lanes.ts';
import { TopicError, ensureTopics } from './topics.ts';

export interface RelayOptions {
  config: Pick<Config, 'database' | 'kafka'>;
  logger: Logger;
}

/** Milliseconds until the lanes are looked at without their having changed. */
const IDLE_MS = 1_000;
const BACKLOG_MS = 5_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** Milliseconds that a relay that stops gives its last batches; a broker that answers needs a fraction of it. */
const STOP_MS = 10_000;

/**
 * Publishes the outbox to Kafka: in order per key, exactly once, whatever happens to it, Kafka or PostgreSQL.
 * Each of its lanes has a worker of its own; see `Publisher` for how it keeps that promise.
 */
export class Relay {
  /** Rejects when the topics can't be had as they must be; otherwise resolves when the relay was stopped. */
  readonly finished: Promise<void>;
  readonly #config: RelayOptions['config'];
  readonly #logger: Logger;
  readonly #pool: Pool;
  readonly #kafka: Kafka;
  readonly #lanes: Lanes;
  readonly #stopping = new AbortController();
  readonly #workers = new Map<number, LaneWorker>();
  #called = false;
  #wake: () => void = () => undefined;
  #kafkaReady = false;

  constructor({ config, logger }: RelayOptions) {
    this.#config = config;
    this.#logger = logger;
    this.#pool = createPool(config.database, 'relay');
    this.#kafka = createKafka(config.kafka, 'relay', logger);
    this.#lanes = new Lanes({
      databaseUrl: config.database.url,
      logger,
      isBusy: (lane) => this.#workers.has(lane),
      onChange: () => {
        outboxLanesOwned.set(this.#lanes.held().length);
        this.#call();
      },
    });
    this.finished = Promise.all([this.#run(), this.#watchBacklog()]).then(() => undefined);
  }

  /** Whether it can publish: connected to PostgreSQL, and Kafka took the last batch of every lane. */
  ready(): boolean {
    const healthy = [...this.#workers.values()].every((worker) => worker.healthy);
    return this.#kafkaReady && this.#lanes.connected && healthy;
  }

  /** Finishes the batches under way, then gives its lanes to other relays. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#call();
    await Promise.race([this.finished.catch(() => undefined), sleep(STOP_MS, undefined, { ref: false })]);
    await this.#lanes.stop();
    await this.#pool.end();
  }

  async #run(): Promise<void> {
    await this.#prepareKafka();
    while (!this.#stopping.signal.aborted) {
      this.#called = false;
      for (const holding of this.#lanes.held()) {
        if (!this.#workers.has(holding.lane)) this.#work(holding);
      }
      await this.#idle();
    }
    await Promise.all([...this.#workers.values()].map((worker) => worker.finished));
  }

  async #prepareKafka(): Promise<void> {
    for (let failures = 1; !this.#kafkaReady; failures++) {
      try {
        await ensureTopics(this.#config, this.#logger);
        this.#kafkaReady = true;
      } catch (error) {
        if (error instanceof TopicError) throw error;
        this.#logger.warn({ err: error }, 'Kafka is not there yet: trying again');
        await this.#pause(failures).catch(() => undefined);
        if (this.#stopping.signal.aborted) return;
      }
    }
  }

  /** Has a lane published until it is lost; where it comes to an end too early, another worker begins. */
  #work(holding: Holding): void {
    const worker = new LaneWorker({
      config: this.#config,
      kafka: this.#kafka,
      logger: this.#logger,
      db: this.#pool,
      lanes: this.#lanes,
      holding,
      stopping: this.#stopping.signal,
      pause: (failures) => this.#pause(failures),
    });
    this.#workers.set(holding.lane, worker);
    void this.#outlive(worker, holding);
  }

  async #outlive(worker: LaneWorker, holding: Holding): Promise<void> {
    await worker.finished;
    if (this.#lanes.holds(holding)) await this.#pause(1).catch(() => undefined);
    this.#workers.delete(holding.lane);
    this.#call();
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
    for (const worker of this.#workers.values()) worker.call();
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
