/**
 * What people decide about dead letters: replay or discard. The letter's new state, the event that says who and
 * why, and the message for the relay are written in one transaction.
 */
import { TOPICS, TOPIC_NAMES } from '../events/topics.ts';
import { redactText } from '../redact.ts';
import { outOfDate } from './dead-letter-age.ts';
import { editedHeaders, type LetterEdit, type LetterToDecide, type Skipped } from './dead-letter.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';

/** Who decides, and the request that it came with. */
export interface Decision {
  actor: string;
  reason: string | null;
  correlationId: string | null;
  traceparent: string | null;
}

/** Letters per transaction. */
const CHUNK = 500;

/**
 * Has letters published again by the relay: as they were, or edited, with the header `dlq_replay_of`.
 * A letter is replayed once; one that was discarded may still be.
 * @param ids in the order in which they are to be published
 * @param edit for a single letter
 * @returns the letters that were not replayed, and why
 */
export async function replayDeadLetters(
  pool: Pool,
  ids: readonly string[],
  decision: Decision,
  topicPrefix: string,
  edit: LetterEdit = {},
): Promise<Skipped[]> {
  return inChunks(ids, (chunk) =>
    inTransaction(pool, async (client) => {
      // Terminals before letters, as an erasure locks them; what is compared never changes.
      const stale = await outOfDate(client, [...(await read(client, chunk, '')).values()], edit);
      const locked = await read(client, chunk, 'FOR UPDATE');
      const { chosen, skipped } = choose(
        chunk,
        locked,
        (letter) => whyNotReplay(letter, edit) ?? stale.get(letter.id),
      );
      if (chosen.length > 0) {
        await settle(client, chosen, 'REPLAYED', decision, Object.keys(edit).length > 0);
        await publish(client, chosen, topicPrefix, edit);
      }
      return skipped;
    }),
  );
}

/**
 * Marks open letters as nothing to do about.
 * @returns the letters that were not discarded, and why
 */
export async function discardDeadLetters(
  pool: Pool,
  ids: readonly string[],
  decision: Decision,
): Promise<Skipped[]> {
  return inChunks(ids, (chunk) =>
    inTransaction(pool, async (client) => {
      const locked = await read(client, chunk, 'FOR UPDATE');
      const { chosen, skipped } = choose(chunk, locked, (letter) =>
        letter.state === 'OPEN' ? undefined : settled(letter),
      );
      if (chosen.length > 0) await settle(client, chosen, 'DISCARDED', decision);
      return skipped;
    }),
  );
}

async function inChunks(
  ids: readonly string[],
  decide: (chunk: readonly string[]) => Promise<Skipped[]>,
): Promise<Skipped[]> {
  const skipped: Skipped[] = [];
  for (let from = 0; from < ids.length; from += CHUNK) {
    skipped.push(...(await decide(ids.slice(from, from + CHUNK))));
  }
  return skipped;
}

