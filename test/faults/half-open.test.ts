/** Connections to PostgreSQL whose other end is gone without a word: no error ever comes, and no answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBatchLocks } from '../../activities/batch-lock.ts';
import { createPool, inTransaction, type Pool } from '../../db/pool.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { untilDone } from '../support/persistence.ts';
import { createTestDatabase, START_TIMEOUT_MS, type TestDatabase } from '../support/stack.ts';

const ANSWER_MS = 1_000;

let database: TestDatabase;
let proxy: FaultProxy;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await FaultProxy.open(Number(new URL(database.url).port));
  const url = new URL(database.url);
  url.port = String(proxy.port);
  pool = createPool({ url: url.href, poolSize: 2 }, 'half-open', ANSWER_MS);
}, START_TIMEOUT_MS);
afterAll(async () => {
  await pool.end();
  await proxy.close();
  await database.drop();
});

const one = async (): Promise<unknown> => (await pool.query('SELECT 1 AS one')).rows[0].one;

describe('half-open connections', () => {
  it('are given up by the statement that is not answered, and the pool goes on with new ones', async () => {
    // As many as the pool may have: with these it could do nothing more.
    await Promise.all([one(), pool.query('SELECT pg_sleep(0.2)')]);
    expect(proxy.halfOpen()).toBe(2);
    const lost = await Promise.allSettled([one(), one()]);
    expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await one()).toBe(1);
  });

  it('do not keep a transaction in a pool that can never end', async () => {
    const broken = inTransaction(pool, async (client) => {
      await client.query('SELECT 1');
      proxy.halfOpen();
      await client.query('SELECT 1');
    });
    await expect(broken).rejects.toThrow('Query read timeout');
    const works = Array.from({ length: 2 }, () => inTransaction(pool, (client) => client.query('SELECT 1')));
    expect(await Promise.all(works)).toHaveLength(2);
  });

  it('lose the locks of a worker, which is told, and takes locks again over a new one', async () => {
    const locks = createBatchLocks(pool);
    await locks.hold('first', async (lost) => {
      proxy.halfOpen();
      await expect(locks.hold('second', async () => 'held')).rejects.toThrow('Query read timeout');
      expect(lost.aborted).toBe(true);
    });
    // The pool may have had more that are dead.
    expect(await untilDone(() => locks.hold('second', async () => 'held'))).toBe('held');
    await locks.close();
  });
});
