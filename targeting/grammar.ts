/**
 * The grammar of rules (docs/targeting.md has it in a form for people), as a chevrotain parser that makes the tree
 * at once. It throws `RuleError`, or leaves chevrotain's own error in `errors`.
 */
import {
  EmbeddedActionsParser,
  EOF,
  type IParserErrorMessageProvider,
  type IToken,
  type TokenType,
} from 'chevrotain';
import { combine, FIELDS, negate, type Field, type Rule } from './ast.ts';
import { toCondition, Unfit, type Tail } from './condition.ts';
import { RuleError } from './error.ts';
import { suggest } from './suggest.ts';
import * as t from './tokens.ts';

export class Grammar extends EmbeddedActionsParser {
  #text = '';
  #maxDepth = 0;
  #depth = 0;

  constructor() {
    super(t.TOKENS, { recoveryEnabled: false, maxLookahead: 2, errorMessageProvider: MESSAGES });
    this.performSelfAnalysis();
  }

  /** Makes the tree of a text; undefined if `errors` says what was expected instead. */
  read(text: string, tokens: IToken[], maxDepth: number): Rule | undefined {
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#depth = 0;
    this.input = tokens;
    return this.rule();
  }

  rule = this.RULE('rule', (): Rule => this.SUBRULE(this.either));

  either = this.RULE('either', (): Rule => {
    const rules = [this.SUBRULE(this.both)];
    this.MANY(() => {
      this.CONSUME(t.Or);
      rules.push(this.SUBRULE2(this.both));
    });
    return this.ACTION(() => combine('or', rules));
  });

  both = this.RULE('both', (): Rule => {
    const rules = [this.SUBRULE(this.one)];
    this.MANY(() => {
      this.CONSUME(t.And);
      rules.push(this.SUBRULE2(this.one));
    });
    return this.ACTION(() => combine('and', rules));
  });

  one = this.RULE('one', (): Rule =>
    this.OR([
      { ALT: () => this.SUBRULE(this.negation) },
      { ALT: () => this.SUBRULE(this.parenthesis) },
      { ALT: () => this.SUBRULE(this.everything) },
      { ALT: () => this.SUBRULE(this.group) },
      { ALT: () => this.SUBRULE(this.condition) },
    ]),
  );

  negation = this.RULE('negation', (): Rule => {
    this.#enter(this.CONSUME(t.Not));
    const rule = this.SUBRULE(this.one);
    return this.ACTION(() => {
      this.#depth--;
      return negate(rule);
    });
  });

