import { afterAll, beforeAll, expect, it } from 'vitest';
import { createBatchLocks } from '../../activities/batch-lock.ts';
import { createPool, type Pool } from '../../db/pool.ts';
import { createTestDatabase, START_TIMEOUT_MS, type TestDatabase } from '../support/stack.ts';

let database: TestDatabase;
/** Two processes of their own, as far as the database can tell; smaller than the number of locks taken. */
let pools: Pool[];
beforeAll(async () => {
  database = await createTestDatabase();
  pools = ['one', 'two'].map((name) => createPool({ url: database.url, poolSize: 2 }, name));
}, START_TIMEOUT_MS);
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await database.drop();
});

function locksOf(index: 0 | 1): ReturnType<typeof createBatchLocks> {
  return createBatchLocks(pools[index] as Pool);
}

it('a batch is held by one worker at a time, in another process and in the same', async () => {
  const [mine, others] = [locksOf(0), locksOf(1)];
  await mine.hold('batch', async () => {
    await expect(others.hold('batch', async () => 'both')).rejects.toThrow(/batch is still being dispatched/);
    await expect(mine.hold('batch', async () => 'twice')).rejects.toThrow(/batch is still being dispatched/);
  });
  expect(await others.hold('batch', async () => 'next')).toBe('next');
  await Promise.all([mine.close(), others.close()]);
});

it('any number of batches is held with one connection, and the rest of the pool stays free', async () => {
  const locks = locksOf(0);
  const pool = pools[0] as Pool;
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      locks.hold(`batch ${index}`, async () => (await pool.query('SELECT 1 AS one')).rows[0].one as number),
    ),
  );
  expect(results).toEqual(Array.from({ length: 20 }, () => 1));
  await locks.close();
});

it('a worker whose connection is cut is told, and another may take the batch', async () => {
  const [mine, others] = [locksOf(0), locksOf(1)];
  await mine.hold('batch', async (lost) => {
    const cut = new Promise((resolve) => lost.addEventListener('abort', resolve));
    await (pools[1] as Pool).query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks
       WHERE locktype = 'advisory' AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    await cut;
    expect(await others.hold('batch', async () => 'taken over')).toBe('taken over');
  });
  expect(await mine.hold('batch', async () => 'again')).toBe('again');
  await Promise.all([mine.close(), others.close()]);
});
