/**
 * The database's clock. What is decided in one process and meant for others goes by it, whatever the clock of the
 * machine says that happens to decide.
 */
import type { Queryable } from './pool.ts';

/** SQL for this moment, epoch ms. */
export const EPOCH_MS = `(extract(epoch FROM clock_timestamp()) * 1000)::float8`;

/** Epoch ms. */
export async function databaseNow(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ now: number }>({ name: 'now', text: `SELECT ${EPOCH_MS} AS now` });
  return rows[0]?.now ?? NaN;
}

/**
 * A clock that goes on from what the database has just said, for what lasts longer than one question.
 * @param now epoch ms
 */
export function clockFrom(now: number): () => number {
  const since = performance.now();
  return () => now + performance.now() - since;
}
