// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest';
import type { FoundEvent } from '../../console/api/schema.ts';
import { fromInput, isBackwards, momentsOf, toInput } from '../../console/components/time-range.ts';
import { EVENT_TYPES, whatHappened } from '../../console/i18n/event-types/what-happened.ts';
import { formatIn } from '../../console/i18n/format.ts';
import { readSearch } from '../../console/lib/search-params.ts';
import { messages } from '../../console/pages/events/en.ts';
import { aboutIt } from '../../console/pages/events/event-words.ts';
import {
  askedOf,
  exportAddress,
  faultsOf,
  FILTERS,
  isFiltered,
  type Filter,
} from '../../console/pages/events/filters.ts';

const NOW = Date.parse('2026-11-27T12:00:00.000Z');
const CAMPAIGN = '9d3c2b54-3f0e-4f1c-8a57-2d1f6c1f7e01';
const filter = (search = ''): Filter => readSearch(FILTERS, search);

describe('a span of time', () => {
  const range = (last: Filter['last'], from = '', to = ''): Pick<Filter, 'last' | 'from' | 'to'> => ({
    last,
    from,
    to,
  });

  test.each([
    [range('any'), {}],
    [range('hour'), { from: '2026-11-27T11:00:00.000Z' }],
    [range('week'), { from: '2026-11-20T12:00:00.000Z' }],
    [range('between', '2026-11-01T00:00:00Z'), { from: '2026-11-01T00:00:00.000Z' }],
    [range('between', 'nonsense', '2026-11-02T00:00:00Z'), { to: '2026-11-02T00:00:00.000Z' }],
    // What was between two moments once counts no more.
    [range('any', '2026-11-01T00:00:00Z'), {}],
  ])('%o is %o', (given, moments) => {
    expect(momentsOf(given, NOW)).toEqual(moments);
  });

  test('that ends before it begins is noticed', () => {
    expect(isBackwards(range('between', '2026-11-02T00:00:00Z', '2026-11-01T00:00:00Z'))).toBe(true);
    expect(isBackwards(range('between', '2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z'))).toBe(false);
    expect(isBackwards(range('between', '', '2026-11-01T00:00:00Z'))).toBe(false);
  });

  test('comes out of its inputs as it was put in, to the minute', () => {
    expect(toInput(fromInput('2026-11-27T09:05'))).toBe('2026-11-27T09:05');
    expect([fromInput(''), toInput('nonsense')]).toEqual(['', '']);
  });
});

describe('the filter', () => {
  test('asks the API for what is given, without blanks around it', () => {
    expect(askedOf(filter(`?actor=%20anna%20&campaignId=${CAMPAIGN}&last=day`), NOW)).toEqual({
      actor: 'anna',
      campaignId: CAMPAIGN,
      from: '2026-11-26T12:00:00.000Z',
    });
    expect([isFiltered(filter('?order=asc&open=7')), isFiltered(filter('?last=day'))]).toEqual([false, true]);
  });

  test('is that of the file, too', () => {
    expect(exportAddress(askedOf(filter('?type=tpe.*&actor=a%26b'), NOW), 'csv')).toBe(
      '/api/v1/events/export?format=csv&type=tpe.*&actor=a%26b',
    );
  });

  test.each([
    ['', []],
    [`?campaignId=${CAMPAIGN}&type=tpe.*`, []],
    ['?campaignId=9d3c&tpeId=x', ['campaignId', 'tpeId']],
    ['?type=*.failed', ['type']],
    ['?last=between&from=2026-11-02T00:00Z&to=2026-11-01T00:00Z', ['time']],
  ])('%s has the faults %o', (search, faults) => {
    expect([...faultsOf(filter(search))]).toEqual(faults);
  });
});

describe('an event in words', () => {
  const event = (type: string, data: Record<string, unknown> = {}): FoundEvent => ({
    seq: 1,
    eventId: 'e',
    occurredAt: '2026-11-27T12:00:00.000Z',
    type,
    tpeId: null,
    actor: 'platform',
    reason: null,
    data,
    correlationId: null,
    campaignId: null,
    traceparent: null,
    position: null,
    hash: null,
  });
  const about = (given: FoundEvent): string => aboutIt(messages.get(), formatIn('en'), given);

  test('says what happened; a type that is not known is shown as it is', () => {
    const t = messages.get();
    const words = EVENT_TYPES.map((type) => whatHappened(t, type));
    expect(new Set(words).size).toBe(words.length);
    expect(words.filter((each) => each.includes('.'))).toEqual([]);
    // `title` is a word of the page.
    const shown = ['campaign.paused', 'tpe.levitated', 'title'].map((type) => whatHappened(t, type));
    expect(shown).toEqual(['Campaign paused', 'tpe.levitated', 'title']);
  });

  test.each([
    [
      event('campaign.created', { name: 'Lyon', targetVersion: '4.2.0', total: 1_240 }),
      'Lyon · → 4.2.0 · 1,240 terminals',
    ],
    [event('tpe.success', { wave: 2, attempt: 1, version: '4.2.0' }), 'wave 2 · runs 4.2.0'],
    [event('tpe.failed', { attempt: 3 }), 'attempt 3'],
    [event('dlq.replayed', { error: 'INVALID_MESSAGE', key: 'k' }), 'INVALID_MESSAGE'],
    [event('tpe.skipped', { name: 7 }), ''],
  ])('%o adds: %s', (given, words) => {
    expect(about(given)).toBe(words);
  });
});
