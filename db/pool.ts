import pg from 'pg';
import type { Config } from '../config.ts';

export type Pool = pg.Pool;
/** What a query function needs: a pool, or the client of a transaction under way. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

/** Opens the connection pool of a process. Connections are made when first used. */
export function createPool(config: Config['database'], applicationName: string): Pool {
  const pool = new pg.Pool({
    connectionString: config.url,
    max: config.poolSize,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  // An idle connection that the server closes must not end the process; the next query opens another.
  pool.on('error', () => undefined);
  // Nor must one that is lost between two statements of a transaction; the second statement then fails.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Runs `work` in one transaction: committed when it returns, rolled back when it throws. */
export function inTransaction<T>(pool: Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return between('BEGIN', pool, work);
}

/** Runs `work`, which only reads, on one state of the database: what others commit meanwhile is not seen. */
export function inSnapshot<T>(pool: Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return between('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', pool, work);
}

async function between<T>(
  begin: string,
  pool: Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // Only a connection that is known to be outside any transaction is given back.
  let clean = false;
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    clean = true;
    return result;
  } catch (error) {
    // A lost connection can't be rolled back; the server does that itself.
    clean = await client.query('ROLLBACK').then(
      () => true,
      () => false,
    );
    throw error;
  } finally {
    client.release(!clean);
  }
}
