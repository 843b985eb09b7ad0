import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signCallback, verifyCallback } from '../../tms/signature.ts';

const SECRET = 'a-secret-of-the-tms';
const NOW = Date.parse('2026-11-21T10:00:00Z');
const BODY = '{"events":[]}';

test('a known signature is made as documented, so that a vendor can check his own', () => {
  // printf '1795255200.{"events":[]}' | openssl dgst -sha256 -hmac a-secret-of-the-tms
  expect(signCallback(SECRET, BODY, NOW)).toBe(
    't=1795255200,v1=d50fdb8620b2f4fc98408198331b8748462898a05793dbc08b840f84ef781420',
  );
});

test('what is signed is valid, whatever the secret and the bytes', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 16 }),
      fc.uint8Array(),
      fc.integer({ min: -300, max: 300 }),
      (secret, bytes, skew) => {
        const body = Buffer.from(bytes);
        const header = signCallback(secret, body, NOW + skew * 1000);
        expect(verifyCallback(secret, header, body, NOW)).toEqual({ valid: true });
      },
    ),
  );
});

describe('a call-back is refused', () => {
  const header = signCallback(SECRET, BODY, NOW);
  test.each([
    { title: 'without a signature', args: [SECRET, undefined, BODY, NOW], reason: 'missing' },
    { title: 'with an empty signature', args: [SECRET, '', BODY, NOW], reason: 'missing' },
    { title: 'with another form of signature', args: [SECRET, 'sha256=abc', BODY, NOW], reason: 'malformed' },
    {
      title: 'with a signature cut short',
      args: [SECRET, header.slice(0, -2), BODY, NOW],
      reason: 'malformed',
    },
    {
      title: 'signed with another secret',
      args: ['another-secret-of-it', header, BODY, NOW],
      reason: 'mismatch',
    },
    { title: 'with another body', args: [SECRET, header, '{"events":[ ]}', NOW], reason: 'mismatch' },
    {
      title: 'with its time changed',
      args: [SECRET, header.replace('t=1795255200', 't=1795255201'), BODY, NOW],
      reason: 'mismatch',
    },
    { title: 'when it is 301 s old', args: [SECRET, header, BODY, NOW + 301_000], reason: 'expired' },
    { title: 'when it is 301 s ahead', args: [SECRET, header, BODY, NOW - 301_000], reason: 'expired' },
  ] as { title: string; args: Parameters<typeof verifyCallback>; reason: string }[])(
    '$title',
    ({ args, reason }) => {
      expect(verifyCallback(...args)).toEqual({ valid: false, reason });
    },
  );
});
