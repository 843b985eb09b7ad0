import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { SKIP_REASONS } from '../../db/skip-reason.ts';
import { FIELDS } from '../../targeting/ast.ts';
import { RuleError } from '../../targeting/error.ts';
import { expandRule } from '../../targeting/expand.ts';
import { parseRule } from '../../targeting/parse.ts';

const page = await readFile(new URL('../../docs/targeting.md', import.meta.url), 'utf8');

describe('docs/targeting.md', () => {
  const examples = [...page.matchAll(/```rule\n([^]*?)```/g)].map(([, rule]) => rule ?? '');

  test('has examples', () => expect(examples.length).toBeGreaterThan(6));

  test.each(examples)('shows a rule that can be read: %s', (rule) => {
    expect(() => parseRule(rule)).not.toThrow();
  });

  const groups = new Map([
    ['pilots', 'all'],
    ['a', 'group "b"'],
    ['b', 'group "a"'],
  ]);
  const faults = [...page.matchAll(/^\| `([^`]+)` \| (.+) \| (?:`(.+)`|the end) \|$/gm)].filter(
    ([line]) => !line.includes('text,') && /expected|compares|has no|there is|leads back/.test(line),
  );

  test.each(faults.map(([, rule = '', message = '', at = '']) => [rule, message, at]))(
    'shows what %s is refused with',
    (rule, message, at) => {
      try {
        expandRule(rule, groups);
        expect.unreachable();
      } catch (error) {
        if (!(error instanceof RuleError)) throw error;
        expect(error.message).toBe(message);
        expect(rule.slice(error.offset, error.offset + error.length)).toBe(at);
      }
    },
  );

  test('shows six faults, every field and every reason to skip', () => {
    expect(faults).toHaveLength(6);
    for (const field of FIELDS) expect(page).toContain(`\`${field}\``);
    for (const reason of SKIP_REASONS) expect(page).toContain(`\n| \`${reason}\` |`);
  });
});
