import { DatabaseError } from 'pg';
import { inTransaction, type Pool } from '../../db/pool.ts';

/** How often a reader may meet the truncation before something else must be wrong. */
const MOST_TRIES = 5;

/** Empties tables between tests, also those that are append-only: as a superuser, who may switch their triggers off. */
export async function emptyTables(pool: Pool, ...tables: readonly string[]): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await inTransaction(pool, async (db) => {
        await db.query('SET LOCAL session_replication_role = replica');
        await db.query(`TRUNCATE ${tables.join(', ')}`);
      });
    } catch (error) {
      // A reader locks tables in the order of its statement, not in ours: PostgreSQL breaks off one of the two.
      const deadlock = error instanceof DatabaseError && error.code === '40P01';
      if (!deadlock || tries === MOST_TRIES) throw error;
    }
  }
}
