/** Numbers, dates and durations as the language writes them. */
import { useStore } from '@nanostores/react';
import { $locale, type Locale } from './i18n.ts';

/** English as the world outside America writes it: day before month, 24 hours. */
const TAGS: Record<Locale, string> = { en: 'en-GB', fr: 'fr-FR' };

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

export interface Format {
  number(value: number): string;
  /** @param percent 0 to 100; one decimal where there is one */
  percent(percent: number): string;
  /** Day and time. @param instant ISO 8601 or epoch ms */
  dateTime(instant: string | number): string;
  /** Day, time to the second and zone, for a title. */
  exact(instant: string | number): string;
  /** "3 minutes ago", "in 2 hours". */
  relative(instant: string | number, now: number): string;
  /** "2 hrs 5 mins", at most two units. */
  duration(seconds: number): string;
}

const formats = new Map<Locale, Format>();

/** For what is no component. */
export function formatIn(locale: Locale): Format {
  let format = formats.get(locale);
  if (!format) formats.set(locale, (format = makeFormat(TAGS[locale])));
  return format;
}

export function useFormat(): Format {
  return formatIn(useStore($locale));
}

function makeFormat(tag: string): Format {
  const number = new Intl.NumberFormat(tag);
  const percent = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1 });
  const dateTime = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short' });
  const exact = new Intl.DateTimeFormat(tag, { dateStyle: 'full', timeStyle: 'long' });
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: 'auto', style: 'short' });
  const unit = (value: number, name: 'day' | 'hour' | 'minute' | 'second'): string =>
    new Intl.NumberFormat(tag, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);
  return {
    number: (value) => number.format(value),
    percent: (value) => percent.format(value / 100),
    dateTime: (instant) => dateTime.format(new Date(instant)),
    exact: (instant) => exact.format(new Date(instant)),
    relative(instant, now) {
      const seconds = Math.round((new Date(instant).getTime() - now) / 1000);
      const size = Math.abs(seconds);
      if (size < MINUTE) return relative.format(0, 'second');
      if (size < HOUR) return relative.format(Math.trunc(seconds / MINUTE), 'minute');
      if (size < DAY) return relative.format(Math.trunc(seconds / HOUR), 'hour');
      return relative.format(Math.trunc(seconds / DAY), 'day');
    },
    duration(seconds) {
      const all = Math.max(0, Math.round(seconds));
      const parts = [
        { name: 'day', value: Math.floor(all / DAY) },
        { name: 'hour', value: Math.floor((all % DAY) / HOUR) },
        { name: 'minute', value: Math.floor((all % HOUR) / MINUTE) },
        { name: 'second', value: all % MINUTE },
      ] as const;
      const first = parts.findIndex(({ value }) => value > 0);
      if (first < 0) return unit(0, 'second');
      const shown = parts.slice(first, first + 2).filter(({ value }) => value > 0);
      return shown.map(({ name, value }) => unit(value, name)).join(' ');
    },
  };
}
