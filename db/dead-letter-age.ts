/**
 * Which letters of the compacted topics are out of date. These topics keep the last message of a key, whatever it
 * says: a state that is published again after a newer one would be taken for what is true now.
 */
import { editedHeaders, type LetterEdit, type LetterToDecide, type Skipped } from './dead-letter.ts';
import type { Queryable } from './pool.ts';

/**
 * The refusals of those letters, by their ids. The terminals stay locked until the transaction ends, so that
 * nothing newer can be announced before what is replayed.
 */
export async function outOfDate(
  db: Queryable,
  letters: readonly LetterToDecide[],
  edit: LetterEdit,
): Promise<Map<string, Omit<Skipped, 'id'>>> {
  return new Map([...(await oldStatuses(db, letters, edit)), ...(await oldVersions(db, letters, edit))]);
}

type Refusals = [string, Omit<Skipped, 'id'>][];

function refusal(detail: string): Omit<Skipped, 'id'> {
  return { why: 'out-of-date', detail: `${detail} Discard the letter.` };
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const CAMPAIGN_AND_TPE = new RegExp(`^${UUID}\\|${UUID}$`);
const TPE = new RegExp(`^${UUID}$`);

/** The letters of a topic whose key has the right form, with that key and what is to be compared. */
function comparable<T>(
  letters: readonly LetterToDecide[],
  topic: string,
  form: RegExp,
  what: (letter: LetterToDecide) => T | null,
): { id: string; key: string; said: T }[] {
  return letters.flatMap((letter) => {
    const key = letter.key?.toString() ?? '';
    const said = letter.topic === topic && form.test(key) ? what(letter) : null;
    return said === null ? [] : [{ id: letter.id, key, said }];
  });
}

async function oldStatuses(
  db: Queryable,
  letters: readonly LetterToDecide[],
  edit: LetterEdit,
): Promise<Refusals> {
  const asked = comparable(letters, 'tpe.update.status', CAMPAIGN_AND_TPE, ({ headers }) =>
    sequenceOf(editedHeaders(headers, edit)),
  );
  if (asked.length === 0) return [];
  const keys = asked.map(({ key }) => key.split('|'));
  const { rows } = await db.query<{ key: string; sequence: number }>(
    `SELECT campaign_id || '|' || tpe_id AS key, sequence FROM campaign_tpe
     WHERE (campaign_id, tpe_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
     ORDER BY campaign_id, tpe_id FOR SHARE`,
    [keys.map(([campaignId]) => campaignId), keys.map(([, tpeId]) => tpeId)],
  );
  const newest = new Map(rows.map(({ key, sequence }) => [key, sequence]));
  return asked.flatMap(({ id, key, said }) => {
    const last = newest.get(key) ?? said;
    if (said >= last) return [];
    const detail = `The terminal has gone on: the letter is change ${said} of its state, the last one is ${last}.`;
    return [[id, refusal(detail)]];
  });
}

function sequenceOf({ ce_sequence: text }: Record<string, string>): number | null {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

async function oldVersions(
  db: Queryable,
  letters: readonly LetterToDecide[],
  edit: LetterEdit,
): Promise<Refusals> {
  const asked = comparable(letters, 'tpe.version.snapshot', TPE, ({ value }) =>
    versionOf(edit.value === undefined ? value : edit.value),
  );
  if (asked.length === 0) return [];
  const { rows } = await db.query<{ key: string; version: string | null }>(
    `SELECT tpe_id AS key, version_courante AS version FROM tpe
     WHERE tpe_id = ANY ($1::uuid[]) ORDER BY tpe_id FOR SHARE`,
    [asked.map(({ key }) => key)],
  );
  const newest = new Map(rows.map(({ key, version }) => [key, version]));
  return asked.flatMap(({ id, key, said }) => {
    const now = newest.get(key);
    if (now === undefined || now === said) return [];
    return [[id, refusal(`The terminal runs ${now ?? 'an unknown version'} by now, not ${said}.`)]];
  });
}

function versionOf(value: Buffer | null): string | null {
  try {
    const { version } = JSON.parse(value?.toString() ?? '{}') as { version?: unknown };
    return typeof version === 'string' ? version : null;
  } catch {
    return null;
  }
}
