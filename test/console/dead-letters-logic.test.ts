// @vitest-environment happy-dom
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApiProblem } from '../../console/api/problem.ts';
import type { DeadLetter, DeadLetterContent, Problem } from '../../console/api/schema.ts';
import { consequencesOf } from '../../console/pages/dead-letters/confirm-one.tsx';
import { refusalOf, whyInWords } from '../../console/pages/dead-letters/decide.ts';
import { messages } from '../../console/pages/dead-letters/en.ts';
import { addressOf, askedOf, FILTERS } from '../../console/pages/dead-letters/filters.ts';
import { jsonFaultOf, layOut, pack } from '../../console/pages/dead-letters/json-text.ts';
import {
  draftOf,
  editOf,
  faultsOf,
  hasFaults,
  withHeader,
  type Draft,
  type Edit,
} from '../../console/pages/dead-letters/letter-draft.ts';
import { readSearch } from '../../console/lib/search-params.ts';

const content = (text: string, change: Partial<DeadLetterContent> = {}): DeadLetterContent => ({
  encoding: 'utf-8',
  content: text,
  bytes: text.length,
  complete: true,
  ...change,
});

function letter(change: Partial<DeadLetter> = {}): DeadLetter {
  return {
    deadLetterId: '51f2a7c0-6f0b-4a53-9d0c-6a3f0a4b9c02',
    topic: 'tpe.update.command',
    partition: 7,
    offset: 42,
    key: content('k'),
    value: content('{"a":1}'),
    headers: { ce_type: 'tpe.update.ordered', ce_id: 'e-1' },
    stage: 'orders',
    error: 'INVALID_MESSAGE',
    reason: 'a is not known',
    tries: 3,
    truncatedBytes: null,
    failedAt: '2026-11-21T10:00:00.123Z',
    receivedAt: '2026-11-21T10:00:01.000Z',
    state: 'OPEN',
    decidedBy: null,
    decidedAt: null,
    decisionReason: null,
    masked: false,
    links: { self: '' },
    ...change,
  };
}

