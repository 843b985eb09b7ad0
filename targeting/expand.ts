/** Replaces groups by their rules, so that what was selected stays selected when a group is changed. */
import { combine, leavesOf, negate, type GroupReference, type Rule } from './ast.ts';
import { RuleError } from './error.ts';
import { parseRule, RULE_LIMITS, type RuleLimits } from './parse.ts';
import { printRule } from './print.ts';
import { suggest } from './suggest.ts';

/** Saved rules by name. */
export type Groups = ReadonlyMap<string, string>;

/** What a rule may become when its groups are replaced: the length of ten rules. */
const EXPANDED_LIMITS: RuleLimits = {
  characters: 10 * RULE_LIMITS.characters,
  depth: 2 * RULE_LIMITS.depth,
};

/** Conditions that a rule may have with its groups replaced; found out before it is too large to be held. */
const MAX_CONDITIONS = 10_000;

/** The names of the groups that a rule mentions itself. */
export function groupsOf(rule: Rule): string[] {
  const names = [...leavesOf(rule)].flatMap((leaf) => (leaf.kind === 'group' ? [leaf.name] : []));
  return [...new Set(names)];
}

export interface Expanded {
  /** Without groups. */
  rule: Rule;
  /** Its canonical text, within `EXPANDED_LIMITS`. */
  text: string;
}

/**
 * Reads a rule and replaces its groups, and theirs.
 * @param saving the name under which the rule is to be saved: it must not lead back to itself
 * @throws RuleError at the name of a group that is not known, leads back to itself or makes the rule too large
 */
export function expandRule(text: string, groups: Groups, saving?: string): Expanded {
  const rule = parseRule(text);
  const budget = { left: MAX_CONDITIONS };
  const fault = (message: string, at: GroupReference): RuleError => {
    // The name as it is written, with its quotes and escapes.
    const written = /^"(?:[^"\\]|\\.)*"/.exec(text.slice(at.at))?.[0].length ?? 1;
    return new RuleError(message, { rule: text, offset: at.at, length: written });
  };
  const resolve = (from: Rule, chain: readonly string[], top: GroupReference | null): Rule => {
    switch (from.kind) {
      case 'and':
      case 'or':
        return combine(
          from.kind,
          from.rules.map((each) => resolve(each, chain, top)),
        );
      case 'not':
        return negate(resolve(from.rule, chain, top));
      case 'group': {
        // A fault deep within is shown where the rule leads to it.
        const at = top ?? from;
        const path = [...chain, from.name];
        if (chain.includes(from.name))
          throw fault(
            `the group leads back to itself: ${path.slice(chain.indexOf(from.name)).join(' → ')}`,
            at,
          );
        if (chain.length >= RULE_LIMITS.depth)
          throw fault(`groups may be nested at most ${RULE_LIMITS.depth} deep`, at);
        const saved = groups.get(from.name);
        if (saved === undefined) throw fault(unknownGroup(from.name, chain, groups), at);
        return resolve(parseRule(saved), path, at);
      }
      default:
        if (--budget.left < 0)
          throw top
            ? fault(`the rule has more than ${MAX_CONDITIONS} conditions with its groups`, top)
            : new RuleError(`the rule has more than ${MAX_CONDITIONS} conditions`, {
                rule: text,
                offset: 0,
                length: 0,
              });
        return from;
    }
  };
  const expanded = resolve(rule, saving === undefined ? [] : [saving], null);
  return { rule: expanded, text: checked(expanded, text) };
}

function unknownGroup(name: string, chain: readonly string[], groups: Groups): string {
  const near = suggest(name, [...groups.keys()]);
  const by = chain.length > 0 ? ` (${[...chain, name].join(' → ')})` : '';
  return `there is no group ${JSON.stringify(name)}${by}${near === undefined ? '' : `; do you mean ${JSON.stringify(near)}?`}`;
}

/** The text, which is read again when the campaign needs it: so it must be readable. */
function checked(rule: Rule, asked: string): string {
  const text = printRule(rule);
  try {
    parseRule(text, EXPANDED_LIMITS);
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    throw new RuleError(`the rule is too large with its groups: ${error.message}`, {
      rule: asked,
      offset: 0,
      length: asked.length,
    });
  }
  return text;
}

/** Reads a text that `expandRule` has made. */
export function parseExpanded(text: string): Rule {
  return parseRule(text, EXPANDED_LIMITS);
}
