import { expect, test } from 'vitest';
import { parseRetryAfter } from '../../tms/http-errors.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');

test.each([
  ['3', 3_000],
  [' 0', 0],
  ['Sat, 21 Nov 2026 10:00:05 GMT', 5_000],
  ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
  [['2', '9'], 2_000],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('the Retry-After %j is %s ms', (header, ms) => {
  expect(parseRetryAfter(header, NOW)).toBe(ms);
});
