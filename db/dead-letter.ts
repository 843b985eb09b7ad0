/** The dead letters as people look at them; what is decided about them is in `dead-letter-decisions.ts`. */
import { Parameters } from './parameters.ts';
import type { Queryable } from './pool.ts';

export const DEAD_LETTER_STATES = ['OPEN', 'REPLAYED', 'DISCARDED'] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

export interface DeadLetterFilter {
  state?: DeadLetterState | undefined;
  topic?: string | undefined;
  error?: string | undefined;
  stage?: string | undefined;
  /** The key as text; `*` stands for any part of it. */
  key?: string | undefined;
  /** When it failed: ISO 8601, from (included) and to (not). */
  from?: string | undefined;
  to?: string | undefined;
}

export interface DeadLetterRow {
  deadLetterId: string;
  /** Where it was, or was meant to go; without the prefix where it is a topic of ours. */
  topic: string;
  /** Null: it never was on its topic. */
  partition: number | null;
  offset: number | null;
  /** All of it, or its beginning; `keyBytes` and `valueBytes` have the size of the whole. Null: there is none. */
  key: Buffer | null;
  keyBytes: number | null;
  value: Buffer | null;
  valueBytes: number | null;
  /** Of the message itself. */
  headers: Record<string, string>;
  /** Who gave up on it. */
  stage: string;
  /** A stable code. */
  error: string;
  /** In words. */
  reason: string;
  tries: number;
  /** Size of the value where only its beginning was kept. */
  truncatedBytes: number | null;
  failedAt: Date;
  /** The same to the microsecond, for cursors. */
  failedAtText: string;
  receivedAt: Date;
  state: DeadLetterState;
  decidedBy: string | null;
  decidedAt: Date | null;
  decisionReason: string | null;
}

/** What is published instead of what the letter holds. An absent part stays as it is. */
export interface LetterEdit {
  /** Null: none. */
  key?: Buffer | null;
  /** Null: none, a tombstone. */
  value?: Buffer | null;
  /** By name; null removes the header. */
  headers?: Record<string, string | null>;
}

/** Why nothing was decided about a letter. */
export interface Skipped {
  id: string;
  why: 'not-found' | 'settled' | 'no-topic' | 'truncated' | 'empty' | 'too-large' | 'out-of-date';
  /** In words. */
  detail: string;
}

/** A letter that something is to be decided about. */
export interface LetterToDecide {
  id: string;
  topic: string;
  stage: string;
  error: string;
  state: DeadLetterState;
  decidedBy: string | null;
  key: Buffer | null;
  headers: Record<string, string>;
  valueBytes: number | null;
  /** Only of a small message on a compacted topic. */
  value: Buffer | null;
  truncatedBytes: number | null;
}

/** The headers with what is to be set and removed; for their names, capitals are no difference. */
export function editedHeaders(
  headers: Readonly<Record<string, string>>,
  { headers: changes = {} }: LetterEdit,
): Record<string, string> {
  const changed = new Set(Object.keys(changes).map((name) => name.toLowerCase()));
  const kept = Object.entries(headers).filter(([name]) => !changed.has(name.toLowerCase()));
  const set = Object.entries(changes).filter((change): change is [string, string] => change[1] !== null);
  return Object.fromEntries([...kept, ...set]);
}

/** @param bytes how much of key and value to read; null: all */
function columns(bytes: number | null): string {
  const part = (name: string): string => (bytes === null ? name : `substring(${name} FROM 1 FOR ${bytes})`);
  return `dead_letter_id AS "deadLetterId", topic, partition, "offset"::float8 AS "offset",
    ${part('key')} AS key, octet_length(key) AS "keyBytes",
    ${part('value')} AS value, octet_length(value) AS "valueBytes",
    headers, stage, error, reason, tries, truncated_bytes::float8 AS "truncatedBytes", failed_at AS "failedAt",
    ${instantText('failed_at')} AS "failedAtText",
    received_at AS "receivedAt", state, decided_by AS "decidedBy", decided_at AS "decidedAt",
    decision_reason AS "decisionReason"`;
}

/**
 * Letters, newest first.
 * @param query.after goes on after the letter that failed then and has this id
 * @param query.bytes how many bytes of key and value to read
 */
export async function listDeadLetters(
  db: Queryable,
  query: DeadLetterFilter & { after?: readonly [string, string] | undefined; bytes: number; limit: number },
): Promise<DeadLetterRow[]> {
  const parameters = new Parameters();
  const conditions = conditionsOf(query, parameters);
  if (query.after) {
    const [at, id] = query.after.map((part) => parameters.add(part));
    // Descending by time, ascending by id, as the index has it.
    conditions.push(
      `failed_at <= ${at}::timestamptz AND (failed_at < ${at}::timestamptz OR dead_letter_id > ${id}::uuid)`,
    );
  }
  const { rows } = await db.query<DeadLetterRow>(
    `SELECT ${columns(query.bytes)} FROM dead_letter WHERE ${conditions.join(' AND ')}
     ORDER BY failed_at DESC, dead_letter_id LIMIT ${parameters.add(query.limit)}`,
    parameters.values,
  );
  return rows;
}

