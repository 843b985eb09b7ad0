/** The outbox: messages for Kafka, written with the state that they announce, deleted once acknowledged. */
import type { OutgoingEvent } from '../events/cloud-event.ts';
import type { Pool, Queryable } from './pool.ts';
import { inTransaction } from './pool.ts';

/** Number of lanes over which the keys are spread; fixed by the table's generated column. */
export const OUTBOX_LANES = 8;

/** PostgreSQL notifies on this channel when rows were added. */
export const OUTBOX_CHANNEL = 'outbox';

export interface OutboxRow extends OutgoingEvent {
  /** Ascending per key in the order of the changes; a bigint as text. */
  id: string;
  lane: number;
  /** The topic's full name. */
  topic: string;
}

/**
 * The first rows of each of the lanes, in order of their ids, as many as `limit` in all.
 *
 * The rows of one key appear in their order: their ids are drawn while the row that they announce is locked,
 * so a smaller id of the same key is always committed before the larger one. Between keys a smaller id may
 * appear later, hence no cursor: what is already being worked on is left out by its ids.
 * @param except ids of rows that are being worked on
 */
export async function readOutbox(
  db: Queryable,
  lanes: readonly number[],
  except: readonly string[],
  limit: number,
): Promise<OutboxRow[]> {
  if (lanes.length === 0) return [];
  const { rows } = await db.query<OutboxRow>(
    `SELECT o.* FROM unnest($1::smallint[]) AS owned(lane), LATERAL (
       SELECT id, lane, topic, key, type, event_id AS "eventId", data::text AS data,
              correlation_id AS "correlationId", traceparent,
              to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "occurredAt"
       FROM outbox
       WHERE outbox.lane = owned.lane AND id <> ALL ($2::bigint[])
       ORDER BY id LIMIT $3
     ) AS o`,
    [lanes, except, Math.max(1, Math.floor(limit / lanes.length))],
  );
  return rows;
}

/** Forgets rows that Kafka has acknowledged; those that are gone already don't matter. */
export async function deleteFromOutbox(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query('DELETE FROM outbox WHERE id = ANY ($1::bigint[])', [ids]);
}

/** What a backlog is counted up to: beyond it the number is not worth its price. */
const COUNTED_UP_TO = 100_000;

/** How many rows wait (counted up to 100,000) and how old the oldest is, in seconds. */
export async function outboxBacklog(db: Queryable): Promise<{ waiting: number; oldestSeconds: number }> {
  const { rows } = await db.query<{ waiting: number; oldestSeconds: number }>(
    `SELECT (SELECT count(*)::integer FROM (SELECT FROM outbox LIMIT ${COUNTED_UP_TO}) AS some) AS waiting,
            coalesce((SELECT greatest(0, extract(epoch FROM clock_timestamp() - occurred_at))::float8
                      FROM outbox ORDER BY id LIMIT 1), 0) AS "oldestSeconds"`,
  );
  return rows[0] ?? { waiting: 0, oldestSeconds: 0 };
}

/** Any number that nothing else locks: two processes that make the same partition at once disturb each other. */
const PARTITION_LOCK = 7_305_001;

/** Makes the partitions of the event table from this month to `months` ahead. */
export async function ensureEventPartitions(pool: Pool, months: number): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [PARTITION_LOCK]);
    await client.query('SELECT ensure_event_partitions($1)', [months]);
  });
}
