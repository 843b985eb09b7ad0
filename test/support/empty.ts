import { inTransaction, type Pool } from '../../db/pool.ts';

/** Empties tables between tests, also those that are append-only: as a superuser, who may switch their triggers off. */
export async function emptyTables(pool: Pool, ...tables: readonly string[]): Promise<void> {
  await inTransaction(pool, async (db) => {
    await db.query('SET LOCAL session_replication_role = replica');
    await db.query(`TRUNCATE ${tables.join(', ')}`);
  });
}
