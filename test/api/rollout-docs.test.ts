import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { resolvePolicy } from '../../api/policy.ts';
import { policyRequest } from '../../api/schemas/policy.ts';
import { parseRule } from '../../targeting/parse.ts';

const page = await readFile(new URL('../../docs/rollouts.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```json\n([^]*?)```/g)].map(([, json]) => json ?? '');

describe('docs/rollouts.md', () => {
  test('has an example of each part', () => expect(examples.length).toBeGreaterThanOrEqual(9));

  test.each(examples)('shows a policy that can be used: %s', (json) => {
    const asked = policyRequest.parse(JSON.parse(json));
    const policy = resolvePolicy(asked);
    // What is asked for is what the campaign gets.
    for (const [key, value] of Object.entries(JSON.parse(json) as Record<string, string>)) {
      if (key === 'startAt' || key === 'endAt') expect(Date.parse(policy[key] ?? '')).toBe(Date.parse(value));
      else if (key !== 'waves') expect(policy).toMatchObject({ [key]: value });
    }
    for (const { size } of policy.waves) if ('rule' in size) expect(() => parseRule(size.rule)).not.toThrow();
  });
});
