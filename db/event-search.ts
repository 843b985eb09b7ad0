/** The audit trail as people search it: by who, what, when, over all campaigns. */
import type { EventRow } from './event.ts';
import { Parameters } from './parameters.ts';
import type { Queryable } from './pool.ts';

/** What events are selected by: all that is given must be met. */
export interface EventFilter {
  campaignId?: string | undefined;
  tpeId?: string | undefined;
  actor?: string | undefined;
  /** A type, or its beginning followed by `*`. */
  type?: string | undefined;
  correlationId?: string | undefined;
  /** When it happened: ISO 8601, from (included) and to (not). */
  from?: string | undefined;
  to?: string | undefined;
}

export interface FoundEvent extends EventRow {
  campaignId: string | null;
  traceparent: string | null;
  /** In the chain, from 1; null: not sealed yet. */
  position: number | null;
  /** Hexadecimal. */
  hash: string | null;
}

/** An event of a terminal, with the campaign that it is of. */
export interface TimelineEvent extends FoundEvent {
  campaignName: string | null;
  targetVersion: string | null;
}

const COLUMNS = `e.seq::float8 AS seq, e.event_id AS "eventId", e.occurred_at AS "occurredAt", e.type,
  e.campaign_id AS "campaignId", e.tpe_id AS "tpeId", e.actor, e.reason, e.data, e.correlation_id AS "correlationId",
  e.traceparent, c.position::float8 AS position, encode(c.hash, 'hex') AS hash`;

/** The place of an event in the chain. Both columns, so that only its own partition is looked into. */
export const CHAIN_JOIN = 'LEFT JOIN event_chain c ON c.seq = e.seq AND c.occurred_at = e.occurred_at';

/**
 * Events that meet the filter, in the order of writing. Months that `from` and `to` leave out are not looked into.
 * @param page.after goes on after the event with this `seq`
 */
export async function searchEvents(
  db: Queryable,
  filter: EventFilter,
  page: { order: 'asc' | 'desc'; after?: string | undefined; limit: number },
): Promise<FoundEvent[]> {
  const parameters = new Parameters();
  const conditions = ['true', ...eventConditions(filter, parameters)];
  if (page.after !== undefined) {
    conditions.push(`e.seq ${page.order === 'asc' ? '>' : '<'} ${parameters.add(page.after)}::bigint`);
  }
  const { rows } = await db.query<FoundEvent>(
    `SELECT ${COLUMNS} FROM event e ${CHAIN_JOIN}
     WHERE ${conditions.join(' AND ')} ORDER BY e.seq ${page.order} LIMIT ${parameters.add(page.limit)}`,
    parameters.values,
  );
  return rows;
}

/**
 * What happened to a terminal, over all campaigns, newest first.
 * @param page.after goes on after the event with this `seq`
 */
export async function listTpeEvents(
  db: Queryable,
  tpeId: string,
  page: { after?: string | undefined; limit: number },
): Promise<TimelineEvent[]> {
  const { rows } = await db.query<TimelineEvent>(
    `SELECT ${COLUMNS}, k.name AS "campaignName", k.version_cible AS "targetVersion"
     FROM event e ${CHAIN_JOIN} LEFT JOIN campaign k ON k.campaign_id = e.campaign_id
     WHERE e.tpe_id = $1 AND ($2::bigint IS NULL OR e.seq < $2::bigint) ORDER BY e.seq DESC LIMIT $3`,
    [tpeId, page.after ?? null, page.limit],
  );
  return rows;
}

/** The conditions of a filter on `e`, a row of `event`. */
export function eventConditions(filter: EventFilter, parameters: Parameters): string[] {
  const conditions: string[] = [];
  const equal = {
    campaign_id: filter.campaignId,
    tpe_id: filter.tpeId,
    actor: filter.actor,
    correlation_id: filter.correlationId,
  };
  for (const [column, value] of Object.entries(equal)) {
    if (value !== undefined) conditions.push(`e.${column} = ${parameters.add(value)}`);
  }
  if (filter.type?.endsWith('*')) {
    conditions.push(`starts_with(e.type, ${parameters.add(filter.type.slice(0, -1))})`);
  } else if (filter.type !== undefined) {
    conditions.push(`e.type = ${parameters.add(filter.type)}`);
  }
  return [...conditions, ...timeConditions(filter, parameters, 'e')];
}

/** The conditions on the time of a row of `event` or `event_chain`, by which partitions are left out. */
export function timeConditions(
  { from, to }: Pick<EventFilter, 'from' | 'to'>,
  parameters: Parameters,
  alias: 'e' | 'c',
): string[] {
  return [
    ...(from === undefined ? [] : [`${alias}.occurred_at >= ${parameters.add(from)}::timestamptz`]),
    ...(to === undefined ? [] : [`${alias}.occurred_at < ${parameters.add(to)}::timestamptz`]),
  ];
}
