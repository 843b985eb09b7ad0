import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { Client } from 'pg';
import type { Queryable } from '../db/pool.ts';
import { OUTBOX_CHANNEL, OUTBOX_LANES } from '../db/outbox.ts';
import type { Logger } from '../observability/logger.ts';

/** Advisory lock spaces: one lock per lane, one per relay that lives. The numbers only have to be unused. */
const LANE_LOCKS = 7_305_002;
const MEMBER_LOCKS = 7_305_003;

/** Milliseconds between two looks at who else lives. */
const TICK_MS = 500;
/**
 * Milliseconds for which an answer of the database proves that the lanes are still ours. A process that was
 * suspended for longer publishes nothing before it has asked again.
 */
const LEASE_MS = 3_000;
/** Milliseconds until a question that the database does not answer counts as a lost connection. */
const ANSWER_MS = 2_000;
/**
 * Milliseconds after which the server ends a session that asks nothing, and with it the lanes of a process that
 * is suspended or stuck. Longer than the lease: such a relay believes itself without lanes before it is.
 */
const SILENCE_MS = 6_000;

export interface LanesOptions {
  databaseUrl: string;
  logger: Logger;
  /** Rows of the lane are being worked on: a lane that is to be given away waits for them. */
  isBusy: (lane: number) => boolean;
  /** There are new rows, or lanes have come or gone. */
  onChange: () => void;
}

/** The lane is no longer this relay's, or it can't be known. */
export class LaneLost extends Error {
  override name = 'LaneLost';
}

/** A lane as held at one moment; it is another holding when the lane was lost in between. */
export interface Holding {
  lane: number;
  term: number;
}

/**
 * The lanes of the outbox that this relay publishes, shared fairly among all relays that live.
 *
 * Each lane is an advisory lock of one database session. While the session lives no other relay can have the
 * lane; when the process or its connection dies, the server gives the lane free and another relay takes it
 * with its next look. Whoever has more than its share gives lanes away, once nothing of theirs is under way.
 */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  /** A session answers one question at a time. */
  readonly #turn = pLimit(1);
  #session: Client | undefined;
  #provenUntil = 0;
  #terms = 0;
  /** Term by lane. */
  #held = new Map<number, number>();
  /** Locked, but no longer worked on: given away as soon as they are not busy. */
  #leaving = new Set<number>();

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** The lanes that may be worked on right now. */
  held(): Holding[] {
    if (!this.connected) return [];
    return [...this.#held].map(([lane, term]) => ({ lane, term }));
  }

  /** Whether the lane is held now and was never lost since. */
  holds({ lane, term }: Holding): boolean {
    return this.connected && this.#held.get(lane) === term;
  }

  /** Whether the database has answered recently. */
  get connected(): boolean {
    return this.#session !== undefined && performance.now() < this.#provenUntil;
  }

  /**
   * Runs statements in the session that holds the lane. What they change, they change as its owner: no other
   * relay can have had the lane before they were done, nor can they be done after it was lost.
   * @throws LaneLost also where the statements fail: whoever goes on must then begin by taking over
   */
  async asOwner<T>(holding: Holding, work: (session: Queryable) => Promise<T>): Promise<T> {
    return this.#turn(async () => {
      const session = this.#session;
      if (!session || !this.holds(holding)) throw new LaneLost(`Lane ${holding.lane} is no longer held.`);
      try {
        return await work(session);
      } catch (error) {
        throw new LaneLost(`Lane ${holding.lane} can't be worked on.`, { cause: error });
      }
    });
  }

  /** Gives all lanes free. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { logger } = this.#options;
    let reported = false;
    while (!this.#stopping.signal.aborted) {
      try {
        const session = await this.#connect();
        reported = false;
        await this.#serve(session);
      } catch (error) {
        if (!reported) logger.warn({ err: error }, 'no connection for the outbox lanes: trying again');
        reported = true;
      }
      await this.#disconnect();
      await sleep(TICK_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  async #connect(): Promise<Client> {
    const session = new Client({
      connectionString: this.#options.databaseUrl,
      application_name: 'relay-lanes',
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
    });
    // With `end` comes the end of every lane at once, not only at the next look.
    session.on('error', () => this.#lose(session));
    session.on('end', () => this.#lose(session));
    session.on('notification', () => this.#options.onChange());
    await session.connect();
    this.#session = session;
    // A relay whose machine has died must not keep its lanes for the two hours that TCP allows.
    await session.query(
      `SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
       SET tcp_user_timeout = 10000; SET idle_session_timeout = ${SILENCE_MS}; LISTEN ${OUTBOX_CHANNEL}`,
    );
    await session.query('SELECT pg_advisory_lock($1, pg_backend_pid())', [MEMBER_LOCKS]);
    return session;
  }

  /** Keeps the lanes balanced until the session is lost or the relay stops. */
  async #serve(session: Client): Promise<void> {
    while (this.#session === session && !this.#stopping.signal.aborted) {
      await this.#turn(() => this.#balance(session));
      await sleep(TICK_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  async #balance(session: Client): Promise<void> {
    const asked = performance.now();
    const { rows } = await session.query<{ members: number }>(
      `SELECT count(*)::integer AS members FROM pg_locks
       WHERE locktype = 'advisory' AND classid = $1 AND objsubid = 2 AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [MEMBER_LOCKS],
    );
    this.#provenUntil = asked + LEASE_MS;
    const share = Math.ceil(OUTBOX_LANES / Math.max(1, rows[0]?.members ?? 1));
    const before = this.#describe();
    this.#markSurplus(share);
    await this.#giveAway(session);
    await this.#take(session, share);
    if (this.#describe() === before) return;
    this.#options.logger.info(
      { lanes: [...this.#held.keys()].sort((a, b) => a - b), share },
      'outbox lanes have changed',
    );
    this.#options.onChange();
  }

  #describe(): string {
    return [...this.#held].flat().join();
  }

  #markSurplus(share: number): void {
    for (const lane of [...this.#held.keys()].slice(share)) {
      this.#held.delete(lane);
      this.#leaving.add(lane);
    }
  }

  async #giveAway(session: Client): Promise<void> {
    for (const lane of this.#leaving) {
      if (this.#options.isBusy(lane)) continue;
      await session.query('SELECT pg_advisory_unlock($1, $2)', [LANE_LOCKS, lane]);
      this.#leaving.delete(lane);
    }
  }

  async #take(session: Client, share: number): Promise<void> {
    for (let lane = 0; lane < OUTBOX_LANES && this.#held.size < share; lane++) {
      // A lane on its way out is still locked by us: locking it again would count twice.
      if (this.#held.has(lane) || this.#leaving.has(lane)) continue;
      const { rows } = await session.query<{ taken: boolean }>(
        'SELECT pg_try_advisory_lock($1, $2) AS taken',
        [LANE_LOCKS, lane],
      );
      if (rows[0]?.taken && this.#session === session) this.#held.set(lane, ++this.#terms);
    }
  }

  #lose(session: Client): void {
    if (this.#session !== session) return;
    if (this.#held.size > 0 && !this.#stopping.signal.aborted) {
      this.#options.logger.warn('the outbox lanes are lost with their connection');
    }
    this.#session = undefined;
    this.#provenUntil = 0;
    this.#held = new Map();
    this.#leaving = new Set();
    this.#options.onChange();
  }

  async #disconnect(): Promise<void> {
    const session = this.#session;
    if (!session) return;
    this.#lose(session);
    // A server that does not answer must not hold up the next try; the socket is dropped in any case.
    await Promise.race([session.end().catch(() => undefined), sleep(ANSWER_MS, undefined, { ref: false })]);
  }
}
