/** Months of events that leave the database, and those that have left it. */
import type { ChainEnd, LinkedRecord } from '../audit/verify.ts';
import { RECORD_COLUMNS } from './event-chain.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';

export interface EventArchive {
  /** Its first day, `2026-08-01`. */
  month: string;
  /** Name within the folder of the archives. */
  file: string;
  /** Of the file, in hexadecimal. */
  sha256: string;
  events: number;
  /** Null for a month without events. */
  firstPosition: number | null;
  lastPosition: number | null;
  /** Of the event at the last position; hexadecimal. */
  lastHash: string | null;
  /** Its events that the next position does not follow in the same month: those that other months go on from. */
  ends: ChainEnd[];
  archivedAt: Date;
}

/** The archives, the oldest month first. */
export async function listEventArchives(db: Queryable): Promise<EventArchive[]> {
  const { rows } = await db.query<EventArchive>(
    `SELECT to_char(month, 'YYYY-MM-DD') AS month, file, sha256, events::float8 AS events,
            first_position::float8 AS "firstPosition", last_position::float8 AS "lastPosition",
            encode(last_hash, 'hex') AS "lastHash", ends, archived_at AS "archivedAt"
     FROM event_archive ORDER BY month`,
  );
  return rows;
}

/** Months that have a partition and lie wholly more than so many days in the past; the oldest first, `2026-08-01`. */
export async function findOldMonths(db: Queryable, days: number): Promise<string[]> {
  const { rows } = await db.query<{ month: string }>(
    `SELECT month FROM (
       SELECT to_char(to_date(right(c.relname, 7), 'YYYY_MM'), 'YYYY-MM-DD') AS month
       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = 'event'::regclass
     ) AS partition
     WHERE (month::date + interval '1 month') AT TIME ZONE 'UTC' < now() - make_interval(days => $1)
     ORDER BY month`,
    [days],
  );
  return rows.map(({ month }) => month);
}

/** Whether every event of a month is in the chain. */
export async function isSealed(db: Queryable, month: string): Promise<boolean> {
  const { rows } = await db.query<{ open: boolean }>(
    `SELECT EXISTS (SELECT FROM ${partition('event', month)} e
                    WHERE NOT EXISTS (SELECT FROM ${partition('event_chain', month)} c WHERE c.seq = e.seq)) AS open`,
  );
  return rows[0]?.open === false;
}

/** How many events the chain has of a month, whether they are still there or not. */
export async function countLinks(db: Queryable, month: string): Promise<number> {
  const { rows } = await db.query<{ links: number }>(
    `SELECT count(*)::float8 AS links FROM ${partition('event_chain', month)}`,
  );
  return rows[0]?.links ?? 0;
}

/** The next events of a month in order of their positions, after `position`. */
export async function readMonth(
  db: Queryable,
  month: string,
  position: number,
  limit: number,
): Promise<(LinkedRecord & { position: number; hash: string })[]> {
  // The event before may be of another month, in the database or archived.
  const { rows } = await db.query<LinkedRecord & { position: number; hash: string }>(
    `SELECT c.position::float8 AS position, ${RECORD_COLUMNS}, encode(c.hash, 'hex') AS hash,
            CASE WHEN c.position = 1 THEN repeat('0', 64)
                 ELSE coalesce(encode(before.hash, 'hex'), archived.hash) END AS "previousHash"
     FROM (SELECT * FROM ${partition('event_chain', month)} WHERE position > $1 ORDER BY position LIMIT $2) AS c
     JOIN ${partition('event', month)} e ON e.seq = c.seq
     LEFT JOIN event_chain before ON before.position = c.position - 1
     LEFT JOIN (SELECT position, hash FROM event_archive,
                       jsonb_to_recordset(ends) AS archived_end(position bigint, hash text)) AS archived
       ON archived.position = c.position - 1
     ORDER BY c.position`,
    [position, limit],
  );
  return rows;
}

/**
 * Takes a month out of the database, in one transaction with its entry among the archives and the event that says so.
 * Harmless when it has left.
 */
export async function dropMonth(pool: Pool, archive: Omit<EventArchive, 'archivedAt'>): Promise<void> {
  const { month, file, sha256, events, firstPosition, lastPosition, lastHash, ends } = archive;
  await inTransaction(pool, async (db) => {
    await db.query(
      `INSERT INTO event_archive (month, file, sha256, events, first_position, last_position, last_hash, ends)
       VALUES ($1, $2, $3, $4, $5, $6, decode($7, 'hex'), $8)`,
      [month, file, sha256, events, firstPosition, lastPosition, lastHash, JSON.stringify(ends)],
    );
    await db.query(`INSERT INTO event (type, actor, data) VALUES ('audit.archived', 'platform', $1)`, [
      JSON.stringify({
        month: month.slice(0, 7),
        file,
        sha256,
        events,
        firstPosition,
        lastPosition,
        lastHash,
      }),
    ]);
    // Everybody who writes events waits behind this lock: rather it gives up than that they wait long.
    await db.query(`SET LOCAL lock_timeout = '3s'`);
    await db.query(`DROP TABLE ${partition('event', month)}, ${partition('event_chain', month)}`);
  });
}

/** @param month `2026-08-01` */
function partition(table: 'event' | 'event_chain', month: string): string {
  if (!/^\d{4}-\d{2}-01$/.test(month)) throw new Error(`"${month}" is no month`);
  return `${table}_${month.slice(0, 4)}_${month.slice(5, 7)}`;
}

/** Any number that nothing else locks. */
const ARCHIVE_LOCK = 7_305_004;

/** Runs `work` unless another process is at it: then undefined. */
export async function alone<T>(pool: Pool, work: () => Promise<T>): Promise<T | undefined> {
  const client = await pool.connect();
  let isMine = false;
  try {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      ARCHIVE_LOCK,
    ]);
    isMine = rows[0]?.taken === true;
    return isMine ? await work() : undefined;
  } finally {
    if (isMine) await client.query('SELECT pg_advisory_unlock($1)', [ARCHIVE_LOCK]).catch(() => undefined);
    client.release();
  }
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
