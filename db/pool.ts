import pg, { type QueryConfig } from 'pg';
import type { Config } from '../config.ts';

export type Pool = pg.Pool;
/** What a query function needs: a pool, or the client of a transaction under way. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

/**
 * Milliseconds until a statement without an answer is given up, and its connection with it: the server may be gone
 * without a word (a machine that lost its power, a firewall that forgot), which the system itself notices after 15
 * minutes to 2 hours. Far above what any statement of ours takes.
 */
const ANSWER_MS = 60_000;
/** Milliseconds of silence after which the system asks whether the other end is still there; it then has 10 s. */
const KEEPALIVE_MS = 10_000;
/**
 * What the server does about us, if we are gone without a word: after a minute the session ends, and with it what it
 * has locked. Later than we notice: whoever is cut off knows that it has no lock any more before others can take it.
 */
const SESSION_OPTIONS = [
  'tcp_keepalives_idle=30',
  'tcp_keepalives_interval=10',
  'tcp_keepalives_count=3',
  'tcp_user_timeout=60000',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/**
 * Opens the connection pool of a process. Connections are made when first used.
 * @param answerMs until a statement without an answer is given up
 */
export function createPool(
  config: Config['database'],
  applicationName: string,
  answerMs: number = ANSWER_MS,
): Pool {
  const pool = new pg.Pool({
    connectionString: config.url,
    max: config.poolSize,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    query_timeout: answerMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    options: SESSION_OPTIONS,
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

/** On a connection that does not answer it is not waited for as long as for a statement that has work to do. */
const ROLLBACK = { text: 'ROLLBACK', query_timeout: 5_000 } as QueryConfig;

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
    clean = await client.query(ROLLBACK).then(
      () => true,
      () => false,
    );
    throw error;
  } finally {
    client.release(!clean);
  }
}
