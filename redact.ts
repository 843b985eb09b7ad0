/**
 * Keeps card numbers and secrets out of what is stored, published and logged. What people write is refused
 * (`containsCardNumber`), what machines say is cleaned (`redactText`, `redactDeep`). All of it takes time in
 * proportion to the length of the text, whatever the text is. What counts as what: docs/privacy.md.
 */
import { findCardNumbers, isCardNumber, SHORTEST, type Span } from './card-number.ts';

export const CARD_NUMBER_REMOVED = '[card number removed]';
export const SECRET_REMOVED = '[secret removed]';

/** What the logger puts in the place of a secret. */
const CENSORED = '[redacted]';

/** Levels of a value that are looked at; JSON that is nested deeper is no data of ours. */
const MAX_DEPTH = 100;

/** Whether the text has a card number, or the data of a card's track, in it. */
export function containsCardNumber(text: string): boolean {
  // Most of what is asked about is short, by the million in a fleet file.
  if (text.length < SHORTEST) return false;
  return removeTracks(text) !== text || findCardNumbers(text).length > 0;
}

/** The text with `[card number removed]` and `[secret removed]` where there were such. Harmless when repeated. */
export function redactText(text: string): string {
  const withoutSecrets = removeSchemes(removeNamed(removeJwts(removeKeys(text))));
  const open = removeUrlPasswords(withoutSecrets, SECRET_REMOVED);
  const withoutTracks = removeTracks(open);
  return cut(withoutTracks, findCardNumbers(withoutTracks), CARD_NUMBER_REMOVED);
}

/** A JSON value of the same shape with every text in it redacted: names, numbers and values of secret names too. */
export function redactDeep(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'number') return isCardNumber(String(value)) ? CARD_NUMBER_REMOVED : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      redactText(name),
      typeof item === 'string' && SECRET_NAME.test(name) ? SECRET_REMOVED : redactDeep(item, depth + 1),
    ]),
  );
}

// Every quantifier below is bounded, or begins at a place that can't be in the middle of what it repeats: a text
// made to be slow is read once all the same.

