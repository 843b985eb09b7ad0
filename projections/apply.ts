/** Writes what events change into the projections. The same for those in use and those being rebuilt. */
import type { Queryable } from '../db/pool.ts';
import { countEvents } from './count.ts';
import type { Delta } from './deltas.ts';
import { PROJECTION_NAMES, projectionTable, type ProjectionName, type ProjectionSchema } from './tables.ts';
import type { SealedEvent } from './events.ts';

export interface Checkpoint {
  /** Of the last event that is in the counts; 0 before the first. */
  position: number;
  events: number;
  skipped: number;
}

/** How far a schema's projections are. */
export async function readCheckpoint(db: Queryable, schema: ProjectionSchema): Promise<Checkpoint> {
  const { rows } = await db.query<Checkpoint>(
    `SELECT position::float8 AS position, events::float8 AS events, skipped::float8 AS skipped FROM ${schema}.checkpoint`,
  );
  const [checkpoint] = rows;
  if (!checkpoint) throw new Error(`The projections in the schema ${schema} have no checkpoint.`);
  return checkpoint;
}

/**
 * Adds a batch of events to the projections and moves the checkpoint behind it. Must run in a transaction that keeps
 * others from doing the same, so that each event counts exactly once.
 * @param events in order, from the first behind the checkpoint on
 * @returns the checkpoint as it is now
 */
export async function applyEvents(
  db: Queryable,
  schema: ProjectionSchema,
  events: readonly SealedEvent[],
): Promise<Checkpoint> {
  const last = events.at(-1);
  if (!last) return readCheckpoint(db, schema);
  const { deltas, skipped } = countEvents(events);
  for (const name of PROJECTION_NAMES) await addDeltas(db, schema, name, deltas.of(name));
  const { rows } = await db.query<Checkpoint>(
    `UPDATE ${schema}.checkpoint
     SET position = $1, occurred_at = $2, events = events + $3, skipped = skipped + $4, updated_at = clock_timestamp()
     WHERE position < $5
     RETURNING position::float8 AS position, events::float8 AS events, skipped::float8 AS skipped`,
    [last.position, last.occurredAt, events.length, skipped, events[0]?.position],
  );
  const [moved] = rows;
  if (!moved) throw new Error(`Events from position ${events[0]?.position} on are in ${schema} already.`);
  return moved;
}

async function addDeltas(
  db: Queryable,
  schema: ProjectionSchema,
  name: ProjectionName,
  deltas: readonly Delta[],
): Promise<void> {
  if (deltas.length === 0) return;
  const { keys, sums } = projectionTable(name);
  const types = [...Object.values(keys), ...sums.map(() => 'bigint')];
  const columns = [...Object.keys(keys), ...sums];
  const values = [
    ...Object.keys(keys).map((_key, i) => deltas.map((delta) => delta.keys[i])),
    ...sums.map((_sum, i) => deltas.map((delta) => delta.sums[i])),
  ];
  await db.query(
    `INSERT INTO ${schema}.${name} AS row (${columns.join(', ')})
     SELECT * FROM unnest(${types.map((type, i) => `$${i + 1}::${type}[]`).join(', ')})
     ON CONFLICT (${Object.keys(keys).join(', ')})
     DO UPDATE SET ${sums.map((sum) => `${sum} = row.${sum} + excluded.${sum}`).join(', ')}`,
    values,
  );
}
