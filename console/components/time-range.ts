/** A span of time as filters have it: of the last hours or days, or between two moments. */
import type { Values } from '../lib/search-params.ts';
import { oneOf, text } from '../lib/search-params.ts';

export const SPANS = ['any', 'hour', 'day', 'week', 'month', 'between'] as const;
export type Span = (typeof SPANS)[number];

/** As it stands in the address: `useSearchParams({ ...TIME_RANGE, … })`. */
export const TIME_RANGE = {
  last: oneOf(SPANS, 'any'),
  /** ISO 8601, of `between` alone; empty: open. */
  from: text(),
  to: text(),
};
export type TimeRange = Values<typeof TIME_RANGE>;

const HOUR_MS = 3_600_000;
const SPAN_MS: Partial<Record<Span, number>> = {
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 7 * 24 * HOUR_MS,
  month: 30 * 24 * HOUR_MS,
};

/** What the API is asked for. @param now epoch ms */
export function momentsOf({ last, from, to }: TimeRange, now: number): { from?: string; to?: string } {
  const span = SPAN_MS[last];
  if (span !== undefined) return { from: new Date(now - span).toISOString() };
  if (last !== 'between') return {};
  const [begin, end] = [instantOf(from), instantOf(to)];
  return { ...(begin !== undefined && { from: begin }), ...(end !== undefined && { to: end }) };
}

/** Whether it ends before it begins. */
export function isBackwards({ last, from, to }: TimeRange): boolean {
  const [begin, end] = [instantOf(from), instantOf(to)];
  return last === 'between' && begin !== undefined && end !== undefined && begin >= end;
}

/** Undefined for what is no moment: an address may hold anything. */
function instantOf(moment: string): string | undefined {
  const ms = Date.parse(moment);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** A moment as the browser's input wants it, by the clock on the wall. */
export function toInput(moment: string): string {
  const instant = instantOf(moment);
  if (instant === undefined) return '';
  const date = new Date(instant);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** What was put into such an input; empty where it is not complete. */
export function fromInput(value: string): string {
  return instantOf(value) ?? '';
}
