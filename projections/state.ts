/** How far the projections are. */
import type { Queryable } from '../db/pool.ts';

export interface ProjectionLag {
  /** Events that are not in the counts, counted up to 100,000. */
  events: number;
  /** Seconds for which the oldest of them has waited; 0 when there is none. */
  seconds: number;
}

export interface ProjectionState {
  /** Of the last event that is in the counts; 0 before the first. */
  position: number;
  /** When that event happened. */
  at: Date | null;
  lag: ProjectionLag;
  /** Events read so far, and how many of them should have counted but lack what it takes. */
  events: number;
  skipped: number;
}

/** What is counted up to: beyond it the number is not worth its price. */
const COUNTED_UP_TO = 100_000;

// What waits is what is sealed behind the checkpoint, and what is not sealed yet: the second is not seen by its
// position, and without it nobody would notice that nothing is sealed any more.
const STATE = `
WITH reached AS MATERIALIZED (
  SELECT position, occurred_at, events, skipped FROM projection.checkpoint
), head AS MATERIALIZED (
  SELECT position, tx, seq FROM event_chain_head
), unsealed AS MATERIALIZED (
  SELECT occurred_at FROM event
  WHERE (tx, seq) > ((SELECT tx FROM head), (SELECT seq FROM head))
  ORDER BY tx, seq LIMIT ${COUNTED_UP_TO}
), oldest AS (
  SELECT coalesce(
    (SELECT occurred_at FROM event_chain WHERE position > (SELECT position FROM reached) ORDER BY position LIMIT 1),
    (SELECT occurred_at FROM unsealed LIMIT 1)) AS occurred_at
)
SELECT reached.position::float8 AS position, reached.occurred_at AS at, reached.events::float8 AS events,
       reached.skipped::float8 AS skipped,
       least(greatest(head.position - reached.position, 0) + (SELECT count(*) FROM unsealed), ${COUNTED_UP_TO})::float8
         AS "lagEvents",
       coalesce(greatest(0, extract(epoch FROM clock_timestamp() - oldest.occurred_at)), 0)::float8 AS "lagSeconds"
FROM reached, head, oldest`;

interface StateRow extends Omit<ProjectionState, 'lag'> {
  lagEvents: number;
  lagSeconds: number;
}

/**
 * How far the projections are. In a transaction that goes on to read them it must come first: it keeps those that it
 * tells of in their place until the end (rebuild.ts).
 */
export async function readState(db: Queryable): Promise<ProjectionState> {
  const { rows } = await db.query<StateRow>(STATE);
  const [row] = rows;
  if (!row) throw new Error('The projections have no checkpoint.');
  const { lagEvents, lagSeconds, ...state } = row;
  return { ...state, lag: { events: lagEvents, seconds: lagSeconds } };
}

export async function readLag(db: Queryable): Promise<ProjectionLag> {
  return (await readState(db)).lag;
}
