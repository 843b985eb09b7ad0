import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CARD_NUMBER_REMOVED,
  containsCardNumber,
  redactDeep,
  redactText,
  SECRET_REMOVED,
} from '../../redact.ts';

/** Digits and the one that makes their check sum right. */
function withCheckDigit(digits: string): string {
  const sum = digits
    .split('')
    .toReversed()
    .reduce((total, char, index) => {
      const weighed = Number(char) * (index % 2 === 0 ? 2 : 1);
      return total + (weighed > 9 ? weighed - 9 : weighed);
    }, 0);
  return digits + String((10 - (sum % 10)) % 10);
}

const KINDS: readonly (readonly [beginning: string, length: number])[] = [
  ['4', 13],
  ['4', 16],
  ['4', 19],
  ['51', 16],
  ['55', 16],
  ['2221', 16],
  ['2720', 16],
  ['34', 15],
  ['37', 15],
  ['36', 14],
  ['305', 14],
  ['3528', 16],
  ['6011', 16],
  ['62', 19],
  ['6304', 17],
  ['2204', 16],
  ['81', 16],
  ['9792', 16],
];

const digitsOf = (count: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: count, maxLength: count })
    .map((digits) => digits.join(''));

const cardNumber = fc
  .constantFrom(...KINDS)
  .chain(([beginning, length]) =>
    digitsOf(length - 1 - beginning.length).map((rest) => withCheckDigit(beginning + rest)),
  );

/** How it is written: at once, or in groups of these sizes, the last of which takes the rest. */
const written = fc
  .record({
    pan: cardNumber,
    groups: fc.constantFrom([], [4, 4, 4], [4, 6], [4, 4], [6], [2, 2, 2, 2, 2, 2], Array(18).fill(1)),
    gap: fc.constantFrom(' ', '-', '\u00a0', ' - ', '\u2011', '%20', '%C2%A0'),
  })
  .map(({ pan, groups, gap }) => {
    const parts: string[] = [];
    let rest = pan;
    for (const size of groups as number[]) {
      if (rest.length <= size) break;
      parts.push(rest.slice(0, size));
      rest = rest.slice(size);
    }
    return { pan, text: [...parts, rest].join(gap) };
  });

const around = fc.constantFrom(
  ['', ''],
  ['card ', ' declined'],
  ['PAN:', ';'],
  ['PAN', ''],
  ['failed:install: ', '.'],
  ['"', '"'],
  ['on 2026-11-21 ', ''],
  ['12 ', ''],
  ['/api/v1/sites/Shop%20', '%20x'],
  ['9d3c2b54-3f0e-4f1c-8a57-2d1f6c1f7e01 ', ', A-000123'],
);

