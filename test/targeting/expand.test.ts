import { describe, expect, test } from 'vitest';
import { RuleError } from '../../targeting/error.ts';
import { expandRule, parseExpanded } from '../../targeting/expand.ts';
import { printRule } from '../../targeting/print.ts';

const groups = new Map([
  ['pilots', 'tag "pilot" or site = "Lyon-1"'],
  ['north', 'group "pilots" and not active'],
  ['a', 'group "b"'],
  ['b', 'not group "c"'],
  ['c', 'group "a" or all'],
  ['lost', 'group "gone"'],
]);

function faultOf(text: string, saving?: string): RuleError {
  try {
    expandRule(text, groups, saving);
  } catch (error) {
    if (error instanceof RuleError) return error;
    throw error;
  }
  throw new Error(`"${text}" has no fault`);
}

describe('groups in a rule', () => {
  test('are replaced by their rules, and those by theirs', () => {
    const { text, rule } = expandRule('model = "A" and not group "north"', groups);
    expect(text).toBe('model = "A" and not ((tag "pilot" or site = "Lyon-1") and not active)');
    expect(printRule(parseExpanded(text))).toBe(text);
    expect(printRule(rule)).toBe(text);
  });

  test('that are not known are named where they stand', () => {
    expect(faultOf('all or group "pilot"')).toMatchObject({
      offset: 13,
      length: 7,
      message: 'there is no group "pilot"; do you mean "pilots"?',
    });
    expect(faultOf('all or group "lost"')).toMatchObject({
      offset: 13,
      length: 6,
      message: 'there is no group "gone" (lost → gone)',
    });
  });

  test('that lead back to themselves are named with the way', () => {
    expect(faultOf('all and group "a"')).toMatchObject({
      offset: 14,
      message: 'the group leads back to itself: a → b → c → a',
    });
    expect(faultOf('all or group "pilots"', 'pilots')).toMatchObject({
      message: 'the group leads back to itself: pilots → pilots',
    });
  });

  test('that would make a rule too large are refused before they do', () => {
    const laughs = new Map([['0', 'active or all']]);
    for (let n = 1; n <= 30; n++) laughs.set(String(n), `group "${n - 1}" and not group "${n - 1}"`);
    expect(() => expandRule('group "30"', laughs)).toThrow(/more than 10000 conditions/);
    const deep = new Map([['0', 'active']]);
    for (let n = 1; n <= 60; n++) deep.set(String(n), `group "${n - 1}"`);
    expect(() => expandRule('group "60"', deep)).toThrow(/nested at most 50 deep/);
    expect(expandRule('group "40"', deep).text).toBe('active');
    const nested = new Map([['0', 'active']]);
    for (let n = 1; n <= 45; n++)
      nested.set(String(n), `not (all and (not (all and group "${n - 1}") or all))`);
    expect(() => expandRule('group "45"', nested)).toThrow(/too large with its groups/);
  });
});
