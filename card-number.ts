/** Finds card numbers in texts: by the lengths and beginnings that card schemes have, and their check digit. */

/** A part of a text: `from` included, `to` not. */
export interface Span {
  from: number;
  to: number;
}

/** Digits of the shortest card number. */
export const SHORTEST = 13;
const LONGEST = 19;

/**
 * Beginnings and lengths of the numbers of card schemes (ISO/IEC 7812). Without them one in ten of all long numbers
 * would count as one, and every IMEI and SIM card number, which have the same check digit.
 */
const SCHEMES: readonly (readonly [beginning: RegExp, lengths: readonly number[]])[] = [
  // Visa
  [/^4/, [13, 16, 18, 19]],
  // Mastercard
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  // Maestro, Discover, UnionPay, RuPay
  [/^(?:5[06-8]|6)/, [13, 14, 15, 16, 17, 18, 19]],
  // American Express; UATP, and the old numbers of JCB
  [/^(?:3[47]|1|2131)/, [15]],
  // Diners Club
  [/^(?:30[0-59]|3[689])/, [14, 15, 16, 17, 18, 19]],
  // JCB
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  // Mir; UnionPay and RuPay
  [/^(?:220[0-4]|8[12])/, [16, 17, 18, 19]],
  // Uzcard, Humo, Troy
  [/^(?:8600|9860|9792)/, [16]],
];

/** Whether these digits, and nothing else, are a card number. */
export function isCardNumber(digits: string): boolean {
  if (digits.length < SHORTEST || digits.length > LONGEST || !/^\d+$/.test(digits)) return false;
  const isIssued = SCHEMES.some(
    ([beginning, lengths]) => lengths.includes(digits.length) && beginning.test(digits),
  );
  return isIssued && passesLuhn(digits);
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const weighed = i % 2 === 0 ? digit : digit * 2;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}

const WORD = /[0-9A-Za-z]+/g;
const HEX = /^(?=.*[a-f])[0-9a-f]+$/i;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9A-Za-z])/iy;
const DAY = /(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)/y;
/** A blank or a hyphen in an address, behind its percent sign. */
const ESCAPED = /^(?:20|2d|a0|c2$)/i;
/** What may stand between the digits of one number: blanks and hyphens of every kind, three at most. */
const GAP = /^(?:[ \u00a0\u2000-\u200b\u202f\u2010-\u2015_-]|(?:%c2)?%(?:20|2d|a0)){1,3}$/i;
const LONGEST_GAP = 18;

/**
 * The card numbers in a text, in order. They may be written with blanks and hyphens; the digits of a UUID, of a hash
 * in hexadecimal, of a day, or behind a decimal point are none.
 */
export function findCardNumbers(text: string): Span[] {
  const found: Span[] = [];
  let run: Span[] = [];
  const close = (): void => {
    findInRun(text, run, found);
    run = [];
  };
  WORD.lastIndex = 0;
  for (let word = WORD.exec(text); word; word = WORD.exec(text)) {
    const escape = text[word.index - 1] === '%' && ESCAPED.test(word[0]) ? 2 : 0;
    const from = word.index + escape;
    const letters = word[0].slice(escape);
    const jump = skipId(text, from, letters);
    if (jump > 0 || HEX.test(letters)) {
      close();
      if (jump > 0) WORD.lastIndex = jump;
      continue;
    }
    for (const digits of letters.matchAll(/\d+/g)) {
      const group = { from: from + digits.index, to: from + digits.index + digits[0].length };
      const before = run.at(-1);
      if (before && !GAP.test(text.slice(before.to, Math.min(group.from, before.to + LONGEST_GAP + 1))))
        close();
      if (isFraction(text, group.from)) close();
      else run.push(group);
    }
  }
  close();
  return found;
}

/** Where a UUID or a day that begins here ends; 0 if none does. */
function skipId(text: string, from: number, word: string): number {
  const form = word.length === 8 ? UUID : word.length === 4 ? DAY : undefined;
  if (!form || text[from + word.length] !== '-') return 0;
  form.lastIndex = from;
  return form.test(text) ? form.lastIndex : 0;
}

/** Part of a version, or of a number with a decimal point. */
function isFraction(text: string, from: number): boolean {
  return text[from - 1] === '.' && /\d/.test(text[from - 2] ?? '');
}

/** The card numbers that begin and end with groups of a run; what overlaps by chance goes as a whole. */
function findInRun(text: string, run: readonly Span[], found: Span[]): void {
  for (let first = 0; first < run.length; first++) {
    let digits = '';
    let last = -1;
    for (let at = first; at < run.length; at++) {
      const { from, to } = run[at] as Span;
      if (digits.length + to - from > LONGEST) break;
      digits += text.slice(from, to);
      if (isCardNumber(digits)) last = at;
    }
    if (last < 0) continue;
    const { from } = run[first] as Span;
    const { to } = run[last] as Span;
    const before = found.at(-1);
    if (before && from < before.to) before.to = Math.max(before.to, to);
    else found.push({ from, to });
  }
}
