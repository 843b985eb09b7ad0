import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RuleError } from '../../targeting/error.ts';
import { parseRule } from '../../targeting/parse.ts';
import { printRule } from '../../targeting/print.ts';
import { suggest } from '../../targeting/suggest.ts';
import { rules } from './arbitrary-rules.ts';

function faultOf(text: string): RuleError {
  try {
    parseRule(text);
  } catch (error) {
    if (error instanceof RuleError) return error;
    throw error;
  }
  throw new Error(`"${text}" is a rule`);
}

describe('a rule', () => {
  test.each([
    ['model = "A920"', 'model = "A920"'],
    ['MODEL="A920"AND not TAG "vip"', 'model = "A920" and not tag "vip"'],
    ['not model = "A"', 'model != "A"'],
    ['not (model != "A")', 'model = "A"'],
    ['not site in ("a", "b")', 'site not in ("a", "b")'],
    ['site in ("a", "a")', 'site = "a"'],
    ['tag in ("a")', 'tag "a"'],
    ['tag = "a"', 'tag "a"'],
    ['tag not in ("a", "b")', 'tag not in ("a", "b")'],
    ['(all or (active or not active)) and all', '(all or active or not active) and all'],
    ['not (active and all)', 'not (active and all)'],
    ['site not like "Lyon-*"', 'site not like "Lyon-*"'],
    [String.raw`site = "a\"b\\c"`, String.raw`site = "a\"b\\c"`],
    ['version<"4.2"\n or version  unknown', 'version < "4.2" or version unknown'],
    [
      'not lastseen BEFORE "2026-11-01" or lastSeen unknown',
      'not lastSeen before "2026-11-01" or lastSeen unknown',
    ],
    ['tpeId = "00000000-0000-4000-8000-00000000000A"', 'tpeId = "00000000-0000-4000-8000-00000000000a"'],
    ['group "pilots" and not group "a b"', 'group "pilots" and not group "a b"'],
  ])('%s is, in its canonical form, %s', (text, canonical) => {
    expect(printRule(parseRule(text))).toBe(canonical);
    expect(printRule(parseRule(canonical))).toBe(canonical);
  });

  test('binds and closer than or, and not closest', () => {
    expect(parseRule('not active or active and all')).toEqual({
      kind: 'or',
      rules: [
        { kind: 'not', rule: { kind: 'active' } },
        { kind: 'and', rules: [{ kind: 'active' }, { kind: 'all' }] },
      ],
    });
  });

  test('is the same again after it was printed and read', () => {
    fc.assert(
      fc.property(rules, (rule) => {
        expect(parseRule(printRule(rule), { characters: 100_000, depth: 100 })).toEqual(rule);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a fault', () => {
  test.each<[string, number, number, string | RegExp]>([
    ['', 0, 0, 'expected not, (, all, group or a field, found the end of the rule'],
    ['  ', 0, 0, /found the end of the rule/],
    ['modle = "A"', 0, 5, 'there is no field modle; do you mean model?'],
    ['active and colour = "red"', 11, 6, /^there is no field colour; there are model, site,/],
    ['model = A920', 8, 4, 'expected text in double quotes, found A920; write "A920"'],
    ["model = 'A920'", 8, 1, 'text stands in double quotes'],
    ['model < "3"', 6, 1, /^< compares versions only; after model comes =,/],
    ['model before "2026-11-01"', 6, 6, /^after model comes/],
    ['model', 5, 0, /^after model comes/],
    ['model "A"', 6, 3, /^after model comes/],
    ['active = "x"', 7, 1, 'after active comes nothing: write active or not active'],
    ['lastSeen > "2026-11-01"', 9, 1, /^> compares versions only; after lastSeen comes before, after/],
    ['version < "beta"', 10, 6, /^"beta" has no order/],
    ['lastSeen before "2026-02-30"', 16, 12, /^"2026-02-30" is no date/],
    ['lastSeen after "yesterday"', 15, 11, /is no date/],
    ['tpeId in ("00000000-0000-4000-8000-00000000000a", "7")', 50, 3, /^tpeId is a UUID/],
    ['(active', 7, 0, 'expected ), found the end of the rule'],
    ['active)', 6, 1, 'there is no ( for this )'],
    ['active all', 7, 3, 'expected and, or, or the end of the rule, found all'],
    ['active and', 10, 0, /^expected not, \(, all, group or a field/],
    ['tag in ("a" "b")', 12, 3, 'expected , or ), found "b"'],
    ['tag in ()', 8, 1, 'expected text in double quotes, found )'],
    ['tag not "a"', 8, 3, 'expected like or in, found "a"'],
    ['site = "Lyon', 7, 1, 'the text that begins here has no closing "'],
    ['site = "Ly\non"', 7, 1, /no closing/],
    [String.raw`site = "a\n"`, 9, 1, /is followed by " or by another/],
    ['model ! "x"', 6, 1, '"!" means nothing here'],
    ['modle = "x" & active', 0, 5, /no field modle/],
    ['active 😀', 7, 2, '"😀" means nothing here'],
    ['group pilots', 6, 6, /write "pilots"/],
  ])('%j points at %i, %i long', (text, offset, length, message) => {
    const fault = faultOf(text);
    expect(fault).toMatchObject({ offset, length, rule: text });
    if (message instanceof RegExp) expect(fault.message).toMatch(message);
    else expect(fault.message).toBe(message);
  });

  test('has a line and a column, which counts what people see as characters', () => {
    expect(faultOf('active\nand site = "😀" and modle = "x"')).toMatchObject({ line: 2, column: 20 });
  });

  test('in nesting is found before the stack is', () => {
    expect(faultOf('('.repeat(9_000))).toMatchObject({
      offset: 50,
      message: expect.stringMatching(/at most 50 deep/),
    });
    expect(faultOf('not '.repeat(2_400))).toMatchObject({ offset: 200 });
    expect(() => parseRule(`${'('.repeat(50)}all${')'.repeat(50)}`)).not.toThrow();
    // Depth is what is open at one place, not what has been opened in all.
    expect(() => parseRule(Array.from({ length: 100 }, () => 'not (all)').join(' or '))).not.toThrow();
  });

  test('is a rule of more than 10,000 characters', () => {
    expect(faultOf(`all${' '.repeat(10_000)}`)).toMatchObject({ offset: 10_000 });
  });

  test('has a place within the text, whatever the text is', () => {
    const words = fc.constantFrom(
      'model',
      '=',
      '"a"',
      '(',
      ')',
      'and',
      'not',
      'in',
      ',',
      '<',
      'version',
      '"',
      '\\',
      '&',
      ' ',
      '\n',
      'tag',
      'group',
      'lastSeen',
      'before',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), fc.constantFrom('', ' '), (parts, blank) => {
        const text = parts.join(blank);
        try {
          expect(parseRule(printRule(parseRule(text)))).toBeTruthy();
        } catch (error) {
          if (!(error instanceof RuleError)) throw error;
          expect(error.offset + error.length).toBeLessThanOrEqual(text.length);
          expect(error.message).not.toBe('');
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

test('a misspelt word is near the right one, another word is near none', () => {
  expect(suggest('vesrion', ['version', 'site'])).toBe('version');
  expect(suggest('SITES', ['version', 'site'])).toBe('site');
  expect(suggest('colour', ['version', 'site'])).toBeUndefined();
});
