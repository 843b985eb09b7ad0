/** Which events are shown, and what the API is asked for. */
import type { paths } from '../../api/schema.ts';
import { isBackwards, momentsOf, TIME_RANGE } from '../../components/time-range.ts';
import { oneOf, text, type Values } from '../../lib/search-params.ts';

/** As they stand in the address. */
export const FILTERS = {
  type: text(),
  actor: text(),
  campaignId: text(),
  tpeId: text(),
  correlationId: text(),
  ...TIME_RANGE,
  order: oneOf(['desc', 'asc'], 'desc'),
  /** `seq` of the event whose details are open. */
  open: text(),
};
export type Filter = Values<typeof FILTERS>;

/** What is matched as it is written, and the ids. */
export const TEXTS = ['type', 'actor', 'campaignId', 'tpeId', 'correlationId'] as const;
export type TextField = (typeof TEXTS)[number];

/** Nothing is left out. */
export const NO_FILTER: Partial<Filter> = {
  type: '',
  actor: '',
  campaignId: '',
  tpeId: '',
  correlationId: '',
  last: 'any',
  from: '',
  to: '',
};

export type Asked = NonNullable<paths['/api/v1/events/export']['get']['parameters']['query']>;

/** The filter as the API takes it. @param now epoch ms, for spans that end with it */
export function askedOf(filter: Filter, now: number): Asked {
  const given = TEXTS.flatMap((name) => {
    const value = filter[name].trim();
    return value === '' ? [] : [[name, value]];
  });
  return { ...(Object.fromEntries(given) as Asked), ...momentsOf(filter, now) };
}

/** Where the same events are to be had as a file. */
export function exportAddress(asked: Asked, format: 'csv' | 'ndjson'): string {
  return `/api/v1/events/export?${new URLSearchParams({ format, ...asked })}`;
}

export function isFiltered(filter: Filter): boolean {
  return filter.last !== 'any' || TEXTS.some((name) => filter[name].trim() !== '');
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** As the API takes it. */
const TYPE = /^[\w.:-]{0,100}\*?$/;

/** The fields that the API would refuse. */
export function faultsOf(filter: Filter): ReadonlySet<TextField | 'time'> {
  const faults = new Set<TextField | 'time'>();
  for (const name of ['campaignId', 'tpeId'] as const) {
    const value = filter[name].trim();
    if (value !== '' && !UUID.test(value)) faults.add(name);
  }
  if (!TYPE.test(filter.type.trim())) faults.add('type');
  if (isBackwards(filter)) faults.add('time');
  return faults;
}
