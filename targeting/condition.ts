/** What may be said about each field, and what is wrong with what was said. */
import { negate, type Condition, type Field, type OrderOperator, type Rule, type TextField } from './ast.ts';

/** Says where a fault is: at the sign or word that does not fit, or at the n-th text. */
export class Unfit extends Error {
  override name = 'Unfit';
  readonly at: 'operator' | number;

  constructor(message: string, at: 'operator' | number) {
    super(message);
    this.at = at;
  }
}

/** What follows the field: its sign or word as written, and its texts. */
export interface Tail {
  /** `has` is a text without a sign, `none` nothing at all. */
  operator: '=' | '!=' | 'in' | 'like' | OrderOperator | 'before' | 'after' | 'unknown' | 'has' | 'none';
  /** `not in`, `not like`. */
  negated: boolean;
  texts: string[];
}

const WHAT_FOLLOWS: Record<Field, string> = {
  model: '=, !=, in, not in or like',
  site: '=, !=, in, not in or like',
  tms: '=, !=, in, not in or like',
  idTms: '=, !=, in, not in or like',
  tpeId: '=, !=, in, not in or like',
  version: '=, !=, <, <=, >, >=, in, not in, like or unknown',
  tag: 'a text, in, not in or like',
  active: 'nothing: write active or not active',
  lastSeen: 'before, after or unknown',
};

/** Dotted numbers, with or without a suffix: what `version_key` of the database gives an order. */
const ORDERED = /^[0-9]{1,15}(\.[0-9]{1,15})*([-+].*)?$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DATE = /^\d{4}-\d\d-\d\d$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$/;

/**
 * The condition that a field and what follows it make.
 * @throws Unfit where the two do not go together
 */
export function toCondition(field: Field, { operator, negated, texts }: Tail): Rule {
  const condition = positive(field, operator, texts);
  return negated || operator === '!=' ? negate(condition) : condition;
}

function positive(field: Field, operator: Tail['operator'], texts: string[]): Condition {
  const [text = ''] = texts;
  switch (operator) {
    case '=':
    case '!=':
    case 'in':
      if (isText(field))
        return { kind: 'is', field, values: unique(texts.map((each, i) => value(field, each, i))) };
      break;
    case 'has':
      if (field === 'tag') return { kind: 'is', field, values: texts };
      break;
    case 'like':
      // The ids of terminals are written in lower case, whatever was typed.
      if (isText(field))
        return { kind: 'like', field, pattern: field === 'tpeId' ? text.toLowerCase() : text };
      break;
    case '<':
    case '<=':
    case '>':
    case '>=':
      if (field === 'version') return { kind: 'order', operator, version: ordered(text) };
      throw new Unfit(
        `${operator} compares versions only; after ${field} comes ${WHAT_FOLLOWS[field]}`,
        'operator',
      );
    case 'before':
    case 'after':
      if (field === 'lastSeen') return { kind: 'seen', when: operator, at: moment(text) };
      break;
    case 'unknown':
      if (field === 'version' || field === 'lastSeen') return { kind: 'unknown', field };
      break;
    case 'none':
      if (field === 'active') return { kind: 'active' };
  }
  throw new Unfit(`after ${field} comes ${WHAT_FOLLOWS[field]}`, 'operator');
}

function isText(field: Field): field is TextField {
  return field !== 'active' && field !== 'lastSeen';
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}

function value(field: TextField, text: string, index: number): string {
  if (field !== 'tpeId') return text;
  if (UUID.test(text)) return text.toLowerCase();
  throw new Unfit(`tpeId is a UUID, which ${JSON.stringify(text)} is not`, index);
}

function ordered(text: string): string {
  if (ORDERED.test(text)) return text;
  throw new Unfit(`${JSON.stringify(text)} has no order: it must be dotted numbers, for example "4.2.0"`, 0);
}

function moment(text: string): string {
  const at = new Date(text);
  const real = !Number.isNaN(at.getTime()) && isRealDate(text.slice(0, 10));
  if (real && (DATE.test(text) || INSTANT.test(text))) return text;
  throw new Unfit(`${JSON.stringify(text)} is no date: write "2026-11-01" or "2026-11-01T08:00:00Z"`, 0);
}

/** JavaScript takes 30 February for 2 March. */
function isRealDate(date: string): boolean {
  const at = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(date);
}
