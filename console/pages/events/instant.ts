/** Times of the audit trail, to the second. */
import { useStore } from '@nanostores/react';
import { $locale, type Locale } from '../../i18n/i18n.ts';

const TAGS: Record<Locale, string> = { en: 'en-GB', fr: 'fr-FR' };
const formats = new Map<Locale, Intl.DateTimeFormat>();

function formatIn(locale: Locale): Intl.DateTimeFormat {
  let format = formats.get(locale);
  if (!format) {
    format = new Intl.DateTimeFormat(TAGS[locale], { dateStyle: 'medium', timeStyle: 'medium' });
    formats.set(locale, format);
  }
  return format;
}

/** Writes a moment by the clock on the wall. */
export function useInstant(): (instant: string) => string {
  const locale = useStore($locale);
  return (instant) => formatIn(locale).format(new Date(instant));
}
