/** The words and signs of the rule language. */
import { createToken, Lexer, type TokenType } from 'chevrotain';

/** A field; whether there is such a one is looked at later, where a better one can be suggested. */
export const Name = createToken({ name: 'Name', label: 'a field', pattern: /[A-Za-z_][\w-]*/ });

/** Text in double quotes on one line, without control characters; `\"` and `\\` are the only escapes. */
export const Text = createToken({
  name: 'Text',
  label: 'text in double quotes',
  // Spelt out, since chevrotain drops the flag that \p{Cc} needs.
  // oxlint-disable-next-line no-control-regex
  pattern: /"(?:[^"\\\u0000-\u001f\u007f-\u009f]|\\["\\])*"/,
  line_breaks: false,
});

function keyword(word: string): TokenType {
  return createToken({
    name: word.toUpperCase(),
    label: word,
    pattern: new RegExp(word, 'i'),
    longer_alt: Name,
  });
}

export const And = keyword('and');
export const Or = keyword('or');
export const Not = keyword('not');
export const In = keyword('in');
export const Like = keyword('like');
export const Before = keyword('before');
export const After = keyword('after');
export const Unknown = keyword('unknown');
export const All = keyword('all');
export const Group = keyword('group');

function sign(name: string, text: string): TokenType {
  return createToken({ name, label: text, pattern: text });
}

export const Open = sign('Open', '(');
export const Close = sign('Close', ')');
export const Comma = sign('Comma', ',');
export const Equal = sign('Equal', '=');
export const Unequal = sign('Unequal', '!=');
/** `<`, `<=`, `>`, `>=`. */
export const Order = createToken({ name: 'Order', label: '<, <=, > or >=', pattern: /[<>]=?/ });

const Blank = createToken({ name: 'Blank', pattern: /[ \t\r\n]+/, group: Lexer.SKIPPED, line_breaks: true });

const KEYWORDS = [And, Or, Not, In, Like, Before, After, Unknown, All, Group];

/** A longer word or sign stands before one that is its beginning. */
export const TOKENS: TokenType[] = [
  Blank,
  ...KEYWORDS,
  Name,
  Text,
  Open,
  Close,
  Comma,
  Unequal,
  Equal,
  Order,
];
