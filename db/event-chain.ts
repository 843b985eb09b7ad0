/** The chain of events in the database: what is to be sealed next, and what was sealed. */
import type { EventRecord } from '../audit/chain.ts';
import type { Queryable } from './pool.ts';

export interface ChainHead {
  position: number;
  /** Hexadecimal. */
  hash: string;
  /** Order of the event at its end; decimal. */
  tx: string;
  seq: string;
}

export interface UnsealedEvent extends EventRecord {
  tx: string;
}

/**
 * The columns of `e`, a row of `event`, as an `EventRecord`. Data with a number that no double holds is given as its text:
 * canonical JSON has nothing for it, and one such event would stop the chain.
 */
export const RECORD_COLUMNS = `e.seq::text AS seq, e.event_id AS "eventId",
  to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "occurredAt",
  e.type, e.campaign_id AS "campaignId", e.tpe_id AS "tpeId", e.actor, e.reason,
  CASE WHEN e.data::text ~ '\\d{255}\\d{54}' THEN to_jsonb(e.data::text) ELSE e.data END AS data,
  e.correlation_id AS "correlationId", e.traceparent`;

/** Transactions from this one on may still be open: their events come later. */
const HORIZON = `(SELECT tx_base FROM event_chain_head) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint`;

/** The end of the chain; locked until the end of the transaction, so that one process seals at a time. */
export async function lockChainHead(db: Queryable): Promise<ChainHead> {
  const { rows } = await db.query<ChainHead>(
    `SELECT position::float8 AS position, encode(hash, 'hex') AS hash, tx::text AS tx, seq::text AS seq
     FROM event_chain_head FOR UPDATE`,
  );
  return only(rows);
}

export async function readChainHead(db: Queryable): Promise<ChainHead & { sealedAt: Date }> {
  const { rows } = await db.query<ChainHead & { sealedAt: Date }>(
    `SELECT position::float8 AS position, encode(hash, 'hex') AS hash, tx::text AS tx, seq::text AS seq,
            sealed_at AS "sealedAt"
     FROM event_chain_head`,
  );
  return only(rows);
}

/** The next events in the order of their transactions, of those that are over; `db` is a transaction. */
export async function readUnsealed(
  db: Queryable,
  { tx, seq }: ChainHead,
  limit: number,
): Promise<UnsealedEvent[]> {
  // The planner takes new events for few, and would read and sort the whole backlog for each batch.
  await db.query('SET LOCAL enable_sort = off');
  const { rows } = await db.query<UnsealedEvent>({
    name: 'unsealed-events',
    text: `SELECT ${RECORD_COLUMNS}, e.tx::text AS tx FROM event e
           WHERE (e.tx, e.seq) > ($1::bigint, $2::bigint) AND e.tx < ${HORIZON}
           ORDER BY e.tx, e.seq LIMIT $3`,
    values: [tx, seq, limit],
  });
  return rows;
}

/** Appends to the chain and moves its end. */
export async function appendToChain(
  db: Queryable,
  sealed: readonly { event: UnsealedEvent; position: number; hash: string }[],
): Promise<void> {
  const last = sealed.at(-1);
  if (!last) return;
  await db.query({
    name: 'append-to-chain',
    text: `WITH added AS (
             INSERT INTO event_chain (position, seq, occurred_at, hash)
             SELECT position, seq, occurred_at, decode(hash, 'hex')
             FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[]) AS s(position, seq, occurred_at, hash)
           )
           UPDATE event_chain_head
           SET position = $5, hash = decode($6, 'hex'), tx = $7, seq = $8, sealed_at = clock_timestamp()`,
    values: [
      sealed.map(({ position }) => position),
      sealed.map(({ event }) => event.seq),
      sealed.map(({ event }) => event.occurredAt),
      sealed.map(({ hash }) => hash),
      last.position,
      last.hash,
      last.event.tx,
      last.event.seq,
    ],
  });
}

export interface SealingState {
  position: number;
  /** Events that are committed and not sealed, counted up to 100,000. */
  unsealed: number;
  /** Age in seconds of the oldest of them. */
  lagSeconds: number;
  /** The database counts its transactions anew, below those of the chain: nothing new can be sealed. */
  isBehind: boolean;
}

export async function readSealingState(db: Queryable): Promise<SealingState> {
  const { rows } = await db.query<SealingState>(
    `SELECT head.position::float8 AS position, open.unsealed, open."lagSeconds",
            head.tx > head.tx_base + pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS "isBehind"
     FROM event_chain_head head, LATERAL (
       SELECT count(*)::integer AS unsealed,
              coalesce(greatest(0, extract(epoch FROM clock_timestamp() - min(occurred_at))), 0)::float8 AS "lagSeconds"
       FROM (SELECT occurred_at FROM event WHERE (tx, seq) > (head.tx, head.seq) LIMIT 100000) AS waiting) AS open`,
  );
  return only(rows);
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined)
    throw new Error('event_chain_head has no row: the database was not migrated, or tampered with');
  return row;
}
