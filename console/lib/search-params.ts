/** Filters live in the address, so that a page can be reloaded, shared and gone back to. */
import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';

/** How a value stands in the address. */
interface Field<T> {
  /** What is meant where the address says nothing, or something that makes no sense. */
  fallback: T;
  read(text: string): T | undefined;
  write(value: T): string;
}

/** Any text. */
export const text = (fallback = ''): Field<string> => ({
  fallback,
  read: (raw) => raw,
  write: (value) => value,
});

/** One of a few words. */
export const oneOf = <const T extends string>(choices: readonly T[], fallback: NoInfer<T>): Field<T> => ({
  fallback,
  read: (raw) => choices.find((choice) => choice === raw),
  write: (value) => value,
});

/** A whole number of 0 or more. */
export const whole = (fallback = 0): Field<number> => ({
  fallback,
  read: (raw) => (/^\d{1,9}$/.test(raw) ? Number(raw) : undefined),
  write: String,
});

type Fields = Record<string, Field<unknown>>;
export type Values<F> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export function readSearch<F extends Fields>(fields: F, search: string): Values<F> {
  const params = new URLSearchParams(search);
  const values = Object.entries(fields).map(([name, field]) => {
    const raw = params.get(name);
    return [name, (raw === null ? undefined : field.read(raw)) ?? field.fallback];
  });
  return Object.fromEntries(values) as Values<F>;
}

/** The address's search with these values; what is as by default is left out. */
export function writeSearch<F extends Fields>(fields: F, values: Partial<Values<F>>): string {
  const params = new URLSearchParams();
  for (const [name, field] of Object.entries(fields)) {
    const value = values[name as keyof F];
    if (value !== undefined && value !== field.fallback) params.set(name, field.write(value));
  }
  const search = params.toString();
  return search === '' ? '' : `?${search}`;
}

/**
 * The filters of a page, from its address, and what changes some of them. A change takes the place of the address
 * before: going back leaves the page instead of undoing letter by letter.
 *
 * ```ts
 * const FILTERS = { show: oneOf(['all', 'live'], 'all'), q: text() };
 * const [{ show, q }, change] = useSearchParams(FILTERS);
 * change({ q: 'Lyon' });
 * ```
 */
export function useSearchParams<F extends Fields>(
  fields: F,
): [Values<F>, (change: Partial<Values<F>>) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const values = useMemo(() => readSearch(fields, search), [fields, search]);
  const change = useCallback(
    (some: Partial<Values<F>>) => {
      // Read anew: several changes may come before the page is drawn again.
      const before = readSearch(fields, location.search);
      navigate(path + writeSearch(fields, { ...before, ...some }), { replace: true });
    },
    [fields, navigate, path],
  );
  return [values, change];
}