/** One letter with all of its value; undefined if there is none of this id. */
export async function findDeadLetter(db: Queryable, id: string): Promise<DeadLetterRow | undefined> {
  const { rows } = await db.query<DeadLetterRow>(
    `SELECT ${columns(null)} FROM dead_letter WHERE dead_letter_id = $1`,
    [id],
  );
  return rows[0];
}

/** Where a walk through the open letters has come to: the first part is when it began, the rest is a letter. */
export type WalkCursor = readonly [
  began: string,
  failedAt: string,
  topic: string,
  partition: string,
  offset: string,
  id: string,
];

/**
 * The open letters that a filter selects, in the order in which their messages were given up: so they are to be
 * replayed, because a key's messages were given up in their order. Letters that come after the walk has begun are
 * left out: a message that fails again would have it go on for ever.
 * @returns for each letter, its id and the cursor that goes on after it
 */
export async function walkOpenDeadLetters(
  db: Queryable,
  filter: Omit<DeadLetterFilter, 'state'>,
  { after, limit }: { after?: WalkCursor | undefined; limit: number },
): Promise<{ id: string; cursor: WalkCursor }[]> {
  const parameters = new Parameters();
  const conditions = conditionsOf({ ...filter, state: 'OPEN' }, parameters);
  const [began, ...last] = after ?? [];
  const beginning = `coalesce(${parameters.add(began ?? null)}::timestamptz, now())`;
  conditions.push(`received_at <= ${beginning}`);
  if (last.length > 0) {
    const [failedAt, topic, partition, offset, id] = last.map((part) => parameters.add(part));
    conditions.push(
      `(${GIVEN_UP}) > (${failedAt}::timestamptz, ${topic}, ${partition}::integer, ${offset}::bigint, ${id}::uuid)`,
    );
  }
  const { rows } = await db.query<{ cursor: WalkCursor }>(
    `SELECT ARRAY[${instantText(beginning)}, ${instantText('failed_at')}, topic, ${PARTITION}::text, ${OFFSET}::text,
                  dead_letter_id::text] AS cursor
     FROM dead_letter WHERE ${conditions.join(' AND ')} ORDER BY ${GIVEN_UP} LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
  return rows.map(({ cursor }) => ({ id: cursor[5], cursor }));
}

/** Those of the ids that exist, in the same order. */
export async function inOrderOfFailure(db: Queryable, ids: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT dead_letter_id AS id FROM dead_letter WHERE dead_letter_id = ANY ($1::uuid[]) ORDER BY ${GIVEN_UP}`,
    [ids],
  );
  return rows.map(({ id }) => id);
}

const PARTITION = 'coalesce(partition, -1)';
const OFFSET = 'coalesce("offset", -1)';
const GIVEN_UP = `failed_at, topic, ${PARTITION}, ${OFFSET}, dead_letter_id`;

/** To the microsecond, as cursors have it. */
function instantText(expression: string): string {
  return `to_char(${expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** Open letters of one kind. */
export interface DeadLetterCount {
  error: string;
  topic: string;
  stage: string;
  count: number;
  oldest: Date;
  newest: Date;
}

/** How many letters that meet a filter are open, by error, topic and stage; the most frequent first. */
export async function countOpenDeadLetters(
  db: Queryable,
  filter: Omit<DeadLetterFilter, 'state'> = {},
): Promise<DeadLetterCount[]> {
  const parameters = new Parameters();
  const conditions = conditionsOf({ ...filter, state: 'OPEN' }, parameters);
  const { rows } = await db.query<DeadLetterCount>(
    `SELECT error, topic, stage, count(*)::integer AS count, min(failed_at) AS oldest, max(failed_at) AS newest
     FROM dead_letter WHERE ${conditions.join(' AND ')}
     GROUP BY error, topic, stage ORDER BY count(*) DESC, error, topic, stage`,
    parameters.values,
  );
  return rows;
}

function conditionsOf(filter: DeadLetterFilter, parameters: Parameters): string[] {
  const conditions = ['true'];
  for (const column of ['state', 'topic', 'error', 'stage'] as const) {
    const value = filter[column];
    if (value !== undefined) conditions.push(`${column} = ${parameters.add(value)}`);
  }
  if (filter.key !== undefined) {
    // In bytes: a key need not be text.
    const pattern = filter.key.replace(/[\\%_]/g, String.raw`\$&`).replaceAll('*', '%');
    conditions.push(`key LIKE ${parameters.add(Buffer.from(pattern))}::bytea`);
  }
  if (filter.from !== undefined) conditions.push(`failed_at >= ${parameters.add(filter.from)}::timestamptz`);
  if (filter.to !== undefined) conditions.push(`failed_at < ${parameters.add(filter.to)}::timestamptz`);
  return conditions;
}