/** Locked in the order of their ids, so that two requests for the same letters wait for one another. */
async function read(
  db: Queryable,
  ids: readonly string[],
  locking: '' | 'FOR UPDATE',
): Promise<Map<string, LetterToDecide>> {
  const compacted = TOPIC_NAMES.filter((name) =>
    TOPICS[name].settings['cleanup.policy']?.includes('compact'),
  );
  const { rows } = await db.query<LetterToDecide>(
    `SELECT dead_letter_id AS id, topic, stage, error, state, decided_by AS "decidedBy", key, headers,
            octet_length(value) AS "valueBytes",
            CASE WHEN topic = ANY ($2) AND octet_length(value) <= 65536 THEN value END AS value,
            truncated_bytes::float8 AS "truncatedBytes"
     FROM dead_letter WHERE dead_letter_id = ANY ($1::uuid[]) ORDER BY dead_letter_id ${locking}`,
    [ids, compacted],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

type Refusal = Omit<Skipped, 'id'>;

function choose(
  ids: readonly string[],
  locked: ReadonlyMap<string, LetterToDecide>,
  whyNot: (letter: LetterToDecide) => Refusal | undefined,
): { chosen: LetterToDecide[]; skipped: Skipped[] } {
  const chosen: LetterToDecide[] = [];
  const skipped: Skipped[] = [];
  for (const id of new Set(ids)) {
    const letter = locked.get(id);
    const refusal = letter
      ? whyNot(letter)
      : ({ why: 'not-found', detail: `There is no dead letter ${id}.` } as const);
    if (refusal) skipped.push({ id, ...refusal });
    else if (letter) chosen.push(letter);
  }
  return { chosen, skipped };
}

function settled({ state, decidedBy }: LetterToDecide): Refusal {
  const done = state === 'REPLAYED' ? 'replayed' : 'discarded';
  return { why: 'settled', detail: `The letter was ${done} by ${decidedBy ?? 'somebody'} already.` };
}

function whyNotReplay(letter: LetterToDecide, edit: LetterEdit): Refusal | undefined {
  const { state, topic, stage, truncatedBytes } = letter;
  if (state === 'REPLAYED') return settled(letter);
  const name = TOPIC_NAMES.find((each) => each === topic);
  if (!name || name === 'tpe.events.dlq' || stage === 'unknown') {
    const detail = `The letter belongs to no topic that it could be published on again; it names ${topic}.`;
    return { why: 'no-topic', detail };
  }
  if (letter.valueBytes === null && Object.keys(letter.headers).length === 0 && edit.value === undefined) {
    const detail =
      'The letter has neither a value nor headers, so that there is nothing to publish; those of a terminal that was erased are gone.';
    return { why: 'empty', detail };
  }
  if (truncatedBytes !== null && edit.value === undefined) {
    const detail = `Only the beginning of the value was kept, of ${truncatedBytes} bytes: replay it with another value, or discard it.`;
    return { why: 'truncated', detail };
  }
  const limit = Number(TOPICS[name].settings['max.message.bytes']);
  const bytes = sizeOf(letter, edit);
  if (bytes <= limit) return undefined;
  const detail = `The message would have ${bytes} bytes; topic ${topic} takes ${limit}. Replay it with a smaller value, or discard it.`;
  return { why: 'too-large', detail };
}

/** Bytes of a record batch of one message around its parts, and of a header around its name and value. */
const BATCH_BYTES = 90;
const HEADER_BYTES = 6;

/** About what the broker measures: its limit is for the message with all that is around it. */
function sizeOf(letter: LetterToDecide, edit: LetterEdit): number {
  const headers = { ...editedHeaders(letter.headers, edit), dlq_replay_of: letter.id };
  const headerBytes = Object.entries(headers).map(
    ([name, value]) => HEADER_BYTES + Buffer.byteLength(name) + Buffer.byteLength(value),
  );
  const key = edit.key === undefined ? letter.key : edit.key;
  const valueBytes = edit.value === undefined ? (letter.valueBytes ?? 0) : (edit.value?.length ?? 0);
  return BATCH_BYTES + (key?.length ?? 0) + valueBytes + headerBytes.reduce((sum, each) => sum + each, 0);
}

/** Characters of a key that an event keeps. */
const KEY_CHARACTERS = 200;
const CAMPAIGN_AND_TPE =
  /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\|([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The state of the letters, and an event for each. */
async function settle(
  db: Queryable,
  letters: readonly LetterToDecide[],
  state: 'REPLAYED' | 'DISCARDED',
  { actor, reason, correlationId, traceparent }: Decision,
  edited?: boolean,
): Promise<void> {
  await db.query(
    `UPDATE dead_letter SET state = $2, decided_by = $3, decided_at = now(), decision_reason = $4
     WHERE dead_letter_id = ANY ($1::uuid[])`,
    [letters.map(({ id }) => id), state, actor, reason],
  );
  const events = letters.map(({ id, topic, stage, error, key }) => {
    const text = keyText(key);
    // The terminal's own story has it, too.
    const [, campaignId = null, tpeId = null] = CAMPAIGN_AND_TPE.exec(text ?? '') ?? [];
    const shown = text === null ? null : redactText(text).slice(0, KEY_CHARACTERS);
    const data = {
      deadLetterId: id,
      topic,
      stage,
      error,
      key: shown,
      ...(edited !== undefined && { edited }),
    };
    return { campaignId, tpeId, data: JSON.stringify(data) };
  });
  await db.query(
    `INSERT INTO event (type, campaign_id, tpe_id, actor, reason, data, correlation_id, traceparent)
     SELECT $1, campaign_id, tpe_id, $2, $3, data, $4, $5
     FROM unnest($6::uuid[], $7::uuid[], $8::jsonb[]) WITH ORDINALITY AS e (campaign_id, tpe_id, data, n)
     ORDER BY n`,
    [
      state === 'REPLAYED' ? 'dlq.replayed' : 'dlq.discarded',
      actor,
      reason,
      correlationId,
      traceparent,
      events.map(({ campaignId }) => campaignId),
      events.map(({ tpeId }) => tpeId),
      events.map(({ data }) => data),
    ],
  );
}

/** Puts the messages into the outbox, on the lane that the other messages of their keys are on. */
async function publish(
  db: Queryable,
  letters: readonly LetterToDecide[],
  topicPrefix: string,
  edit: LetterEdit,
): Promise<void> {
  const [only] = letters;
  const headers = edit.headers && only ? editedHeaders(only.headers, edit) : null;
  const laneKeys = letters.map(({ id, key }) => keyText(edit.key === undefined ? key : edit.key) ?? id);
  await db.query(
    `INSERT INTO outbox (topic, key, type, headers, raw, raw_key, raw_value)
     SELECT $3 || l.topic, lane_key, coalesce(l.headers->>'ce_type', 'unknown'),
            coalesce($4::jsonb, l.headers) || jsonb_build_object('dlq_replay_of', l.dead_letter_id),
            true, CASE WHEN $5 THEN $6 ELSE l.key END, CASE WHEN $7 THEN $8 ELSE l.value END
     FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS chosen (id, lane_key, n)
     JOIN dead_letter AS l ON l.dead_letter_id = chosen.id
     ORDER BY n`,
    [
      letters.map(({ id }) => id),
      laneKeys,
      topicPrefix,
      headers && JSON.stringify(headers),
      edit.key !== undefined,
      edit.key ?? null,
      edit.value !== undefined,
      edit.value ?? null,
    ],
  );
}

/** A key as PostgreSQL's text can hold it; null where it is none. */
function keyText(key: Buffer | null): string | null {
  if (!key) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(key);
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}
