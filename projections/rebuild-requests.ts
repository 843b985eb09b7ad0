/** The rows of `projection_rebuild`: what was asked for and what came of it. */
import type { Queryable } from '../db/pool.ts';
import type { Difference } from './compare.ts';

export const REBUILD_STATES = ['REQUESTED', 'RUNNING', 'DONE', 'FAILED'] as const;
export type RebuildState = (typeof REBUILD_STATES)[number];

export interface Rebuild {
  rebuildId: string;
  state: RebuildState;
  requestedBy: string;
  reason: string | null;
  requestedAt: Date;
  startedAt: Date | null;
  endedAt: Date | null;
  /** Of the last event that has been counted anew. */
  position: number;
  /** Where the projections in use were when it was last looked at; null before it has begun. */
  targetPosition: number | null;
  events: number;
  skipped: number;
  /** Times that it was broken off by an error. */
  failures: number;
  /** Null until compared; empty where identical. */
  differences: Difference[] | null;
  error: string | null;
}

const COLUMNS = `rebuild_id AS "rebuildId", state, requested_by AS "requestedBy", reason, requested_at AS "requestedAt",
  started_at AS "startedAt", ended_at AS "endedAt", position::float8 AS position,
  target_position::float8 AS "targetPosition", events::float8 AS events, skipped::float8 AS skipped, failures,
  differences, error`;

/**
 * Asks for a rebuild; a projector begins with it a moment later.
 * @returns undefined where one is asked for or under way already
 */
export async function requestRebuild(
  db: Queryable,
  request: { by: string; reason: string | null; correlationId: string | null; traceparent: string | null },
): Promise<Rebuild | undefined> {
  const { rows } = await db.query<Rebuild>(
    `WITH made AS (
       INSERT INTO projection_rebuild (requested_by, reason, correlation_id, traceparent)
       VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
       RETURNING *
     ), told AS (
       INSERT INTO event (type, actor, reason, data, correlation_id, traceparent)
       SELECT 'projection.replay-requested', requested_by, reason, jsonb_build_object('rebuildId', rebuild_id),
              correlation_id, traceparent
       FROM made
     )
     SELECT ${COLUMNS} FROM made`,
    [request.by, request.reason, request.correlationId, request.traceparent],
  );
  return rows[0];
}

/** The rebuild that is asked for or under way. */
export async function findOpenRebuild(db: Queryable): Promise<Rebuild | undefined> {
  const { rows } = await db.query<Rebuild>(
    `SELECT ${COLUMNS} FROM projection_rebuild WHERE state IN ('REQUESTED', 'RUNNING')`,
  );
  return rows[0];
}

/** The one that was asked for last. */
export async function findLastRebuild(db: Queryable): Promise<Rebuild | undefined> {
  const { rows } = await db.query<Rebuild>(
    `SELECT ${COLUMNS} FROM projection_rebuild ORDER BY requested_at DESC, rebuild_id LIMIT 1`,
  );
  return rows[0];
}

/** Notes how far a rebuild is. */
export async function noteRebuildProgress(
  db: Queryable,
  rebuildId: string,
  {
    position,
    target,
    events,
    skipped,
  }: { position: number; target: number; events: number; skipped: number },
): Promise<void> {
  await db.query(
    `UPDATE projection_rebuild SET position = $2, target_position = $3, events = $4, skipped = $5
     WHERE rebuild_id = $1 AND state = 'RUNNING'`,
    [rebuildId, position, target, events, skipped],
  );
}

/** Ends a rebuild whose projections are in use now, and says so in the audit trail. */
export async function endRebuild(
  db: Queryable,
  rebuildId: string,
  differences: readonly Difference[],
): Promise<void> {
  await db.query(
    `WITH ended AS (
       UPDATE projection_rebuild SET state = 'DONE', ended_at = clock_timestamp(), differences = $2::jsonb, error = NULL
       WHERE rebuild_id = $1
       RETURNING *
     )
     INSERT INTO event (type, actor, reason, data, correlation_id, traceparent)
     SELECT 'projection.replayed', requested_by, reason,
            jsonb_build_object('rebuildId', rebuild_id, 'position', position, 'events', events,
              'differences', coalesce((SELECT sum((each->>'cells')::bigint)
                                       FROM jsonb_array_elements(differences) AS each), 0)),
            correlation_id, traceparent
     FROM ended`,
    [rebuildId, JSON.stringify(differences)],
  );
}

/**
 * Notes that a rebuild was broken off; after `most` times it has failed for good.
 * @returns whether it has
 */
export async function noteRebuildFailure(
  db: Queryable,
  rebuildId: string,
  { error, most }: { error: string; most: number },
): Promise<boolean> {
  const { rows } = await db.query<{ failed: boolean }>(
    `UPDATE projection_rebuild
     SET failures = failures + 1, error = $2,
         state = CASE WHEN failures + 1 >= $3 THEN 'FAILED' ELSE state END,
         ended_at = CASE WHEN failures + 1 >= $3 THEN clock_timestamp() END
     WHERE rebuild_id = $1
     RETURNING state = 'FAILED' AS failed`,
    [rebuildId, error, most],
  );
  return rows[0]?.failed ?? false;
}
