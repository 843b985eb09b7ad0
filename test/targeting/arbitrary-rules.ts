/** Rules and terminals for properties, and what a rule means, said once more and as plainly as can be. */
import fc from 'fast-check';
import { combine, negate, TEXT_FIELDS, type Condition, type Rule } from '../../targeting/ast.ts';

export interface Terminal {
  tpeId: string;
  idTms: string;
  tms: string;
  model: string;
  site: string;
  tags: string[];
  version: string | null;
  active: boolean;
  /** ISO 8601. */
  lastSeen: string | null;
}

export const VERSIONS = ['4.2', '4.2.0', '4.2.0-rc1', '4.2.0+5', '4.9', '4.10', '4.10.1', '3', 'beta', ''];
/** With all that SQL and our own notation could take for something else. */
const WORDS = [
  'A920',
  'a920',
  'Lyon-12',
  'Lyon_12',
  'Lyon%',
  'L',
  '',
  '*',
  '"',
  '\\',
  "'; --",
  'é',
  '日本',
  '\u{1f600}',
];
const IDS = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'];
const MOMENTS = ['2026-11-01', '2026-11-02T08:00:00Z', '2026-11-02T08:00:00.5+02:00'];

const text = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.string({ unit: 'grapheme', maxLength: 5 }).filter(isPrintable),
);
const ordered = fc.oneof(
  fc.constantFrom(...VERSIONS.filter((each) => /^\d/.test(each))),
  fc.array(fc.integer({ min: 0, max: 11 }), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.')),
);
const version = fc.oneof(ordered, fc.constantFrom('beta', 'x'));

function isPrintable(value: string): boolean {
  return !/\p{Cc}/u.test(value) && value.isWellFormed();
}

const values = fc.constantFrom(...TEXT_FIELDS).chain((field) => {
  const value = { version, tpeId: fc.constantFrom(...IDS) }[field as string] ?? text;
  return fc
    .uniqueArray(value, { minLength: 1, maxLength: 3 })
    .map((each): Condition => ({ kind: 'is', field, values: each }));
});

const condition: fc.Arbitrary<Rule> = fc.oneof(
  values,
  fc.record({
    kind: fc.constant('like' as const),
    field: fc.constantFrom(...TEXT_FIELDS.filter((each) => each !== 'tpeId')),
    pattern: fc.oneof(text, fc.constantFrom('L*', '*1*', 'A9*0', '4.*', '*')),
  }),
  fc.record({
    kind: fc.constant('order' as const),
    operator: fc.constantFrom('<', '<=', '>', '>='),
    version: ordered,
  }),
  fc.record({
    kind: fc.constant('seen' as const),
    when: fc.constantFrom('before', 'after'),
    at: fc.constantFrom(...MOMENTS),
  }),
  fc.constantFrom<Rule>(
    { kind: 'all' },
    { kind: 'active' },
    { kind: 'unknown', field: 'version' },
    { kind: 'unknown', field: 'lastSeen' },
  ),
);

/** Rules without groups. */
export const rules: fc.Arbitrary<Rule> = fc.letrec<{ rule: Rule }>((tie) => ({
  rule: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    condition,
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('rule'), { minLength: 1, maxLength: 3 }),
      )
      .map(([kind, parts]) => combine(kind, parts)),
    tie('rule').map(negate),
  ),
})).rule;

export const terminals: fc.Arbitrary<Omit<Terminal, 'tpeId' | 'idTms'>> = fc.record({
  tms: fc.constantFrom('alpha', 'beta'),
  model: fc.constantFrom('A920', 'a920', 'L', '*', ''),
  site: fc.constantFrom(...WORDS),
  tags: fc.uniqueArray(fc.constantFrom(...WORDS), { maxLength: 3 }),
  version: fc.constantFrom(...VERSIONS, null),
  active: fc.boolean(),
  lastSeen: fc.constantFrom(null, '2026-10-31T23:59:59Z', '2026-11-01T00:00:00Z', '2026-11-02T08:00:00Z'),
});

/** Whether the rule holds for the terminal. */
export function holds(rule: Rule, terminal: Terminal): boolean {
  switch (rule.kind) {
    case 'all':
      return true;
    case 'and':
      return rule.rules.every((each) => holds(each, terminal));
    case 'or':
      return rule.rules.some((each) => holds(each, terminal));
    case 'not':
      return !holds(rule.rule, terminal);
    case 'is':
      return textsOf(rule.field, terminal).some((text_) =>
        rule.values.some((value) => isSame(rule.field, text_, value)),
      );
    case 'like': {
      const parts = rule.pattern
        .split('*')
        .map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`));
      const pattern = new RegExp(`^${parts.join('.*')}$`, 'su');
      return textsOf(rule.field, terminal).some((each) => pattern.test(each));
    }
    case 'order': {
      const sign = terminal.version === null ? null : compareVersions(terminal.version, rule.version);
      if (sign === null) return false;
      return { '<': sign < 0, '<=': sign <= 0, '>': sign > 0, '>=': sign >= 0 }[rule.operator];
    }
    case 'active':
      return terminal.active;
    case 'seen': {
      if (terminal.lastSeen === null) return false;
      const before = Date.parse(terminal.lastSeen) < Date.parse(rule.at);
      return rule.when === 'before' ? before : !before;
    }
    case 'unknown':
      return terminal[rule.field] === null;
    case 'group':
      throw new Error('a group');
  }
}

function textsOf(field: (typeof TEXT_FIELDS)[number], terminal: Terminal): string[] {
  if (field === 'tag') return terminal.tags;
  const text_ = terminal[field];
  return text_ === null ? [] : [text_];
}

const PLAIN = /^\d+(\.\d+)*$/;

function isSame(field: string, a: string, b: string): boolean {
  if (field !== 'version' || !PLAIN.test(a) || !PLAIN.test(b)) return a === b;
  return compareVersions(a, b) === 0;
}

/** -1, 0, 1; null where one of them has no order. */
export function compareVersions(a: string, b: string): number | null {
  const [left, right] = [a, b].map((each) => /^(\d+(?:\.\d+)*)(?:([-+]).*)?$/s.exec(each));
  if (!left || !right) return null;
  const numbers = [left, right].map((match) => (match[1] ?? '').split('.').map(BigInt));
  for (let i = 0; i < Math.max(...numbers.map((each) => each.length)); i++) {
    const [x, y] = numbers.map((each) => each[i] ?? 0n);
    if (x !== undefined && y !== undefined && x !== y) return x < y ? -1 : 1;
  }
  const [p, q] = [a, b].map((each) => (/^[^+]*-/.test(each) ? -1 : 0));
  return Math.sign((p ?? 0) - (q ?? 0));
}
