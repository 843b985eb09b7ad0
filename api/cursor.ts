/** Opaque cursors: where the next page starts, as a short list of strings that only this API reads. */
import { Problem } from './errors.ts';

function encodeCursor(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/**
 * The parts of a cursor, undefined where none was given.
 * @param forms what each part must look like; a cursor of another list does not fit
 * @throws Problem `invalid-parameters`
 */
export function decodeCursor<const F extends readonly RegExp[]>(
  cursor: string | undefined,
  forms: F,
): { [K in keyof F]: string } | undefined {
  if (cursor === undefined) return undefined;
  const parts = parse(cursor);
  const fits = parts.length === forms.length && forms.every((form, i) => form.test(parts[i] ?? ''));
  if (fits) return parts as { [K in keyof F]: string };
  throw new Problem('invalid-parameters', {
    detail: 'The cursor is not one that this list has given.',
    errors: [{ parameter: 'cursor', message: 'must be the `nextCursor` of an earlier page of this list' }],
  });
}

function parse(cursor: string): string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts.map(String) : [];
  } catch {
    return [];
  }
}

/**
 * Cuts a page from rows of which one more than the page was asked for.
 * @param cursorOf the cursor that goes on after a row
 */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  cursorOf: (last: T) => readonly string[],
): { items: T[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? encodeCursor(cursorOf(last)) : null };
}

export const UUID_FORM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const NUMBER_FORM = /^\d{1,18}$/;
/** As PostgreSQL gives it in UTC, with microseconds: a JavaScript date would lose three digits. */
export const INSTANT_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