  parenthesis = this.RULE('parenthesis', (): Rule => {
    this.#enter(this.CONSUME(t.Open));
    const rule = this.SUBRULE(this.either);
    this.CONSUME(t.Close);
    this.ACTION(() => this.#depth--);
    return rule;
  });

  everything = this.RULE('everything', (): Rule => {
    this.CONSUME(t.All);
    return { kind: 'all' };
  });

  group = this.RULE('group', (): Rule => {
    this.CONSUME(t.Group);
    const name = this.CONSUME(t.Text);
    return this.ACTION(() => ({ kind: 'group', name: valueOf(name), at: name.startOffset }));
  });

  condition = this.RULE('condition', (): Rule => {
    const name = this.CONSUME(t.Name);
    const field = this.ACTION(() => this.#fieldOf(name));
    // What comes next is at fault where nothing may follow, or something must.
    const next = this.ACTION(() => this.LA(1));
    const { operator, texts, ...tail } = this.OPTION(() => this.SUBRULE(this.tail)) ?? NOTHING;
    return this.ACTION(() => {
      try {
        return toCondition(field, { ...tail, operator, texts: texts.map(valueOf) });
      } catch (error) {
        if (!(error instanceof Unfit)) throw error;
        const culprit = error.at === 'operator' ? next : (texts[error.at] ?? next);
        throw this.#fault(error.message, culprit);
      }
    });
  });

  tail = this.RULE('tail', (): WrittenTail =>
    this.OR([
      { ALT: () => this.#sign(this.CONSUME(t.Equal), this.CONSUME(t.Text)) },
      { ALT: () => this.#sign(this.CONSUME(t.Unequal), this.CONSUME2(t.Text)) },
      { ALT: () => this.#sign(this.CONSUME(t.Order), this.CONSUME3(t.Text)) },
      { ALT: () => this.#sign(this.CONSUME(t.Before), this.CONSUME4(t.Text)) },
      { ALT: () => this.#sign(this.CONSUME(t.After), this.CONSUME5(t.Text)) },
      { ALT: () => this.#sign(this.CONSUME(t.Unknown)) },
      { ALT: () => ({ operator: 'has' as const, negated: false, texts: [this.CONSUME6(t.Text)] }) },
      {
        ALT: () => {
          const negated = this.OPTION(() => this.CONSUME(t.Not)) !== undefined;
          return { ...this.SUBRULE(this.choice), negated };
        },
      },
    ]),
  );

  choice = this.RULE('choice', (): WrittenTail =>
    this.OR([
      { ALT: () => this.#sign(this.CONSUME(t.Like), this.CONSUME(t.Text)) },
      { ALT: () => this.SUBRULE(this.list) },
    ]),
  );

  list = this.RULE('list', (): WrittenTail => {
    const texts: IToken[] = [];
    this.CONSUME(t.In);
    this.CONSUME(t.Open);
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => texts.push(this.CONSUME(t.Text)) });
    this.CONSUME(t.Close);
    return { operator: 'in', negated: false, texts };
  });

  #sign(operator: IToken, ...texts: IToken[]): WrittenTail {
    return this.ACTION(() => ({
      operator: operator.image.toLowerCase() as Tail['operator'],
      negated: false,
      texts,
    }));
  }

  /** Refuses what is nested too deeply while it is read: the parser's own depth is bounded by it. */
  #enter(token: IToken): void {
    this.ACTION(() => {
      if (++this.#depth > this.#maxDepth)
        throw this.#fault(`not and ( may be nested at most ${this.#maxDepth} deep`, token);
    });
  }

  #fieldOf(token: IToken): Field {
    const name = token.image.toLowerCase();
    const field = FIELDS.find((each) => each.toLowerCase() === name);
    if (field) return field;
    const near = suggest(token.image, FIELDS);
    throw this.#fault(
      `there is no field ${token.image}${near ? `; do you mean ${near}?` : `; there are ${FIELDS.join(', ')}`}`,
      token,
    );
  }

  #fault(message: string, token: IToken): RuleError {
    return new RuleError(message, { rule: this.#text, ...placeOf(token, this.#text) });
  }
}

/** The tail with its texts still as tokens, which know where they stand. */
type WrittenTail = Omit<Tail, 'texts'> & { texts: IToken[] };

const NOTHING: WrittenTail = { operator: 'none', negated: false, texts: [] };

/** Where a token stands; the end of the input stands behind the last blank-free character. */
export function placeOf(token: IToken, text: string): { offset: number; length: number } {
  if (token.tokenType === EOF) return { offset: text.trimEnd().length, length: 0 };
  return { offset: token.startOffset, length: token.image.length };
}

function valueOf({ image }: IToken): string {
  return image.slice(1, -1).replace(/\\(["\\])/g, '$1');
}

const MESSAGES: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, actual, ruleName }) =>
    `expected ${ruleName === 'list' && expected === t.Close ? ', or )' : nameOf(expected)}, found ${found(actual, expected)}`,
  buildNotAllInputParsedMessage: ({ firstRedundant }) =>
    firstRedundant.tokenType === t.Close
      ? 'there is no ( for this )'
      : `expected and, or, or the end of the rule, found ${found(firstRedundant)}`,
  buildNoViableAltMessage: ({ expectedPathsPerAlt, actual }) =>
    expectedOf(expectedPathsPerAlt.flat(), actual[0]),
  buildEarlyExitMessage: ({ expectedIterationPaths, actual }) =>
    expectedOf(expectedIterationPaths, actual[0]),
};

function expectedOf(paths: readonly TokenType[][], actual: IToken | undefined): string {
  const firsts = new Set(paths.flatMap(([first]) => (first ? [nameOf(first)] : [])));
  return `expected ${oneOf([...firsts])}, found ${actual ? found(actual) : 'the end of the rule'}`;
}

function oneOf(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

function nameOf(type: TokenType): string {
  return type.LABEL ?? type.name;
}

function found(token: IToken, expected?: TokenType): string {
  if (token.tokenType === EOF) return 'the end of the rule';
  const hint = expected === t.Text && token.tokenType === t.Name ? `; write "${token.image}"` : '';
  return `${token.image}${hint}`;
}
