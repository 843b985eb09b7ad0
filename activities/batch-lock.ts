/**
 * One dispatcher per batch at a time. Temporal hands a batch to another worker when the first falls silent;
 * if that one is alive and merely cut off from Temporal, both would ask the TMS.
 */
import { ApplicationFailure } from '@temporalio/common';
import pLimit from 'p-limit';
import type { PoolClient, QueryConfig } from 'pg';
import type { Pool } from '../db/pool.ts';

export interface BatchLocks {
  /**
   * Runs `work` while holding the lock of `name`. The signal it is given is aborted when the lock is lost.
   * @throws ApplicationFailure (retryable) while somebody else holds it
   */
  hold<T>(name: string, work: (lost: AbortSignal) => Promise<T>): Promise<T>;
  /** Gives the connection back; nothing may be held any more. */
  close(): Promise<void>;
}

interface Session {
  client: PoolClient;
  release(error?: Error): void;
  /** Gives the connection up: all that is held is lost. */
  lose(error: Error): void;
}

/** Milliseconds until a question about a lock that is not answered means that the connection is dead. */
const ANSWER_MS = 5_000;

/**
 * The locks of a process. They are advisory locks of one database connection, and so end with the process, or
 * with its connection, without anybody's doing.
 */
export function createBatchLocks(pool: Pool): BatchLocks {
  const held = new Map<string, AbortController>();
  const oneAtATime = pLimit(1);
  let session: Promise<Session> | undefined;

  async function connect(): Promise<Session> {
    const client = await pool.connect();
    let isLost = false;
    const lose = (error: Error): void => {
      if (isLost) return;
      isLost = true;
      session = undefined;
      release(error);
      for (const lost of held.values()) lost.abort(error);
    };
    const release = (error?: Error): void => {
      client.off('error', lose);
      client.release(error);
    };
    client.on('error', lose);
    return { client, release, lose };
  }

  async function currentSession(): Promise<Session> {
    session ??= connect();
    try {
      return await session;
    } catch (error) {
      session = undefined;
      throw error;
    }
  }

  /** A connection that does not answer is given up, or every later question would wait for it, too. */
  async function ask(
    current: Session,
    what: 'pg_try_advisory_lock' | 'pg_advisory_unlock',
    name: string,
  ): Promise<boolean> {
    try {
      const { rows } = await oneAtATime(() =>
        current.client.query<{ done: boolean }>({
          text: `SELECT ${what}(hashtextextended($1, 0)) AS done`,
          values: [name],
          query_timeout: ANSWER_MS,
        } as QueryConfig),
      );
      return rows[0]?.done ?? false;
    } catch (error) {
      current.lose(error as Error);
      throw error;
    }
  }

  return {
    async hold(name, work) {
      // The database lets one session take a lock twice, so the process keeps its own order.
      if (held.has(name)) throw isHeld(name);
      const lost = new AbortController();
      held.set(name, lost);
      try {
        const current = await currentSession();
        if (!(await ask(current, 'pg_try_advisory_lock', name))) throw isHeld(name);
        try {
          return await work(lost.signal);
        } finally {
          // A lock of a lost session is gone already.
          if (!lost.signal.aborted) await ask(current, 'pg_advisory_unlock', name).catch(() => undefined);
        }
      } finally {
        held.delete(name);
      }
    },
    async close() {
      const open = await session?.catch(() => undefined);
      session = undefined;
      open?.release();
    },
  };
}

function isHeld(name: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'BatchHeld',
    message: `${name} is still being dispatched by another worker`,
    nextRetryDelay: '1 second',
    category: 'BENIGN',
  });
}
