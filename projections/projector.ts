/**
 * Keeps the projections up to date with the events. Any number may run: each batch is counted under a lock that one
 * has at a time. Also carries out the rebuilds that were asked for (rebuild.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { inTransaction, type Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import { projectionLagEvents, projectionLagSeconds, projectionPosition } from '../observability/metrics.ts';
import { applyEvents, readCheckpoint } from './apply.ts';
import { BATCH_EVENTS } from './events.ts';
import { PROJECTION_LOCK } from './locks.ts';
import { runRebuild } from './rebuild.ts';
import { replaySource } from './replay-source.ts';
import { readLag } from './state.ts';
import { readBatch } from './table-source.ts';

export interface ProjectorOptions {
  /** Of the role; at most two connections are in use at once. */
  pool: Pool;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Folder of the archived months, `AUDIT_ARCHIVE_DIR`; read by rebuilds only. */
  archiveDir: string;
  /** Milliseconds between two looks for events; default 250. */
  everyMs?: number;
  /** Events per transaction; default 2,000. */
  batchEvents?: number;
}

/** A part of the role `consumers`. */
export interface Projector {
  name: string;
  /** Whether the last look has worked. */
  ready(): boolean;
  /** Ends after the batch under way; a rebuild goes on where another projector picks it up. */
  stop(): Promise<void>;
}

const EVERY_MS = 250;
/** After a failure it is tried again this much later. */
const RETRY_MS = 1_000;
/** Lag is measured this often: to count what waits costs more than to look whether there is something. */
const MEASURE_EVERY_MS = 2_000;

/** Starts at once; nothing that happens ends it. */
export function startProjector(options: ProjectorOptions): Projector {
  const { pool, logger, archiveDir, everyMs = EVERY_MS, batchEvents = BATCH_EVENTS } = options;
  const stopping = new AbortController();
  let measured = -Infinity;
  const measure = async (): Promise<void> => {
    if (performance.now() - measured < MEASURE_EVERY_MS) return;
    measured = performance.now();
    const lag = await readLag(pool);
    projectionLagEvents.set(lag.events);
    projectionLagSeconds.set(lag.seconds);
  };
  const live = every(stopping.signal, logger, 'counting events for the projections', async () => {
    const { position, full } = await projectBatch(pool, batchEvents);
    if (position !== undefined) projectionPosition.set(position);
    await measure();
    return full ? 0 : everyMs;
  });
  const rebuilds = every(stopping.signal, logger, 'rebuilding the projections', async () => {
    await runRebuild({
      pool,
      logger,
      batchEvents,
      source: (db) => replaySource(db, archiveDir, batchEvents),
      signal: stopping.signal,
    });
    return everyMs;
  });
  return {
    name: 'the projections',
    ready: () => live.works(),
    async stop() {
      stopping.abort();
      await Promise.all([live.done, rebuilds.done]);
    },
  };
}

/**
 * Counts the next batch of events, unless another projector is at it.
 * @returns the position reached, undefined where another is at it; `full`: there may be more at once
 */
export function projectBatch(
  pool: Pool,
  batchEvents: number = BATCH_EVENTS,
): Promise<{ position?: number; full: boolean }> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS taken', [
      PROJECTION_LOCK,
    ]);
    if (rows[0]?.taken !== true) return { full: false };
    const { position } = await readCheckpoint(client, 'projection');
    const events = await readBatch(client, position, undefined, batchEvents);
    const reached = await applyEvents(client, 'projection', events);
    return { position: reached.position, full: events.length === batchEvents };
  });
}

interface Loop {
  works(): boolean;
  done: Promise<void>;
}

/** Calls `step` again and again until stopped; it says after how many milliseconds. A failure is told once. */
function every(
  signal: AbortSignal,
  logger: Pick<Logger, 'warn' | 'info'>,
  what: string,
  step: () => Promise<number>,
): Loop {
  let works = false;
  let told = false;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      let pause = RETRY_MS;
      try {
        pause = await step();
        if (told) logger.info(`${what} works again`);
        [works, told] = [true, false];
      } catch (error) {
        if (!told) logger.warn({ err: error }, `${what} failed: trying again`);
        [works, told] = [false, true];
      }
      // Rejects only when told to stop.
      if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  };
  return { works: () => works, done: run() };
}
