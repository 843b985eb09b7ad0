/** The outbox: messages for Kafka, written with the state that they announce, deleted once acknowledged. */
import type { OutgoingEvent } from '../events/cloud-event.ts';
import type { Queryable } from './pool.ts';

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

/** Headers and framing of a message, roughly, in bytes. */
const ENVELOPE_BYTES = 500;

const COLUMNS = `id, lane, topic, key, type, event_id AS "eventId", data::text AS data,
  correlation_id AS "correlationId", traceparent, headers, raw, raw_key AS "rawKey", raw_value AS "rawValue",
  to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "occurredAt"`;

type SelectedRow = Omit<OutboxRow, 'raw'> & {
  raw: boolean;
  rawKey: Buffer | null;
  rawValue: Buffer | null;
};

function toRow({ raw, rawKey, rawValue, ...row }: SelectedRow): OutboxRow {
  return { ...row, raw: raw ? { key: rawKey, value: rawValue } : null };
}

export interface OutboxPage {
  rows: OutboxRow[];
  /** There may be more rows than these. */
  more: boolean;
}

export interface PageOptions {
  /** Ids of rows that are being worked on. */
  except: readonly string[];
  /** Rows that are looked at. */
  limit: number;
  /** Bytes of all messages together; the first one is given whatever it has. */
  bytes: number;
}

/**
 * The first rows of a lane, in order of their ids.
 *
 * The rows of one key appear in their order: their ids are drawn while the row that they announce is locked,
 * so a smaller id of the same key is always committed before the larger one. Between keys a smaller id may
 * appear later, hence no cursor: what is already being worked on is left out by its ids.
 */
export async function readOutbox(
  db: Queryable,
  lane: number,
  { except, limit, bytes }: PageOptions,
): Promise<OutboxPage> {
  const { rows } = await db.query<SelectedRow & { looked: number }>(
    `SELECT id, lane, topic, key, type, "eventId", data, "correlationId", traceparent, headers, raw, "rawKey",
            "rawValue", "occurredAt", looked
     FROM (
       SELECT *, sum(size) OVER (ORDER BY id) AS total, (count(*) OVER ())::integer AS looked
       FROM (
         SELECT *, ${ENVELOPE_BYTES} + coalesce(octet_length(data), 0) + coalesce(octet_length("rawValue"), 0)
                   + coalesce(octet_length(headers::text), 0) AS size
         FROM (
           SELECT ${COLUMNS} FROM outbox WHERE lane = $1 AND id <> ALL ($2::bigint[]) ORDER BY id LIMIT $3
         ) AS first
       ) AS sized
     ) AS summed
     WHERE total <= $4 OR total = size
     ORDER BY id`,
    [lane, except, limit, bytes],
  );
  const looked = rows[0]?.looked ?? 0;
  return {
    rows: rows.map(({ looked: _looked, ...row }) => toRow(row)),
    more: looked === limit || rows.length < looked,
  };
}

/** Those of the rows that are still there, in order of their ids. */
export async function readOutboxRows(db: Queryable, ids: readonly string[]): Promise<OutboxRow[]> {
  const { rows } = await db.query<SelectedRow>(
    `SELECT ${COLUMNS} FROM outbox WHERE id = ANY ($1::bigint[]) ORDER BY id`,
    [ids],
  );
  return rows.map(toRow);
}

/** Forgets rows that Kafka has; those that are gone already don't matter. */
export async function deleteFromOutbox(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query('DELETE FROM outbox WHERE id = ANY ($1::bigint[])', [ids]);
}

/** What a lane's relay last set out to publish. */
export interface OutboxBatch {
  /** 1, 2, 3 … per lane, maybe with gaps; 0: nothing yet. */
  batch: number;
  /** Of the outbox; those that are no longer there were published. */
  ids: string[];
}

/** The last batch of a lane, as it was recorded before it was published. */
export async function lastBatch(db: Queryable, lane: number): Promise<OutboxBatch> {
  const { rows } = await db.query<{ batch: string; ids: string[] }>(
    'SELECT batch, ids FROM outbox_batch WHERE lane = $1',
    [lane],
  );
  return { batch: Number(rows[0]?.batch ?? 0), ids: rows[0]?.ids ?? [] };
}

/** Records what is going to be published next; the rows of the batch before it must be deleted by then. */
export async function recordBatch(db: Queryable, lane: number, { batch, ids }: OutboxBatch): Promise<void> {
  await db.query(
    `INSERT INTO outbox_batch (lane, batch, ids) VALUES ($1, $2, $3)
     ON CONFLICT (lane) DO UPDATE SET batch = excluded.batch, ids = excluded.ids`,
    [lane, batch, ids],
  );
}

/** What a backlog is counted up to: beyond it the number is not worth its price. */
const COUNTED_UP_TO = 100_000;

/** How many rows wait (counted up to 100,000) and how old the oldest is, in seconds. */
export async function outboxBacklog(db: Queryable): Promise<{ waiting: number; oldestSeconds: number }> {
  const { rows } = await db.query<{ waiting: number; oldestSeconds: number }>(
    `SELECT (SELECT count(*)::integer FROM (SELECT FROM outbox LIMIT ${COUNTED_UP_TO}) AS counted) AS waiting,
            coalesce((SELECT greatest(0, extract(epoch FROM clock_timestamp() - occurred_at))::float8
                      FROM outbox ORDER BY id LIMIT 1), 0) AS "oldestSeconds"`,
  );
  return rows[0] ?? { waiting: 0, oldestSeconds: 0 };
}
