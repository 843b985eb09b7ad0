// @vitest-environment happy-dom
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { waitingInWords } from '../../console/components/waiting.ts';
import { shared } from '../../console/i18n/en.ts';
import { formatIn } from '../../console/i18n/format.ts';
import { localeOf } from '../../console/i18n/i18n.ts';
import { oneOf, readSearch, text, whole, writeSearch } from '../../console/lib/search-params.ts';
import { pathOf } from '../../console/pages.ts';
import { $shortcuts, handleKey } from '../../console/shell/shortcuts.ts';

test.each([
  [['fr-CH', 'en'], 'fr'],
  [['de', 'fr'], 'fr'],
  [['en-US', 'fr'], 'en'],
  [['de-DE'], 'en'],
  [[], 'en'],
] as const)('who reads %j is shown %s', (languages, locale) => {
  expect(localeOf(languages)).toBe(locale);
});

describe('filters in the address', () => {
  const FIELDS = { show: oneOf(['all', 'live'], 'all'), q: text(), page: whole(1) };

  test.each(['', '?show=live', '?q=Lyon+%26+Nice&page=0', '?show=live&q=%C3%A9&page=12'])(
    'come back as they were written: %s',
    (search) => {
      expect(writeSearch(FIELDS, readSearch(FIELDS, search))).toBe(search);
    },
  );

  test('make sense whatever somebody has typed', () => {
    expect(readSearch(FIELDS, '?show=nonsense&page=-1&other=1')).toEqual({ show: 'all', q: '', page: 1 });
  });
});

test('the address of a page has its parameters, whatever is in them', () => {
  expect(pathOf('fleet')).toBe('/fleet');
  expect(pathOf('campaign', { campaignId: 'a/b?c' })).toBe('/campaigns/a%2Fb%3Fc');
});

describe('keys', () => {
  const ran: string[] = [];
  const press = (
    key: string,
    at: number,
    target: EventTarget = document.body,
    init: KeyboardEventInit = {},
  ): void => {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init });
    Object.defineProperty(event, 'target', { value: target });
    handleKey(event, at);
  };
  beforeEach(() => {
    ran.length = 0;
    $shortcuts.set(['/', 'g c', 'p'].map((keys) => ({ keys, words: keys, run: () => ran.push(keys) })));
  });

  test('do what they stand for, alone and in pairs that are not too slow', () => {
    press('/', 0);
    press('g', 100);
    press('c', 900);
    press('g', 2_000);
    press('c', 3_500);
    press('c', 3_600);
    expect(ran).toEqual(['/', 'g c']);
  });

  test('are the newest owner’s', () => {
    const run = vi.fn();
    $shortcuts.set([...$shortcuts.get(), { keys: 'p', words: '', run }]);
    press('p', 0);
    expect([run.mock.calls.length, ran]).toEqual([1, []]);
  });

  test('that are typed, or meant for the browser, are not ours', () => {
    press('p', 0, document.createElement('input'));
    press('p', 0, document.body, { ctrlKey: true });
    expect(ran).toEqual([]);
  });
});

describe('what a campaign waits for', () => {
  const say = (what: string, until: string | null = null): string =>
    waitingInWords(shared.get(), formatIn('en'), { what, until });

  test.each([
    ['its time to start', 'Waits for its time to start'],
    ['a decision: wave 1 (canary): 80 % SUCCESS', 'Waits for a decision: wave 1 (canary): 80 % SUCCESS'],
    ['wave 2 of 3, soaking 30 min', 'Wave 2 of 3 soaks'],
    ["somebody's approval of wave 2", 'Wave 2 waits for somebody’s approval'],
    ['something new', 'Waits for something new'],
  ])('%s: %s', (what, words) => {
    expect(say(what)).toBe(words);
  });

  test('has until when', () => {
    expect(say('its time to start', '2026-11-27T21:00:00')).toBe(
      'Waits for its time to start, until 27 Nov 2026, 21:00',
    );
  });
});

/** French has several kinds of blanks, which differ between versions of Unicode's data. */
const plainBlanks = (words: string): string => words.replaceAll(/\s/g, ' ');

describe('numbers and times', () => {
  const now = Date.parse('2026-11-27T12:00:00Z');
  const en = formatIn('en');
  const fr = formatIn('fr');

  test.each([
    [10, 'now', 'maintenant'],
    [180, '3 min ago', 'il y a 3 min'],
    [7_300, '2 hr ago', 'il y a 2 h'],
    [90_000, 'yesterday', 'hier'],
  ])('%d s ago: %s, %s', (seconds, english, french) => {
    const instant = now - seconds * 1000;
    expect([en.relative(instant, now), fr.relative(instant, now)].map(plainBlanks)).toEqual([
      english,
      french,
    ]);
  });

  test.each([
    [0, '0 secs'],
    [59, '59 secs'],
    [3_600, '1 hr'],
    [7_510, '2 hrs 5 mins'],
    [93_600, '1 day 2 hrs'],
  ])('%d s are %s', (seconds, words) => {
    expect(en.duration(seconds)).toBe(words);
  });

  test('are written as the language does', () => {
    expect([en.number(1_240), plainBlanks(fr.number(1_240))]).toEqual(['1,240', '1 240']);
    expect([en.percent(41.27), plainBlanks(fr.percent(41.27))]).toEqual(['41.3%', '41,3 %']);
  });
});
