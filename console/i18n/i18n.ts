/**
 * The words of the console. Each page has its own: English in `en.ts`, which is part of the page's code, French in
 * `fr.ts` beside it, which is only loaded by who reads French. Words of parts that several pages show lie in folders here.
 */
import { createI18n, localeFrom, type Components } from '@nanostores/i18n';
import { atom } from 'nanostores';
import { readChoice, writeChoice } from '../lib/choice.ts';

export const LOCALES = ['en', 'fr'] as const;
export type Locale = (typeof LOCALES)[number];

const KEY = 'tpe-locale';

/** What somebody has chosen; undefined follows the browser. */
const $chosen = atom<Locale | undefined>(readChoice(KEY, LOCALES));

export const $locale = localeFrom<Locale>($chosen, atom(localeOf(navigator.languages)));

/** The first language that we have, of whatever country: `fr-CH` is French. The script in index.html does the same. */
export function localeOf(languages: readonly string[]): Locale {
  for (const language of languages) {
    const found = LOCALES.find((locale) => language.slice(0, 2) === locale);
    if (found) return found;
  }
  return 'en';
}

export function chooseLocale(locale: Locale): void {
  writeChoice(KEY, locale);
  $chosen.set(locale);
}

const french = import.meta.glob<{ default: FrenchWords }>(['./fr.ts', './*/fr.ts', '../pages/*/fr.ts']);

/** Strings, and strings by plural form. */
type FrenchWords = Record<string, string | Record<string, string>>;

/** What `fr.ts` must have for the words of `en.ts`: all of them, and no others. */
export type French<M> = M extends { get(): infer Body }
  ? { [K in keyof Body]: Body[K] extends string ? string : string | { one: string; other: string } }
  : never;

async function loadFrench(name: string): Promise<FrenchWords> {
  const load =
    name === 'shared' ? french['./fr.ts'] : (french[`../pages/${name}/fr.ts`] ?? french[`./${name}/fr.ts`]);
  if (!load) throw new Error(`There is no French for ${name}.`);
  return (await load()).default;
}

/** Makes the words of a page: `export const messages = i18n('fleet', { title: 'Fleet' })`, named as its folder. */
export const i18n = createI18n<Locale, 'en'>($locale, {
  baseLocale: 'en',
  get: async (_locale, names) => {
    const words = await Promise.all(names.map(loadFrench));
    return Object.fromEntries(names.map((name, index) => [name, words[index]])) as unknown as Components;
  },
} as Parameters<typeof createI18n<Locale, 'en'>>[1]);

/** Has the words there before they are first shown, so that no page begins in English and then changes. */
export async function loadWords(...names: readonly string[]): Promise<void> {
  const locale = $locale.get();
  if (locale === 'en') return;
  const cache = i18n.cache as Record<string, Record<string, unknown> | undefined>;
  const missing = names.filter((name) => !cache[locale]?.[name]);
  const words = await Promise.all(missing.map(loadFrench));
  cache[locale] = {
    ...cache[locale],
    ...Object.fromEntries(missing.map((name, index) => [name, words[index]])),
  };
}

$locale.subscribe((locale) => {
  document.documentElement.lang = locale;
});
