/** The audit trail as people read it. */
import type { Queryable } from './pool.ts';

export interface EventRow {
  /** Order of writing; up to 2^53 it fits a number. */
  seq: number;
  eventId: string;
  occurredAt: Date;
  /** `campaign.created`, `tpe.requested`, … */
  type: string;
  tpeId: string | null;
  actor: string;
  reason: string | null;
  data: Record<string, unknown>;
  correlationId: string | null;
}

/**
 * The events of a campaign and its terminals, by when they were written.
 * @param query.after goes on after the event with this `seq`
 */
export async function listCampaignEvents(
  db: Queryable,
  campaignId: string,
  query: { order: 'asc' | 'desc'; after?: string | undefined; limit: number },
): Promise<EventRow[]> {
  const beyond = query.order === 'asc' ? '>' : '<';
  const { rows } = await db.query<EventRow>(
    `SELECT seq::float8 AS seq, event_id AS "eventId", occurred_at AS "occurredAt", type, tpe_id AS "tpeId", actor,
            reason, data, correlation_id AS "correlationId"
     FROM event WHERE campaign_id = $1 AND ($2::bigint IS NULL OR seq ${beyond} $2::bigint)
     ORDER BY seq ${query.order} LIMIT $3`,
    [campaignId, query.after ?? null, query.limit],
  );
  return rows;
}
