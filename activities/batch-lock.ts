/**
 * One dispatcher per batch at a time. Temporal hands a batch to another worker when the first falls silent;
 * if that one is alive and merely cut off from Temporal, both would ask the TMS.
 */
import { ApplicationFailure } from '@temporalio/common';
import pLimit from 'p-limit';
import type { PoolClient } from 'pg';
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
}

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
    const lose = (error: Error): void => {
      session = undefined;
      release(error);
      for (const lost of held.values()) lost.abort(error);
    };
    const release = (error?: Error): void => {
      client.off('error', lose);
      client.release(error);
    };
    client.on('error', lose);
    return { client, release };
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

  return {
    async hold(name, work) {
      // The database lets one session take a lock twice, so the process keeps its own order.
      if (held.has(name)) throw isHeld(name);
      const lost = new AbortController();
      held.set(name, lost);
      try {
        const { client } = await currentSession();
        const { rows } = await oneAtATime(() =>
          client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken', [
            name,
          ]),
        );
        if (!rows[0]?.taken) throw isHeld(name);
        try {
          return await work(lost.signal);
        } finally {
          // A lock of a lost session is gone already.
          if (!lost.signal.aborted) {
            await oneAtATime(() =>
              client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]),
            ).catch(() => undefined);
          }
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
