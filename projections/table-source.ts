/** Events from the event table, in the order that the sealer has given them. */
import type { Queryable } from '../db/pool.ts';
import { BATCH_EVENTS, type EventSource, type SealedEvent } from './events.ts';

// A position whose event is gone still comes, as an event of no kind: what was taken away from under the chain is the
// audit's business, and must not hold up the counts. LATERAL … LIMIT keeps it at one look into an index per event,
// whatever the planner thinks of the sizes.
const READ = `
SELECT next.position::float8 AS position,
       to_char(next.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "occurredAt",
       coalesce(event.type, '') AS type, event.campaign_id AS "campaignId", event.tpe_id AS "tpeId", event.reason,
       coalesce(event.data, '{}') AS data
FROM (SELECT position, seq, occurred_at FROM event_chain
      WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3) AS next
LEFT JOIN LATERAL (SELECT type, campaign_id, tpe_id, reason, data FROM event
                   WHERE seq = next.seq AND occurred_at = next.occurred_at LIMIT 1) AS event ON true
ORDER BY next.position`;

/** The next events behind a position, at most `limit`. */
export async function readBatch(
  db: Queryable,
  after: number,
  upTo: number = Number.MAX_SAFE_INTEGER,
  limit: number = BATCH_EVENTS,
): Promise<SealedEvent[]> {
  const { rows } = await db.query<SealedEvent>(READ, [after, upTo, limit]);
  return rows;
}

export function tableSource(db: Queryable, limit: number = BATCH_EVENTS): EventSource {
  return {
    async *readEvents(after, upTo) {
      for (let position = after; ;) {
        const events = await readBatch(db, position, upTo, limit);
        const last = events.at(-1);
        if (!last) return;
        yield events;
        position = last.position;
      }
    },
  };
}