const URL_PASSWORD = /([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@"]{0,256}:)(?!\[redacted\]@)[^\s"]{1,512}@/gi;

/** Puts `by` in the place of the password of every `scheme://user:password@host`. */
export function removeUrlPasswords(text: string, by: string): string {
  return text.includes('://') ? text.replace(URL_PASSWORD, `$1${by}@`) : text;
}

const KEY_BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/g;
const KEY_END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----/g;
/** Of a key whose end is missing; line breaks may have been escaped. */
const KEY_BODY = /(?:[A-Za-z0-9+/=\s]|\\[nr])*/y;

/** Private keys in PEM, from their first line to the last. */
function removeKeys(text: string): string {
  const spans: Span[] = [];
  KEY_BEGIN.lastIndex = 0;
  KEY_END.lastIndex = 0;
  let endAfter = 0;
  for (let begin = KEY_BEGIN.exec(text); begin; begin = KEY_BEGIN.exec(text)) {
    const body = KEY_BEGIN.lastIndex;
    while (endAfter !== -1 && endAfter < body) endAfter = KEY_END.test(text) ? KEY_END.lastIndex : -1;
    KEY_BODY.lastIndex = body;
    KEY_BODY.test(text);
    const to = endAfter === -1 ? KEY_BODY.lastIndex : endAfter;
    spans.push({ from: begin.index, to });
    KEY_BEGIN.lastIndex = to;
  }
  return cut(text, spans, SECRET_REMOVED);
}

const JWT = /(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g;

function removeJwts(text: string): string {
  return text.includes('eyJ') ? text.replace(JWT, SECRET_REMOVED) : text;
}

const SECRET_WORDS =
  'pass(?:word|wd|phrase)|pwd|secret|(?:api|access|private|encryption)[-_ ]?key|authorization|cvv2?|cvc2?|pin[-_ ]?block';
const SECRET_NAME = new RegExp(`${SECRET_WORDS}|(?:token|cookie|signature)$`, 'i');
/** A name, and what stands between it and its value: `api_key: `, `"password":"`, `client_secret=`. */
const NAMED = new RegExp(
  String.raw`(?:(?:${SECRET_WORDS})[\w-]{0,32}|(?<weak>token|cookie|signature))(?:\\?["'])?\s{0,4}(?::|=>?|%3d)\s{0,4}(?:(?:bearer|basic|digest|negotiate)\s{1,4})?`,
  'gi',
);
const UNQUOTED = /[^\s,;&"'`<>(){}[\]|\\]*/y;
const REMOVED = new RegExp(`["'\\\\]{0,2}(?:${[CENSORED, SECRET_REMOVED].map(escapeRegExp).join('|')})`, 'y');

/** The values of names that say that they are secret. */
function removeNamed(text: string): string {
  const spans: Span[] = [];
  let done = 0;
  for (const match of text.matchAll(NAMED)) {
    if (match.index < done) continue;
    const begin = match.index + match[0].length;
    REMOVED.lastIndex = begin;
    if (REMOVED.test(text)) continue;
    const value = valueAt(text, begin);
    if (value.to === value.from) continue;
    // "Invalid token: expired" says nothing that is secret.
    if (match.groups?.weak && !looksRandom(text.slice(value.from, value.to))) continue;
    spans.push(value);
    done = value.to;
  }
  return cut(text, spans, SECRET_REMOVED);
}

/** Where a value that begins at `at` is, without its quotes, which may be those of JSON within a text. */
function valueAt(text: string, at: number): Span {
  const from = text[at] === '\\' && text[at + 1] === '"' ? at + 2 : at + 1;
  const quote = text[from - 1];
  if (quote !== '"' && quote !== "'") {
    UNQUOTED.lastIndex = at;
    UNQUOTED.test(text);
    return { from: at, to: UNQUOTED.lastIndex };
  }
  const isEscaped = from === at + 2;
  for (let to = from; to < text.length; to++) {
    if (text[to] === quote) return { from, to };
    if (text[to] === '\\') {
      if (isEscaped && text[to + 1] === '"') return { from, to };
      to++;
    }
  }
  return { from, to: text.length };
}

const SCHEME = /(?<![a-z])(bearer|basic)(\s{1,4})([A-Za-z0-9._~+/-]{6,}={0,2})/gi;

/** What follows the name of an HTTP authentication scheme, unless it is a word of a sentence. */
function removeSchemes(text: string): string {
  return text.replace(SCHEME, (all, scheme: string, blank: string, token: string) =>
    looksRandom(token) ? `${scheme}${blank}${SECRET_REMOVED}` : all,
  );
}

/** Whether it is no word: it has digits, signs or capitals within, is very long, or hides `user:password`. */
function looksRandom(token: string): boolean {
  return (
    token.length >= 24 ||
    /[0-9=+/_~]|[a-z][A-Z]/.test(token) ||
    Buffer.from(token, 'base64').toString('latin1').includes(':')
  );
}

const TRACK_1 = /%?B\d{12,19}\^[^^\r\n"]{2,26}\^\d[\d ]{2,78}\d\??/gi;
const TRACK_2 = /(?<![0-9A-Za-z])(\d{12,19})[=D]\d{4,40}F?(?![0-9A-Za-z])\??/g;

/** What the magnetic stripe of a card has, and the chip repeats: number, name, expiry, service code. */
function removeTracks(text: string): string {
  return text
    .replace(TRACK_1, CARD_NUMBER_REMOVED)
    .replace(TRACK_2, (all, pan: string) => (isCardNumber(pan) ? CARD_NUMBER_REMOVED : all));
}

/** The text with `by` in the place of each span; spans in order, none within another. */
function cut(text: string, spans: readonly Span[], by: string): string {
  if (spans.length === 0) return text;
  const parts: string[] = [];
  let done = 0;
  for (const { from, to } of spans) {
    parts.push(text.slice(done, from), by);
    done = to;
  }
  return parts.join('') + text.slice(done);
}

function escapeRegExp(text: string): string {
  return text.replace(/[[\]]/g, String.raw`\$&`);
}
