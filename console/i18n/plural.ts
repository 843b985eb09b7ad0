/** Words that depend on a number. */
import { transform, strings, type TranslationFunction } from '@nanostores/i18n';

/**
 * `plural({ one: '{n} terminal', other: '{n} terminals' })`, called with the number; `{n}` is the number as it is
 * written in the language. It is the library's `count`, which does not write it so.
 */
export const plural = transform((locale: string, words: Record<string, string>, n: number) => {
  const form = new Intl.PluralRules(locale).select(n);
  const written = new Intl.NumberFormat(locale === 'en' ? 'en-GB' : locale).format(n);
  return strings(words[form] ?? words.other ?? '', (text: string) => text.replaceAll('{n}', written));
}) as unknown as (words: { one: string; other: string }) => TranslationFunction<[number], string>;
