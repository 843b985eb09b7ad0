import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';

/**
 * Brings the database at `databaseUrl` to the newest schema. Several processes may call it at once: the
 * library holds a lock, the later ones find nothing left to do.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  await runner({
    databaseUrl,
    dir: fileURLToPath(new URL('./migrations', import.meta.url)),
    direction: 'up',
    migrationsTable: 'schema_migration',
    checkOrder: true,
    advisoryLockMode: 'wait',
    log: () => undefined,
  });
}