describe('JSON as text', () => {
  test('is laid out and packed again without a change, whatever is in it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(pack(layOut(text))).toBe(text);
        expect(JSON.parse(layOut(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('keeps what parsing would lose: numbers of many digits, names that come twice', () => {
    const text = '{"n":12345678901234567890,"a":1.0,"a":2}';
    expect(layOut(text)).toBe('{\n  "n": 12345678901234567890,\n  "a": 1.0,\n  "a": 2\n}');
    expect(pack(layOut(text))).toBe(text);
  });

  test('keeps empty parts on one line', () => {
    expect(layOut('{"a":[],"b":{},"c":["{ [ , : \\" "]}')).toBe(
      '{\n  "a": [],\n  "b": {},\n  "c": [\n    "{ [ , : \\" "\n  ]\n}',
    );
  });

  test('that is not valid has its place', () => {
    expect(jsonFaultOf('{"a":1}')).toBeUndefined();
    expect(jsonFaultOf('{\n  "a": 1,\n  oops\n}')).toEqual({ line: 3, column: 3 });
    expect(jsonFaultOf('{"a":')).toEqual({ line: 1, column: 6 });
  });
});

describe('an edited letter', () => {
  const edited = (change: Partial<Draft>, of = letter()): Edit => editOf(of, { ...draftOf(of), ...change });

  test('that nobody has changed is published as it was', () => {
    expect(edited({})).toEqual({});
    for (const bare of [letter({ value: null }), letter({ key: null })]) {
      expect(editOf(bare, draftOf(bare))).toEqual({});
    }
  });

  test('that was only laid out otherwise is none', () => {
    expect(edited({ value: '{ "a":\n\n1 }' })).toEqual({});
  });

  test('has its value as text, packed, to the last digit', () => {
    expect(edited({ value: '{\n  "a": 12345678901234567890\n}' })).toEqual({
      value: '{"a":12345678901234567890}',
    });
  });

  test('of plain text has all of it, blanks too', () => {
    const plain = letter({ value: content('till  7') });
    expect(draftOf(plain)).toMatchObject({ value: 'till  7', asText: true });
    expect(edited({ value: 'till   8 ' }, plain)).toEqual({ value: 'till   8 ' });
  });

  test('of bytes, or of which only the beginning is there, is another value or none', () => {
    for (const value of [content('/wAx', { encoding: 'base64' }), content('{"a', { complete: false })]) {
      const part = letter({ value });
      expect(draftOf(part).value).toBe('');
      expect(hasFaults(faultsOf(part, draftOf(part)))).toBe(false);
      expect(edited({ value: '{"b": 2}' }, part)).toEqual({ value: '{"b":2}' });
    }
  });

  test('has another key where one is given; an empty one is as it was received', () => {
    const bytes = letter({ key: content('/wAx', { encoding: 'base64' }) });
    for (const of of [letter(), letter({ key: null }), bytes]) {
      expect(edited({ key: 'k-2' }, of)).toEqual({ key: 'k-2' });
      expect(edited({ key: '' }, of)).toEqual({});
    }
    expect(draftOf(bytes).key).toBe('');
  });

  test('names the headers that are set and removed', () => {
    const draft = draftOf(letter());
    const kept = draft.headers.filter(({ name }) => name === 'ce_type');
    const added = withHeader({ ...draft, headers: kept.map((each) => ({ ...each, value: 'other' })) });
    const headers = added.headers.map((each) =>
      each.received ? each : { ...each, name: ' x-new ', value: '1' },
    );
    expect(edited({ headers })).toEqual({ headers: { ce_id: null, ce_type: 'other', 'x-new': '1' } });
  });

  test('is not published with JSON that is none, with nothing, or with a header that the API refuses', () => {
    const faults = (change: Partial<Draft>): ReturnType<typeof faultsOf> =>
      faultsOf(letter(), { ...draftOf(letter()), ...change });
    expect(faults({ value: '{"a":' }).json).toEqual({ line: 1, column: 6 });
    expect(faults({ value: '{"a":', asText: true }).json).toBeUndefined();
    expect(faults({ value: '  ' }).empty).toBe(true);
    for (const name of ['', 'two words', 'dlq_id', 'DLQ_x', 'CE_ID']) {
      const headers = [...draftOf(letter()).headers, { id: 9, name, value: '', received: false }];
      expect([name, [...faults({ headers }).headers]]).toEqual([name, [9]]);
    }
    expect(hasFaults(faults({}))).toBe(false);
  });
});

describe('what is asked before a letter is replayed', () => {
  const t = messages.get();

  test('says what differs', () => {
    expect(consequencesOf(t, 'replay', letter(), {})[1]).toBe(
      'Its key, value and headers are as they were received.',
    );
    expect(
      consequencesOf(t, 'replay', letter(), {
        key: 'k-2',
        value: '"é"',
        headers: { a: '1', b: null, c: '3' },
      }).slice(1, 5),
    ).toEqual([
      'Its key is the edited one: k-2',
      'Its value is the edited one: 4 bytes.',
      'Headers set: a, c.',
      'Headers removed: b.',
    ]);
  });
});

test('what the API has refused is told at its part', () => {
  const problem = {
    type: '/problems/validation-failed',
    title: '',
    status: 422,
    detail: '',
    instance: '',
    correlationId: 'c',
    errors: [
      { pointer: '/edit/key', message: 'is masked' },
      { pointer: '/edit/value', message: 'has a card number' },
      { pointer: '/edit/headers/x-a', message: 'is not the original' },
      { pointer: '/by', message: 'is too long' },
    ],
  } as Problem;
  expect(refusalOf(new ApiProblem(problem))).toEqual({
    key: 'is masked',
    value: 'has a card number',
    headers: { 'x-a': 'is not the original' },
  });
  expect(refusalOf(new Error('lost'))).toEqual({ headers: {} });
});

test('why a letter was skipped is told in words; what is not known, as it is', () => {
  const t = messages.get();
  expect([whyInWords(t, 'too-large'), whyInWords(t, 'moon')]).toEqual([
    'It is too large for its topic: give it a smaller value.',
    'moon',
  ]);
});

test('the filter stands in the address of a letter, and leads back from it', () => {
  const filter = readSearch(FILTERS, '?error=INVALID_MESSAGE&key=c-1*&last=hour');
  expect(addressOf(filter, 'x')).toBe('/dead-letters?error=INVALID_MESSAGE&key=c-1*&last=hour&letter=x');
  expect(addressOf(filter, '')).toBe('/dead-letters?error=INVALID_MESSAGE&key=c-1*&last=hour');
  expect(askedOf(filter, Date.parse('2026-11-27T12:00:00Z'))).toEqual({
    error: 'INVALID_MESSAGE',
    key: 'c-1*',
    from: '2026-11-27T11:00:00.000Z',
  });
});
