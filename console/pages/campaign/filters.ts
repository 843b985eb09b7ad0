/** What is shown of a campaign, as it stands in the address. */
import type { TpeStatus } from '../../api/schema.ts';
import { TPE_ORDER } from '../../components/status.ts';
import { oneOf, text, whole, type Values } from '../../lib/search-params.ts';

export const TABS = ['overview', 'terminals', 'events'] as const;
export type Tab = (typeof TABS)[number];

/** What can be tried again, and what people mean by a failure. */
export const FAILURES = ['FAILED', 'TIMEOUT'] as const satisfies readonly TpeStatus[];
const FAILURES_TOGETHER = 'FAILED,TIMEOUT';

/** One status, all failures, or all terminals. */
export const STATUS_CHOICES = ['', FAILURES_TOGETHER, ...TPE_ORDER] as const;

export const FILTERS = {
  tab: oneOf(TABS, 'overview'),
  status: oneOf(STATUS_CHOICES, ''),
  reason: text(),
  model: text(),
  site: text(),
  /** 0: every wave. */
  wave: whole(),
  /** The beginning of an id. */
  q: text(),
};
export type Filter = Values<typeof FILTERS>;
/** What narrows the terminals. */
export type TerminalFilter = Omit<Filter, 'tab'>;

export const NO_FILTER: TerminalFilter = { status: '', reason: '', model: '', site: '', wave: 0, q: '' };
/** What a failure in a chart leads to, with the reason, model or site added. */
export const ALL_FAILURES: TerminalFilter = { ...NO_FILTER, status: FAILURES_TOGETHER };

export function isFiltered(filter: TerminalFilter): boolean {
  return Object.entries(NO_FILTER).some(([name, none]) => filter[name as keyof TerminalFilter] !== none);
}

/** The statuses that a choice stands for; undefined: all. */
export function statusesOf(choice: Filter['status']): readonly TpeStatus[] | undefined {
  if (choice === '') return undefined;
  return choice === FAILURES_TOGETHER ? FAILURES : [choice];
}

/** The query of the API that has these terminals. */
export interface TerminalQuery {
  status?: string;
  reason?: string;
  model?: string;
  site?: string;
  wave?: number;
  search?: string;
}

export function queryOf({ status, reason, model, site, wave, q }: TerminalFilter): TerminalQuery {
  const texts = { status, reason: reason.trim(), model: model.trim(), site: site.trim(), search: q.trim() };
  const given = Object.entries(texts).filter(([, value]) => value !== '');
  return { ...Object.fromEntries(given), ...(wave > 0 && { wave }) };
}
