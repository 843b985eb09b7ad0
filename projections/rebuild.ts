/**
 * Makes the projections anew from the first event on, beside those in use, compares both and puts the new ones in
 * their place. Each batch is a transaction with its checkpoint, so that whoever picks up a rebuild whose process has
 * died goes on where it was.
 */
import type { ClientBase } from 'pg';
import type { Pool, Queryable } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import { applyEvents, readCheckpoint } from './apply.ts';
import { compareProjections } from './compare.ts';
import { BATCH_EVENTS, type EventSource } from './events.ts';
import { PROJECTION_LOCK, REBUILD_LOCK } from './locks.ts';
import {
  endRebuild,
  findOpenRebuild,
  noteRebuildFailure,
  noteRebuildProgress,
  type Rebuild,
} from './rebuild-requests.ts';

export interface RebuildOptions {
  pool: Pool;
  logger: Pick<Logger, 'info'>;
  /** All events from the first on, read over this connection. */
  source: (db: Queryable) => EventSource;
  /** Breaks off after the batch under way. */
  signal: AbortSignal;
  batchEvents?: number;
}

/** Errors after which a rebuild has failed for good. A lost connection is none: that can't even be noted. */
const MOST_FAILURES = 5;
/** How long putting the new ones in place waits for those who read: new readers wait behind it. */
const SWAP_TIMEOUT = '3s';
/** PostgreSQL's codes for a lock that was not to be had in time, or for which each of two waited for the other. */
const WAITED_IN_VAIN: ReadonlySet<unknown> = new Set(['55P03', '40P01']);

/**
 * Carries out the rebuild that was asked for, if there is one and nobody else is at it.
 * @throws what has broken it off; it is tried again at the next call, from where it was
 */
export async function runRebuild(options: RebuildOptions): Promise<void> {
  if (!(await findOpenRebuild(options.pool))) return;
  const client = await options.pool.connect();
  let clean = false;
  try {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      REBUILD_LOCK,
    ]);
    if (rows[0]?.taken !== true) {
      clean = true;
      return;
    }
    try {
      // Another one may have ended it since it was found.
      const rebuild = await findOpenRebuild(client);
      if (rebuild) await carryOut(client, rebuild, options);
      clean = true;
    } finally {
      const unlocked = await unlock(client);
      clean &&= unlocked;
    }
  } finally {
    // A connection that is closed lets go of the lock, but a moment later.
    client.release(!clean);
  }
}

/** @returns false where the connection is lost */
function unlock(client: ClientBase): Promise<boolean> {
  return client.query('SELECT pg_advisory_unlock($1)', [REBUILD_LOCK]).then(
    () => true,
    () => false,
  );
}

async function carryOut(client: ClientBase, rebuild: Rebuild, options: RebuildOptions): Promise<void> {
  const { rebuildId } = rebuild;
  try {
    await inTransaction(client, () => prepareShadow(client, rebuild));
    if (!(await catchUp(client, rebuildId, options))) return;
    const cells = await inTransaction(client, () => swap(client, rebuildId, options));
    options.logger.info({ rebuildId, cells }, 'the projections have been made anew');
  } catch (error) {
    if (!WAITED_IN_VAIN.has((error as { code?: unknown }).code))
      await inTransaction(client, () => noteFailure(client, rebuildId, error));
    throw error;
  }
}

/** Makes empty projections beside those in use, of the same shape; what a rebuild under way has made stays. */
async function prepareShadow(client: ClientBase, { rebuildId, state }: Rebuild): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('projection_shadow.checkpoint') IS NOT NULL AS exists`,
  );
  if (state === 'RUNNING' && rows[0]?.exists === true) return;
  await dropShadow(client);
  await client.query('CREATE SCHEMA projection_shadow');
  const tables = await client.query<{ name: string; options: string | null }>(
    `SELECT quote_ident(relname) AS name, array_to_string(reloptions, ', ') AS options FROM pg_class
     WHERE relnamespace = 'projection'::regnamespace AND relkind = 'r'`,
  );
  for (const { name, options } of tables.rows) {
    const likewise = options === null ? '' : ` WITH (${options})`;
    await client.query(
      `CREATE TABLE projection_shadow.${name} (LIKE projection.${name} INCLUDING ALL)${likewise}`,
    );
  }
  await client.query('INSERT INTO projection_shadow.checkpoint DEFAULT VALUES');
  await client.query(
    `UPDATE projection_rebuild SET state = 'RUNNING', started_at = coalesce(started_at, clock_timestamp())
     WHERE rebuild_id = $1`,
    [rebuildId],
  );
}

/** Counts all but the last batch; those in use keep moving meanwhile. @returns false where it was told to stop */
async function catchUp(
  client: ClientBase,
  rebuildId: string,
  { source, signal, batchEvents = BATCH_EVENTS }: RebuildOptions,
): Promise<boolean> {
  for (;;) {
    const { position } = await readCheckpoint(client, 'projection_shadow');
    const target = await findTarget(client);
    if (target - position <= batchEvents) return !signal.aborted;
    for await (const events of source(client).readEvents(position, target)) {
      if (signal.aborted) return false;
      await inTransaction(client, async () => {
        // What is lost with the server is counted again: the checkpoint is lost with it.
        await client.query('SET LOCAL synchronous_commit = off');
        const reached = await applyEvents(client, 'projection_shadow', events);
        await noteRebuildProgress(client, rebuildId, { ...reached, target });
      });
    }
  }
}

/**
 * Counts the rest while those in use stand still, compares, and changes the names. All or nothing; who reads them in a
 * transaction that began with their checkpoint sees either all old ones or all new ones.
 * @returns the number of rows that were different
 */
async function swap(
  client: ClientBase,
  rebuildId: string,
  { source }: Pick<RebuildOptions, 'source'>,
): Promise<number> {
  await client.query(`SET LOCAL lock_timeout = '${SWAP_TIMEOUT}'`);
  await client.query('SELECT pg_advisory_xact_lock($1)', [PROJECTION_LOCK]);
  const target = await findTarget(client);
  let reached = await readCheckpoint(client, 'projection_shadow');
  if (reached.position < target) {
    for await (const events of source(client).readEvents(reached.position, target))
      reached = await applyEvents(client, 'projection_shadow', events);
  }
  await noteRebuildProgress(client, rebuildId, { ...reached, target });
  const differences = await compareProjections(client);
  await client.query('LOCK TABLE projection.checkpoint IN ACCESS EXCLUSIVE MODE');
  await client.query('ALTER SCHEMA projection RENAME TO projection_replaced');
  await client.query('ALTER SCHEMA projection_shadow RENAME TO projection');
  await client.query('DROP SCHEMA projection_replaced CASCADE');
  await endRebuild(client, rebuildId, differences);
  return differences.reduce((sum, { cells }) => sum + cells, 0);
}

/** Where those in use are: never beyond the last event, whatever their checkpoint says. */
async function findTarget(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ target: number }>(
    `SELECT least(c.position, h.position)::float8 AS target FROM projection.checkpoint c, event_chain_head h`,
  );
  return rows[0]?.target ?? 0;
}

async function noteFailure(client: ClientBase, rebuildId: string, cause: unknown): Promise<void> {
  const error = cause instanceof Error ? cause.message : String(cause);
  if (await noteRebuildFailure(client, rebuildId, { error, most: MOST_FAILURES })) await dropShadow(client);
}

async function dropShadow(client: ClientBase): Promise<void> {
  await client.query('DROP SCHEMA IF EXISTS projection_shadow CASCADE');
}

/** As that of the pool, on a connection that is kept for its lock. */
async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
