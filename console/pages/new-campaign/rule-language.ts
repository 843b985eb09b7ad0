/**
 * The rule language as the editor needs it while somebody types: what each word is, and what may come next. Whether a
 * rule is right is told by the API alone (docs/targeting.md has the language).
 */

export type TokenKind = 'keyword' | 'field' | 'text' | 'operator' | 'word';

export interface Token {
  kind: TokenKind;
  from: number;
  to: number;
  /** Keywords and fields in lower case. */
  image: string;
}

/** What the fleet has, to be offered. */
export interface Known {
  models: readonly string[];
  sites: readonly string[];
  versions: readonly string[];
  tms: readonly string[];
  tags: readonly string[];
  groups: readonly string[];
}

export interface Completion {
  label: string;
  /** What is put in, where it differs. */
  apply?: string;
  type: 'field' | 'keyword' | 'value';
}

export interface Completions {
  /** Where what is typed already begins. */
  from: number;
  options: Completion[];
}

const KEYWORDS = new Set(['and', 'or', 'not', 'in', 'like', 'before', 'after', 'unknown', 'all', 'group']);
const FIELDS = ['model', 'site', 'tms', 'version', 'tag', 'active', 'lastSeen', 'idTms', 'tpeId'] as const;
const FIELD_OF = new Map(FIELDS.map((field) => [field.toLowerCase(), field]));

const EQUALITY = ['=', '!=', 'in (', 'not in (', 'like', 'not like'];
const OPERATORS: Record<(typeof FIELDS)[number], readonly string[]> = {
  model: EQUALITY,
  site: EQUALITY,
  tms: EQUALITY,
  idTms: EQUALITY,
  tpeId: EQUALITY,
  version: ['<', '<=', '>', '>=', ...EQUALITY, 'unknown'],
  tag: ['in (', 'not in (', 'like', 'not like'],
  active: [],
  lastSeen: ['before', 'after', 'unknown'],
};

const TOKEN = /"(?:[^"\\\n]|\\.)*"?|[A-Za-z_][\w-]*|[<>!]=|[<>=(),]/g;

export function tokensOf(rule: string): Token[] {
  return [...rule.matchAll(TOKEN)].map(({ 0: image, index }) => {
    const lower = image.toLowerCase();
    return {
      kind: kindOf(image, lower),
      from: index,
      to: index + image.length,
      image: image.startsWith('"') ? image : lower,
    };
  });
}

function kindOf(image: string, lower: string): TokenKind {
  if (image.startsWith('"')) return 'text';
  if (KEYWORDS.has(lower)) return 'keyword';
  if (FIELD_OF.has(lower)) return 'field';
  return /^\w/.test(image) ? 'word' : 'operator';
}

/** What may stand at a place of a rule. */
export function completionsAt(rule: string, at: number, known: Known): Completions {
  const tokens = tokensOf(rule.slice(0, at));
  const last = tokens.at(-1);
  if (last?.kind === 'text' && !isClosed(last.image)) {
    const closing = rule[at] === '"' ? '' : '"';
    return {
      from: last.from + 1,
      options: valuesAt(tokens.slice(0, -1), known).map((value) => inText(value, closing)),
    };
  }
  const typing = last && last.to === at && /\w$/.test(last.image) && last.kind !== 'text' ? last : undefined;
  const before = typing ? tokens.slice(0, -1) : tokens;
  return { from: typing?.from ?? at, options: nextAfter(before, known) };
}

function isClosed(text: string): boolean {
  return text.length > 1 && /(^|[^\\])(\\\\)*"$/.test(text.slice(1));
}

function nextAfter(before: readonly Token[], known: Known): Completion[] {
  const last = before.at(-1);
  if (!last || isOpening(before)) return BEGINNINGS;
  if (wantsValue(before)) return valuesAt(before, known).map(quoted);
  const field = fieldOf(last);
  if (field && field !== 'active') {
    const values = field === 'tag' ? valuesAt(before, known).map(quoted) : [];
    return [...OPERATORS[field].map(keyword), ...values];
  }
  if (last.image === 'in') return [keyword('(')];
  if (last.image === 'not') return ['in (', 'like'].map(keyword);
  if (last.kind === 'word') return [];
  return isInList(before) ? [keyword(')')] : ['and', 'or'].map(keyword);
}

const keyword = (label: string): Completion => ({ label, apply: `${label} `, type: 'keyword' });
const quoted = (value: string): Completion => ({ label: value, apply: `"${escaped(value)}"`, type: 'value' });
const inText = (value: string, closing: string): Completion => ({
  label: value,
  apply: `${escaped(value)}${closing}`,
  type: 'value',
});

const BEGINNINGS: Completion[] = [
  ...FIELDS.map((label): Completion => ({ label, apply: `${label} `, type: 'field' })),
  ...['not', 'group', 'all', '('].map(keyword),
];

function escaped(value: string): string {
  return value.replaceAll(/["\\]/g, '\\$&');
}

function fieldOf(token: Token | undefined): (typeof FIELDS)[number] | undefined {
  return token?.kind === 'field' ? FIELD_OF.get(token.image) : undefined;
}

/** After what begins a condition: `and`, `or`, a parenthesis that is no list, `not` before a condition. */
function isOpening(before: readonly Token[]): boolean {
  const [previous, last] = [before.at(-2), before.at(-1)];
  switch (last?.image) {
    case 'and':
    case 'or':
      return true;
    case '(':
      return previous?.image !== 'in';
    case 'not':
      return fieldOf(previous) === undefined;
    default:
      return false;
  }
}

const BEFORE_TEXT = new Set(['=', '!=', '<', '<=', '>', '>=', 'like', 'before', 'after', 'group']);

function wantsValue(before: readonly Token[]): boolean {
  const last = before.at(-1);
  if (!last || last.kind === 'text') return false;
  return BEFORE_TEXT.has(last.image) || ((last.image === '(' || last.image === ',') && isInList(before));
}

function isInList(before: readonly Token[]): boolean {
  const open = before.findLastIndex(({ image }) => image === '(' || image === ')');
  return before[open]?.image === '(' && before[open - 1]?.image === 'in';
}

/** What the condition that is being written may be compared to. */
function valuesAt(before: readonly Token[], known: Known): readonly string[] {
  const about = before.findLast((token) => token.kind === 'field' || token.image === 'group');
  if (about?.image === 'group') return known.groups;
  switch (fieldOf(about)) {
    case 'model':
      return known.models;
    case 'site':
      return known.sites;
    case 'version':
      return known.versions;
    case 'tms':
      return known.tms;
    case 'tag':
      return known.tags;
    default:
      return [];
  }
}
