/** Text of a rule → tree. */
import { Lexer, type IToken } from 'chevrotain';
import type { Rule } from './ast.ts';
import { RuleError } from './error.ts';
import { Grammar, placeOf } from './grammar.ts';
import { TOKENS } from './tokens.ts';

export interface RuleLimits {
  /** Characters of the text. */
  characters: number;
  /** `not` and parentheses within each other. */
  depth: number;
}

/** What people may write. */
export const RULE_LIMITS: RuleLimits = { characters: 10_000, depth: 50 };

const lexer = new Lexer(TOKENS, { positionTracking: 'onlyOffset', ensureOptimizations: true });
const grammar = new Grammar();

/**
 * Reads a rule.
 * @throws RuleError the first fault and where it is
 */
export function parseRule(text: string, limits: RuleLimits = RULE_LIMITS): Rule {
  if (text.length > limits.characters) {
    const place = { rule: text, offset: limits.characters, length: text.length - limits.characters };
    throw new RuleError(`a rule has at most ${limits.characters} characters, this has ${text.length}`, place);
  }
  const { tokens, errors } = lexer.tokenize(text);
  const [unread] = errors;
  if (!unread) return read(text, tokens, limits);
  // What stands before the character that is none of the language's may be at fault already.
  const before = tokens.filter(({ startOffset }) => startOffset < unread.offset);
  try {
    read(text, before, limits);
  } catch (error) {
    const last = before.at(-1);
    if (error instanceof RuleError && last && error.offset <= last.startOffset) throw error;
  }
  throw explain(text, unread.offset);
}

function read(text: string, tokens: IToken[], { depth }: RuleLimits): Rule {
  const rule = grammar.read(text, tokens, depth);
  const [fault] = grammar.errors;
  if (fault) throw new RuleError(fault.message, { rule: text, ...placeOf(fault.token, text) });
  return rule as Rule;
}

/** Why there is no token at this place. */
function explain(text: string, offset: number): RuleError {
  const sign = String.fromCodePoint(text.codePointAt(offset) ?? 0);
  if (sign !== '"') {
    const hint = sign === "'" ? 'text stands in double quotes' : `${JSON.stringify(sign)} means nothing here`;
    return new RuleError(hint, { rule: text, offset, length: sign.length });
  }
  for (let at = offset + 1; at < text.length; at++) {
    if (text[at] === '\\') {
      if (!/["\\]/.test(text[at + 1] ?? '')) {
        const message = String.raw`a \ in a text is followed by " or by another \ `.trimEnd();
        return new RuleError(message, { rule: text, offset: at, length: 1 });
      }
      at++;
    } else if (/\p{Cc}/u.test(text[at] ?? '')) break;
  }
  return new RuleError('the text that begins here has no closing "', { rule: text, offset, length: 1 });
}
