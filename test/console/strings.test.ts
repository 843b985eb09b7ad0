// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest';
import { PROBLEMS } from '../../api/errors.ts';
import problemsEn from '../../console/i18n/problems-en.ts';
import problemsFr from '../../console/i18n/problems-fr.ts';
import { CAMPAIGN_STATUSES, TPE_STATUSES } from '../../workflows/status.ts';

type Words = Record<string, string | Record<string, string>>;
/** What `i18n` gives while it is not built for production. */
interface Messages {
  component: string;
  base: Record<string, string | { input: string | Record<string, string> }>;
}

const english = import.meta.glob<Record<string, unknown>>(
  ['../../console/i18n/en.ts', '../../console/i18n/*/en.ts', '../../console/pages/*/en.ts'],
  {
    eager: true,
  },
);
const french = import.meta.glob<{ default: Words }>(
  ['../../console/i18n/fr.ts', '../../console/i18n/*/fr.ts', '../../console/pages/*/fr.ts'],
  {
    eager: true,
  },
);

const pairs = Object.entries(english).map(([file, module]) => {
  const messages = Object.values(module).find(
    (value) => typeof value === 'object' && value !== null && 'base' in value,
  );
  const { component, base } = messages as Messages;
  const en: Words = Object.fromEntries(
    Object.entries(base).map(([key, value]) => [key, typeof value === 'string' ? value : value.input]),
  );
  return { file, component, en, fr: french[file.replace(/en\.ts$/, 'fr.ts')]?.default ?? {} };
});

/** The forms of a text, and the names of what is put into them. */
function shapeOf(words: Words[string]): unknown {
  const names = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([name]) => name).sort();
  if (typeof words === 'string') return names(words);
  return Object.fromEntries(Object.entries(words).map(([form, text]) => [form, names(text)]));
}

describe.each(pairs)('the words of $component', ({ file, component, en, fr }) => {
  test('are the same ones in English and French, none is empty', () => {
    expect(Object.keys(fr)).toEqual(Object.keys(en));
    expect(JSON.stringify([en, fr])).not.toMatch(/[:,[]""/);
  });

  test('take the same values in both, and have the same forms', () => {
    for (const [key, words] of Object.entries(en)) {
      expect([key, shapeOf(fr[key] ?? '')]).toEqual([key, shapeOf(words)]);
    }
  });

  test('are named as their folder, by which the French ones are found', () => {
    expect(component).toBe(/(?:pages|i18n)\/([\w-]+)\//.exec(file)?.[1] ?? 'shared');
  });
});

test('every status has a word', () => {
  const shared = pairs.find(({ component }) => component === 'shared')?.en ?? {};
  const wanted = [
    ...TPE_STATUSES.map((each) => `status${each}`),
    ...CAMPAIGN_STATUSES.map((each) => `campaign${each}`),
  ];
  expect(Object.keys(shared)).toEqual(expect.arrayContaining(wanted));
});

test('every problem of the API has a name and a remedy in both languages', () => {
  const codes = Object.keys(PROBLEMS).sort();
  expect(Object.keys(problemsEn).sort()).toEqual(codes);
  expect(Object.keys(problemsFr).sort()).toEqual(codes);
});
