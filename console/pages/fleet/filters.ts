/** Which terminals are shown: as it stands in the address, and as a rule that a campaign can be made with. */
import { oneOf, text, type Values } from '../../lib/search-params.ts';

/** What the fleet is counted by. */
export const FACETS = ['version', 'model', 'site', 'tms'] as const;
export type Facet = (typeof FACETS)[number];

/** Stands for terminals whose version is unknown; no version is written like this. */
export const UNKNOWN = '?';

/** Days without news. */
export const UNSEEN_DAYS = ['1', '7', '30', '90'] as const;

export const FILTERS = {
  version: text(),
  model: text(),
  site: text(),
  tms: text(),
  group: text(),
  unseen: oneOf(['', ...UNSEEN_DAYS], ''),
  q: text(),
};
export type Filter = Values<typeof FILTERS>;

export const NO_FILTER: Filter = {
  version: '',
  model: '',
  site: '',
  tms: '',
  group: '',
  unseen: '',
  q: '',
};

export function isFiltered(filter: Filter): boolean {
  return Object.values(filter).some((value) => value.trim() !== '');
}

const DAY_MS = 86_400_000;

/**
 * The targeting rule (docs/targeting.md) that the terminals of a filter meet; `all` where there is no filter.
 * @param now epoch ms. Days without news are counted from the midnight before, so that the rule stays the same all day
 */
export function ruleOf(filter: Filter, now: number): string {
  const conditions = [
    ...FACETS.flatMap((facet) => facetCondition(facet, filter[facet])),
    ...(filter.group === '' ? [] : [`group ${quoted(filter.group)}`]),
    ...(filter.unseen === '' ? [] : [unseenCondition(Number(filter.unseen), now)]),
    ...searchCondition(filter.q.trim()),
  ];
  return conditions.length === 0 ? 'all' : conditions.join(' and ');
}

function facetCondition(facet: Facet, value: string): string[] {
  if (value === '') return [];
  return [facet === 'version' && value === UNKNOWN ? 'version unknown' : `${facet} = ${quoted(value)}`];
}

/** Never seen counts as long ago. */
function unseenCondition(days: number, now: number): string {
  return `not lastSeen after "${new Date(now - days * DAY_MS).toISOString().slice(0, 10)}"`;
}

/** Rules tell capital letters apart, people who search do not: each way of writing it is asked for. */
function searchCondition(wanted: string): string[] {
  if (wanted === '') return [];
  const lower = wanted.toLowerCase();
  const capital = lower.replace(/(^|[^\p{L}])\p{L}/gu, (found) => found.toUpperCase());
  const written = [...new Set([wanted, lower, wanted.toUpperCase(), capital])];
  const conditions = written.flatMap((each) =>
    ['site', 'idTms'].map((field) => `${field} like ${quoted(`*${each}*`)}`),
  );
  if (/^[0-9a-f-]{4,36}$/.test(lower)) conditions.push(`tpeId like ${quoted(`${lower}*`)}`);
  return [`(${conditions.join(' or ')})`];
}

function quoted(value: string): string {
  return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
