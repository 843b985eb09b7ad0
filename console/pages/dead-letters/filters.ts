/** Which dead letters are shown, and what the API is asked for. */
import type { DeadLettersRequest } from '../../api/schema.ts';
import { isBackwards, momentsOf, TIME_RANGE } from '../../components/time-range.ts';
import { oneOf, text, writeSearch, type Values } from '../../lib/search-params.ts';
import { pathOf } from '../../pages.ts';

export const STATES = ['OPEN', 'REPLAYED', 'DISCARDED'] as const;
export type State = (typeof STATES)[number];

/** As they stand in the address. */
export const FILTERS = {
  state: oneOf([...STATES, 'all'], 'OPEN'),
  error: text(),
  topic: text(),
  stage: text(),
  key: text(),
  ...TIME_RANGE,
  /** Id of the letter that is open. */
  letter: text(),
};
export type Filter = Values<typeof FILTERS>;

const TEXTS = ['error', 'topic', 'stage', 'key'] as const;

/** Nothing is left out but what is decided. */
export const NO_FILTER: Partial<Filter> = {
  state: 'OPEN',
  error: '',
  topic: '',
  stage: '',
  key: '',
  last: 'any',
  from: '',
  to: '',
};

/** What letters are selected by, apart from their state. */
export type Asked = NonNullable<DeadLettersRequest['filter']>;

/** The filter as the API takes it. @param now epoch ms, for spans that end with it */
export function askedOf(filter: Filter, now: number): Asked {
  const given = TEXTS.flatMap((name) => {
    const value = filter[name].trim();
    return value === '' ? [] : [[name, value]];
  });
  return { ...(Object.fromEntries(given) as Asked), ...momentsOf(filter, now) };
}

/** Tells filters apart, for the cache. */
export function keyOf(filter: Filter): readonly string[] {
  return [...TEXTS.map((name) => filter[name].trim()), filter.last, filter.from, filter.to];
}

export function isFiltered(filter: Filter): boolean {
  return filter.last !== 'any' || TEXTS.some((name) => filter[name].trim() !== '');
}

export const isFaulty = isBackwards;

/** The address of a letter; empty: of the list. The filter stays. */
export function addressOf(filter: Filter, letter: string): string {
  return pathOf('dead-letters') + writeSearch(FILTERS, { ...filter, letter });
}
