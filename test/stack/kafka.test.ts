import { expect, it } from 'vitest';
import { randomClusterId } from '../../stack/kafka.ts';

it('a cluster id is 16 bytes in base64url and never begins with a hyphen', () => {
  const ids = Array.from({ length: 5_000 }, randomClusterId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{21}$/);
});
