/**
 * One dispatcher per batch at a time. Temporal hands a batch to another worker when the first falls silent;
 * if that one is alive and merely cut off from Temporal, both would ask the TMS. The lock belongs to a
 * database connection, so that it ends with the process that holds it.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { Pool } from '../db/pool.ts';

/**
 * Runs `work` while holding the lock of `name`. The signal it is given is aborted when the lock is lost.
 * @throws ApplicationFailure (retryable) while somebody else holds it
 */
export async function withBatchLock<T>(
  pool: Pool,
  name: string,
  work: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  const lost = new AbortController();
  const lose = (error: Error): void => lost.abort(error);
  client.on('error', lose);
  try {
    const { rows } = await client.query<{ held: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS held',
      [name],
    );
    if (!rows[0]?.held) {
      throw ApplicationFailure.create({
        type: 'BatchHeld',
        message: `${name} is still being dispatched by another worker`,
        nextRetryDelay: '1 second',
        category: 'BENIGN',
      });
    }
    try {
      return await work(lost.signal);
    } finally {
      if (!lost.signal.aborted) {
        await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch(lose);
      }
    }
  } finally {
    client.off('error', lose);
    // A connection that failed is not given back: its lock, if any, ends with it.
    client.release(lost.signal.aborted);
  }
}
