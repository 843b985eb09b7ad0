/**
 * A targeting rule as a tree. The functions below are the only makers of its inner nodes: they keep every rule in
 * one shape (no list within a list of its kind, no double negation), so that equal rules print equal.
 *
 * Every condition is true or false for every terminal, never unknown: `not` is a real complement.
 */

/** Fields that are compared as text. `tag` is met when any tag of the terminal is. */
export const TEXT_FIELDS = ['model', 'site', 'tms', 'version', 'idTms', 'tpeId', 'tag'] as const;
export type TextField = (typeof TEXT_FIELDS)[number];

/** Every field of the language. */
export const FIELDS = [...TEXT_FIELDS, 'active', 'lastSeen'] as const;
export type Field = (typeof FIELDS)[number];

export type OrderOperator = '<' | '<=' | '>' | '>=';

export type Condition =
  /** Equal to one of the values. Versions that are both plain dotted numbers are compared by them: 4.2 = 4.2.0. */
  | { kind: 'is'; field: TextField; values: string[] }
  /** `*` stands for any characters, also none; everything else for itself. */
  | { kind: 'like'; field: TextField; pattern: string }
  /** By the order of versions; a version that is unknown or has no order is neither below nor above. */
  | { kind: 'order'; operator: OrderOperator; version: string }
  | { kind: 'active' }
  /** `before` is before the instant, `after` is at it or later; a date is its midnight in UTC. */
  | { kind: 'seen'; when: 'before' | 'after'; at: string }
  | { kind: 'unknown'; field: 'version' | 'lastSeen' };

/** A saved rule, by its name. */
export interface GroupReference {
  kind: 'group';
  name: string;
  /** Where its name stands in the text, for messages. */
  at: number;
}

export type Rule =
  | { kind: 'all' }
  | { kind: 'and'; rules: Rule[] }
  | { kind: 'or'; rules: Rule[] }
  | { kind: 'not'; rule: Rule }
  | GroupReference
  | Condition;

/** One of several rules, or all of them; of one rule it is that rule. */
export function combine(kind: 'and' | 'or', rules: readonly Rule[]): Rule {
  const flat = rules.flatMap((rule) => (rule.kind === kind && 'rules' in rule ? rule.rules : [rule]));
  const [first] = flat;
  return flat.length === 1 && first ? first : { kind, rules: flat };
}

export function negate(rule: Rule): Rule {
  return rule.kind === 'not' ? rule.rule : { kind: 'not', rule };
}

/** The conditions and group references of a rule, from left to right. */
export function* leavesOf(rule: Rule): Generator<Exclude<Rule, { kind: 'and' | 'or' | 'not' }>> {
  if (rule.kind === 'and' || rule.kind === 'or') for (const each of rule.rules) yield* leavesOf(each);
  else if (rule.kind === 'not') yield* leavesOf(rule.rule);
  else yield rule;
}
