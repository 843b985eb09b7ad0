/** The inbox: what consumers have taken in, so that the same event again changes nothing. */
import type { Queryable } from './pool.ts';

/** An event as CloudEvents identifies it. */
export interface InboxEvent {
  source: string;
  eventId: string;
}

/**
 * Notes events as taken in; to be called in the transaction of the work that they cause. Another transaction with
 * one of the same events waits until this one has ended.
 * @param events `source` and `eventId` without NUL, with at most 2,000 bytes together: they are a key of an index
 * @returns for each event whether it is new; of one that the list has several times only the first is
 */
export async function takeIn(db: Queryable, events: readonly InboxEvent[]): Promise<boolean[]> {
  if (events.length === 0) return [];
  // Ordered, so that two transactions with the same events wait for each other in one direction only.
  const { rows } = await db.query<{ index: number }>(
    `WITH given AS (
       SELECT source, event_id, min(position)::integer - 1 AS index
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS event(source, event_id, position)
       GROUP BY source, event_id
     ), added AS (
       INSERT INTO inbox (source, event_id) SELECT source, event_id FROM given ORDER BY source, event_id
       ON CONFLICT DO NOTHING RETURNING source, event_id
     )
     SELECT index FROM given JOIN added USING (source, event_id)`,
    [events.map(({ source }) => source), events.map(({ eventId }) => eventId)],
  );
  const added = new Set(rows.map(({ index }) => index));
  return events.map((_, index) => added.has(index));
}

/** Rows per statement: short enough to hold nobody up. */
const FORGET_ROWS = 10_000;

/**
 * Deletes what was taken in more than so many days ago: an event that comes again after that counts as new.
 * @returns how many were deleted
 */
export async function forgetInbox(db: Queryable, olderThanDays: number): Promise<number> {
  for (let forgotten = 0; ;) {
    const { rowCount } = await db.query(
      `DELETE FROM inbox WHERE (source, event_id) IN (
         SELECT source, event_id FROM inbox WHERE received_at < now() - make_interval(days => $1) LIMIT ${FORGET_ROWS})`,
      [olderThanDays],
    );
    forgotten += rowCount ?? 0;
    if ((rowCount ?? 0) < FORGET_ROWS) return forgotten;
  }
}
