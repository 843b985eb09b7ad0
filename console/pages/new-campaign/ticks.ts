/** Round times for an axis. */
import type { Locale } from '../../i18n/i18n.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 90].map((n) => n * DAY),
];
/** More would run into each other on a phone. */
const MOST = 4;

/** Times between two others at the same distance, round by the clock of this machine. */
export function ticksBetween(from: number, to: number): { ticks: number[]; step: number } {
  const step = STEPS.find((each) => (to - from) / each <= MOST) ?? Math.ceil((to - from) / MOST / DAY) * DAY;
  const offset = new Date(from).getTimezoneOffset() * MINUTE;
  const ticks: number[] = [];
  for (let at = Math.ceil((from - offset) / step) * step + offset; at <= to; at += step) ticks.push(at);
  return { ticks, step };
}

/** Writes such a time as short as can be: the day only where there are several, the time only within a day. */
export function tickFormat(locale: Locale, step: number, span: number): (at: number) => string {
  const day = { day: 'numeric', month: 'short' } as const;
  const time = { hour: '2-digit', minute: '2-digit' } as const;
  const parts = step >= DAY ? day : span > DAY ? { ...day, ...time } : time;
  const format = new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : 'fr-FR', parts);
  return (at) => format.format(at);
}
