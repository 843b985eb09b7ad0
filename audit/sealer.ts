import { setTimeout as sleep } from 'node:timers/promises';
import { appendToChain, lockChainHead, readSealingState, readUnsealed } from '../db/event-chain.ts';
import { inTransaction, type Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import { auditChainPosition, auditSealingLagSeconds, auditUnsealedEvents } from '../observability/metrics.ts';
import { chainHash } from './chain.ts';

/** Events per transaction. */
const BATCH = 1_000;
/** Milliseconds between two looks for new events, while there are none. */
const IDLE_MS = 200;
const AFTER_FAILURE_MS = 1_000;
const STATE_MS = 5_000;

/**
 * Seals the next events: puts them into the chain in the order of their transactions. Safe for any number of
 * processes at once: each batch is one transaction that holds the end of the chain.
 * @returns how many
 */
export async function sealNext(pool: Pool, limit = BATCH): Promise<number> {
  return inTransaction(pool, async (db) => {
    const head = await lockChainHead(db);
    const events = await readUnsealed(db, head, limit);
    let { position, hash } = head;
    const sealed = events.map((event) => {
      position++;
      hash = chainHash(hash, event);
      return { event, position, hash };
    });
    await appendToChain(db, sealed);
    return sealed.length;
  });
}

/** Keeps the chain up to date, a moment behind the events; while PostgreSQL is away it waits. */
export class Sealer {
  readonly finished: Promise<void>;
  readonly #pool: Pool;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #healthy = true;
  #reported = false;

  constructor({ pool, logger }: { pool: Pool; logger: Logger }) {
    this.#pool = pool;
    this.#logger = logger;
    this.finished = Promise.all([this.#run(), this.#watch()]).then(() => undefined);
  }

  ready(): boolean {
    return this.#healthy;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.finished;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        if ((await sealNext(this.#pool)) < BATCH) await this.#pause(IDLE_MS);
      } catch (error) {
        this.#logger.warn({ err: error }, 'events could not be sealed: trying again');
        await this.#pause(AFTER_FAILURE_MS);
      }
    }
  }

  async #watch(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      // While PostgreSQL is away the last figures stay.
      const state = await readSealingState(this.#pool).catch(() => undefined);
      if (state) {
        auditChainPosition.set(state.position);
        auditUnsealedEvents.set(state.unsealed);
        auditSealingLagSeconds.set(state.lagSeconds);
        this.#healthy = !state.isBehind;
        if (state.isBehind && !this.#reported) {
          this.#logger.error(
            'no event can be sealed: the database counts its transactions anew, as after a restore from a dump. Stop everything, run SELECT rebase_event_order(), start again (docs/audit.md)',
          );
        }
        this.#reported = state.isBehind;
      }
      await this.#pause(STATE_MS);
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
