/**
 * `node stack/prepare.ts`: brings servers of your own into the state that the platform needs. Makes the database
 * of `DATABASE_URL` where it is missing, brings it to the newest schema, and registers the search attributes in
 * `TEMPORAL_NAMESPACE` at `TEMPORAL_ADDRESS`. Harmless to repeat; run it before each new release.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import { StackError } from './errors.ts';
import { runLauncher } from './launcher.ts';
import { ensureDatabase } from './postgres.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { checkTemporal } from './temporal.ts';

/** A server that was just installed takes a while to make its namespace. */
const PATIENCE_MS = 120_000;

await runLauncher(async ({ signal }) => {
  const { database, temporal } = loadConfig();
  await ensureDatabase(database.url);
  await migrate(database.url);
  process.stderr.write('✔ The database has the newest schema\n');
  for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(1_000, undefined, { signal })) {
    try {
      await checkTemporal(temporal.address, temporal.namespace);
      break;
    } catch (error) {
      if (Date.now() < deadline) continue;
      throw new StackError(
        `Temporal at ${temporal.address} does not serve ${temporal.namespace}: ${(error as Error).message}`,
        { remedy: 'Correct TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE, or make the namespace.', cause: error },
      );
    }
  }
  await ensureSearchAttributes(temporal.address, temporal.namespace);
  process.stderr.write('✔ The namespace has the search attributes\n');
  return 0;
});
