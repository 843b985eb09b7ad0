/** Dead letters as the API shows them: readable where they are text, and without card numbers and secrets. */
import type { DeadLetterRow } from '../db/dead-letter.ts';
import { redactText } from '../redact.ts';
import { BASE } from './links.ts';
import type { DeadLetter, LetterContent } from './schemas/dead-letter.ts';

export const DEAD_LETTERS_PATH = `${BASE}/dlq`;

/** Characters of a key or value in a list; of the bytes that are read for it, some more. */
export const EXCERPT_CHARACTERS = 2_000;
/**
 * Bytes at the end of a part that are not shown: a card number that goes on behind it can't be told from any other
 * digits. It has 19 digits at most, with a blank or hyphen between them.
 */
const HIDDEN_END = 64;
export const EXCERPT_BYTES = EXCERPT_CHARACTERS + HIDDEN_END;

/**
 * A letter for people.
 * @param characters most characters of key and value to show; absent: all
 */
export function showDeadLetter(row: DeadLetterRow, characters = Infinity): DeadLetter {
  const { failedAtText: _text, keyBytes, valueBytes, key, value, headers, ...rest } = row;
  const masks = new Masks();
  const whole = row.truncatedBytes ?? valueBytes;
  return {
    ...rest,
    key: masks.content(key, keyBytes, characters),
    value: masks.content(value, whole, characters),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, text]) => [masks.text(name), masks.text(text)]),
    ),
    reason: masks.text(row.reason),
    failedAt: row.failedAt.toISOString(),
    receivedAt: row.receivedAt.toISOString(),
    decidedAt: row.decidedAt?.toISOString() ?? null,
    masked: masks.used,
    links: { self: `${DEAD_LETTERS_PATH}/${row.deadLetterId}` },
  };
}

/** Masks texts, and remembers whether there was anything to mask. */
class Masks {
  used = false;

  text(text: string): string {
    const clean = redactText(text);
    if (clean !== text) this.used = true;
    return clean;
  }

  /** @param bytes size of the whole, of which `part` may be the beginning */
  content(part: Buffer | null, bytes: number | null, characters: number): LetterContent | null {
    if (part === null || bytes === null) return null;
    const cut = part.length < bytes;
    const text = decode(part, cut);
    if (text !== null) {
      const shown = shorten(this.text(text), cut, characters);
      return { encoding: 'utf-8', content: shown.text, bytes, complete: shown.complete };
    }
    // One character per byte: digits are found in any encoding that has ASCII's.
    const shown = shorten(this.text(part.toString('latin1')), cut, characters);
    const content = Buffer.from(shown.text, 'latin1').toString('base64');
    return { encoding: 'base64', content, bytes, complete: shown.complete };
  }
}

/** The text of the bytes; null if they are none. A character that is cut at the end is left out. */
function decode(bytes: Buffer, cut: boolean): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: cut });
  } catch {
    return null;
  }
}

function shorten(text: string, cut: boolean, characters: number): { text: string; complete: boolean } {
  const known = cut ? text.slice(0, Math.max(0, text.length - HIDDEN_END)) : text;
  if (known.length <= characters) return { text: known, complete: !cut };
  // Not through the middle of a character of two code units.
  const end = /[\uD800-\uDBFF]/.test(known[characters - 1] ?? '') ? characters - 1 : characters;
  return { text: known.slice(0, end), complete: false };
}
