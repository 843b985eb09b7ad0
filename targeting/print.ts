/** Tree → the canonical text of a rule: `parseRule(printRule(rule))` is the rule again. */
import type { Condition, Rule } from './ast.ts';

export function printRule(rule: Rule): string {
  switch (rule.kind) {
    case 'all':
      return 'all';
    case 'group':
      return `group ${quote(rule.name)}`;
    case 'and':
      return rule.rules
        .map((each) => (each.kind === 'or' ? `(${printRule(each)})` : printRule(each)))
        .join(' and ');
    case 'or':
      return rule.rules.map(printRule).join(' or ');
    case 'not':
      return printNegated(rule.rule);
    default:
      return printCondition(rule, false);
  }
}

function printNegated(rule: Rule): string {
  switch (rule.kind) {
    case 'and':
    case 'or':
      return `not (${printRule(rule)})`;
    case 'is':
    case 'like':
      return printCondition(rule, true);
    default:
      return `not ${printRule(rule)}`;
  }
}

function printCondition(condition: Condition, negated: boolean): string {
  switch (condition.kind) {
    case 'is':
      return printIs(condition, negated);
    case 'like':
      return `${condition.field} ${negated ? 'not ' : ''}like ${quote(condition.pattern)}`;
    case 'order':
      return `version ${condition.operator} ${quote(condition.version)}`;
    case 'active':
      return 'active';
    case 'seen':
      return `lastSeen ${condition.when} ${quote(condition.at)}`;
    case 'unknown':
      return `${condition.field} unknown`;
  }
}

function printIs({ field, values }: Extract<Condition, { kind: 'is' }>, negated: boolean): string {
  const texts = values.map(quote);
  if (texts.length > 1) return `${field} ${negated ? 'not ' : ''}in (${texts.join(', ')})`;
  if (field === 'tag') return `${negated ? 'not ' : ''}tag ${texts[0]}`;
  return `${field} ${negated ? '!=' : '='} ${texts[0]}`;
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, String.raw`\$&`)}"`;
}