describe('card numbers', () => {
  test('are removed in whatever notation, and what stands around them stays', () => {
    fc.assert(
      fc.property(written, around, ({ text }, [before, after]) => {
        const clean = redactText(`${before}${text}${after}`);
        // By chance a number before it belongs to a longer one, which goes as a whole.
        const alone = before === '12 ' ? clean.replace(/^12 /, '') : clean;
        const kept = before === '12 ' ? '' : before;
        expect(alone).toBe(`${kept}${CARD_NUMBER_REMOVED}${after}`);
        expect(containsCardNumber(`${before}${text}${after}`)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['track 1', '%B4111111111111111^DOE/JANE^25121010000000000?'],
    ['track 1 without its marks', 'B4111111111111111^DOE/JANE^2512101'],
    ['track 2', '4111111111111111=25121010000012300000'],
    ['track 2 as the chip has it', '4111111111111111D25121010000012300000F'],
  ])('go with the rest of the stripe: %s', (_name, track) => {
    expect(redactText(`swiped ${track} twice`)).toBe(`swiped ${CARD_NUMBER_REMOVED} twice`);
    expect(containsCardNumber(track)).toBe(true);
  });

  test('are removed from values, names and numbers of JSON', () => {
    const value = { '4111111111111111': [4111111111111111, { note: 'card 5555-5555-5555-4444' }], count: 3 };
    expect(redactDeep(value)).toEqual({
      [CARD_NUMBER_REMOVED]: [CARD_NUMBER_REMOVED, { note: `card ${CARD_NUMBER_REMOVED}` }],
      count: 3,
    });
  });
});

const harmless = fc.oneof(
  fc.uuid(),
  fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }).chain((date) => {
    const iso = date.toISOString();
    const compact = iso.replace(/\D/g, '');
    return fc.constantFrom(
      iso,
      iso.replace('T', ' ').replace('Z', '+00'),
      `${iso.slice(0, 10)} ${iso.slice(0, 10)} ${iso.slice(0, 10)}`,
      compact,
      compact.slice(0, 14),
    );
  }),
  // Epochs in ms, µs and ns.
  fc
    .integer({ min: 1.5e9, max: 1.99e9 })
    .chain((at) => fc.constantFrom(`${at}123`, `${at}123456`, `${at}123456789`)),
  fc
    .tuple(
      fc.array(fc.integer({ min: 0, max: 99_999 }), { minLength: 2, maxLength: 4 }),
      fc.constantFrom('', '-rc1', '+build.20261121104622', '.20261121104622'),
    )
    .map(([numbers, suffix]) => numbers.join('.') + suffix),
  fc.integer({ min: 0, max: 999_999 }).map((n) => `A-${String(n).padStart(6, '0')}`),
  fc.string().map((text) => createHash('sha256').update(text).digest('hex')),
  fc.string().map((text) => createHash('sha1').update(text).digest('hex').toUpperCase()),
  // IMEIs and the numbers of SIM cards have the check digit of card numbers.
  fc
    .tuple(fc.constantFrom('35', '86', '99', '01'), digitsOf(12))
    .map(([b, rest]) => withCheckDigit(b + rest)),
  digitsOf(16).map((rest) => withCheckDigit(`89${rest}`)),
  fc.double({ min: 0, max: 1, noNaN: true }).map((share) => share.toFixed(17)),
  fc.constantFrom(
    'unverified',
    'unreachable',
    'not-settled',
    'failed:battery-low',
    'rejected:unknown-terminal',
    'cancel-unconfirmed',
    'in-another-campaign',
    'password-expired',
    'token: expired',
    'Basic rollout',
    'Bearer token expired',
    'secret',
    'http://127.0.0.1:8080/api/v1/campaigns',
  ),
);

describe('what is neither a card number nor a secret', () => {
  test('stays as it is: ids, moments, versions, hashes, device numbers, reason codes', () => {
    fc.assert(
      fc.property(harmless, fc.constantFrom('', 'x ', '"', 'campaign-'), (text, before) => {
        expect(redactText(before + text)).toBe(before + text);
        expect(containsCardNumber(before + text)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test('stays as it is in JSON, whatever its shape', () => {
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        harmless,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        tie('list'),
        tie('map'),
      ),
      list: fc.array(tie('node')),
      map: fc.dictionary(fc.constantFrom('a', 'reason', 'at'), tie('node')),
    })).node;
    fc.assert(
      fc.property(value, (json) => {
        expect(redactDeep(json)).toEqual(json);
      }),
    );
  });

  test('digits whose check digit is wrong, or that are part of a longer number', () => {
    for (const text of [
      '4111111111111112',
      '00004111111111111111',
      '41111111111111111111',
      'a4111111111111111',
    ])
      expect(redactText(text)).toBe(text);
  });
});

const secretValue = fc
  .string({ unit: fc.constantFrom(...'abcdefXYZ0123456789-_'.split('')), minLength: 8, maxLength: 40 })
  .map((text) => `s3cr3T${text}`);

const PLACES: ((secret: string) => string)[] = [
  (secret) => `Bearer ${secret}`,
  (secret) => `authorization: Basic ${Buffer.from(`user:${secret}`).toString('base64')}`,
  (secret) => `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`,
  (secret) => `login failed, password=${secret}, user=ops`,
  (secret) => `DB_PASSWORD = "${secret}"`,
  (secret) => `https://tms.test/update?api_key=${secret}&page=2`,
  (secret) => `api-key: ${secret}`,
  (secret) => `clientSecret => ${secret}`,
  (secret) => JSON.stringify({ password: `${secret} "and more" ${secret}`, user: 'ops' }),
  (secret) => JSON.stringify({ body: JSON.stringify({ secretKey: secret }) }),
  (secret) => `access_token=${secret}`,
  (secret) => `postgres://ops:${secret}/x@db.test/tpe`,
  (secret) => `-----BEGIN EC PRIVATE KEY-----\n${secret}\n-----END EC PRIVATE KEY-----`,
  (secret) => `-----BEGIN PRIVATE KEY-----\\nMIIE${secret.replaceAll(/[-_]/g, '/')}==`,
  (secret) => `eyJhbGciOiJIUzI1NiJ9.eyJzdWIi${secret}.${secret}`,
];

describe('secrets', () => {
  test('are removed wherever they stand, and the line stays JSON where it was', () => {
    fc.assert(
      fc.property(secretValue, fc.constantFrom(...PLACES), (secret, place) => {
        const text = place(secret);
        const clean = redactText(text);
        expect(clean).toContain(SECRET_REMOVED);
        expect(clean).not.toContain('s3cr3T');
        expect(clean).not.toContain(Buffer.from(`user:${secret}`).toString('base64'));
        if (text.startsWith('{')) expect(() => JSON.parse(clean)).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });

  test('are removed by the name of their property', () => {
    const value = { password: 'one', db: { apiKey: 'two', tokens: 3, sessionToken: 'four' } };
    expect(redactDeep(value)).toEqual({
      password: SECRET_REMOVED,
      db: { apiKey: SECRET_REMOVED, tokens: 3, sessionToken: SECRET_REMOVED },
    });
  });
});

test('a second time changes nothing more', () => {
  const piece = fc.oneof(
    written.map(({ text }) => text),
    fc.tuple(secretValue, fc.constantFrom(...PLACES)).map(([secret, place]) => place(secret)),
    harmless,
    fc.constantFrom(' ', '"', '\\', ':', '=', '-', ';', '\n'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const once = redactText(pieces.join(' '));
      expect(redactText(once)).toBe(once);
    }),
    { numRuns: 2_000 },
  );
});

test('a megabyte of whatever is worst takes no longer than it must', () => {
  // In a process of its own: what takes the square of the length would run for hours, and nothing could end it.
  const script = `
    const { redactText, containsCardNumber } = await import(${JSON.stringify(fileURLToPath(new URL('../../redact.ts', import.meta.url)))});
    const pieces = ['a', '4', '4 ', '1-', '4-1 ', 'eyJ', '-eyJ', 'eyJaaaaa.', 'password', 'password=', 'token:', 'token:"', '"password":"',
      'secret ', 'secret:\\\\"', '-----BEGIN PRIVATE KEY-----', '-----BEGIN ', 'a://b:', 'a://a:a@', 'Basic ', 'Bearer abcdef',
      '12345678-1234-', '2026-11-', 'B4111111111111111^', '4111111111111111=', 'a1', ' ', '\\\\"'];
    for (const piece of pieces) {
      const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
      for (const each of [text, 'password' + text]) redactText(each);
      containsCardNumber(text);
    }
    console.log('all of them');`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 240_000,
    encoding: 'utf8',
  });
  expect({ stdout, stderr, status }).toEqual({ stdout: 'all of them\n', stderr: '', status: 0 });
}, 300_000);
