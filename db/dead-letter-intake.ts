/** How dead letters come into their table and leave it; what is decided about them is in `dead-letter-decisions.ts`. */
import type { DeadLetterRow } from './dead-letter.ts';
import { columnsOf } from './parameters.ts';
import type { Queryable } from './pool.ts';

/** A dead letter as it was read from its topic, with all of its key and value. Texts have no NUL. */
export interface NewDeadLetter extends Pick<
  DeadLetterRow,
  | 'topic'
  | 'partition'
  | 'key'
  | 'value'
  | 'headers'
  | 'stage'
  | 'error'
  | 'reason'
  | 'tries'
  | 'truncatedBytes'
  | 'failedAt'
> {
  /** The same for a letter that was written twice. */
  dlqId: string;
  /** A bigint as text. */
  offset: string | null;
}

/** As the statement takes them. */
const FIELDS = [
  'dlqId',
  'topic',
  'partition',
  'offset',
  'key',
  'value',
  'headers',
  'stage',
  'error',
  'reason',
  'tries',
  'truncatedBytes',
  'failedAt',
] as const;

/**
 * Stores letters; those that are there already stay as they are.
 * @returns for each letter whether it is new
 */
export async function storeDeadLetters(db: Queryable, letters: readonly NewDeadLetter[]): Promise<boolean[]> {
  const { rows } = await db.query<{ dlqId: string }>(
    `INSERT INTO dead_letter (dlq_id, topic, partition, "offset", key, value, headers, stage, error, reason, tries,
                              truncated_bytes, failed_at)
     SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::bigint[], $5::bytea[], $6::bytea[], $7::jsonb[],
                          $8::text[], $9::text[], $10::text[], $11::integer[], $12::bigint[], $13::timestamptz[])
     ON CONFLICT (dlq_id) DO NOTHING RETURNING dlq_id AS "dlqId"`,
    columnsOf(letters, FIELDS),
  );
  const added = new Set(rows.map(({ dlqId }) => dlqId));
  // Of a letter that the list has twice, the second is not new.
  return letters.map(({ dlqId }) => added.delete(dlqId));
}

/** How many letters nobody has decided about. */
export async function countOpenLetters(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM dead_letter WHERE state = 'OPEN'`,
  );
  return rows[0]?.count ?? 0;
}

/** Rows per statement: their values may be large. */
const FORGET_ROWS = 1_000;

/**
 * Deletes letters, decided or not, that failed and came in more than so many days ago.
 * @returns how many were deleted
 */
export async function forgetDeadLetters(db: Queryable, olderThanDays: number): Promise<number> {
  for (let forgotten = 0; ;) {
    // The time of the failure has the index, but is what a header says: a wrong one must not delete a new letter.
    const { rowCount } = await db.query(
      `DELETE FROM dead_letter WHERE dead_letter_id IN (
         SELECT dead_letter_id FROM dead_letter
         WHERE failed_at < now() - make_interval(days => $1) AND received_at < now() - make_interval(days => $1)
         LIMIT ${FORGET_ROWS})`,
      [olderThanDays],
    );
    forgotten += rowCount ?? 0;
    if ((rowCount ?? 0) < FORGET_ROWS) return forgotten;
  }
}
