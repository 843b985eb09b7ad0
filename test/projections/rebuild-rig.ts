/** What the tests of rebuilds share: asking for one, and doing it in this process. */
import fc from 'fast-check';
import type { Queryable } from '../../db/pool.ts';
import type { EventSource } from '../../projections/events.ts';
import { findLastRebuild, requestRebuild, type Rebuild } from '../../projections/rebuild-requests.ts';
import { runRebuild } from '../../projections/rebuild.ts';
import { replaySource } from '../../projections/replay-source.ts';
import { acts } from './acts.ts';
import type { Rig } from './rig.ts';
import { World } from './world.ts';

export interface RunOptions {
  batchEvents?: number;
  signal?: AbortSignal;
  archiveDir?: string;
  /** Default: all that there is. */
  source?: (db: Queryable) => EventSource;
}

export function ask(rig: Rig): Promise<Rebuild | undefined> {
  return requestRebuild(rig.pool, { by: 'anna', reason: 'a test', correlationId: 'c-1', traceparent: null });
}

/** Does what is asked for. @returns what came of it */
export async function run(
  rig: Rig,
  { batchEvents = 50, signal, archiveDir = '/nowhere', source }: RunOptions = {},
): Promise<Rebuild> {
  await runRebuild({
    pool: rig.pool,
    logger: { info: () => undefined },
    batchEvents,
    signal: signal ?? new AbortController().signal,
    source: source ?? ((db) => replaySource(db, archiveDir, batchEvents)),
  });
  return last(rig);
}

export async function last(rig: Rig): Promise<Rebuild> {
  const rebuild = await findLastRebuild(rig.pool);
  if (!rebuild) throw new Error('no rebuild');
  return rebuild;
}

/** A world whose events are in the table, and counted. */
export async function lived(rig: Rig, seed: number): Promise<World> {
  const world = new World(Date.now());
  for (const all of fc.sample(acts, { numRuns: 4, seed })) world.play(all);
  await rig.add(world.events);
  await rig.project();
  return world;
}
