/** What the list shows, made of what the API has listed and of what the stream has told since. */
import type { CampaignSummary, StatusCounts } from '../../api/schema.ts';
import { isEnded, underWay } from '../../components/status.ts';
import { waitsForPerson } from '../../components/waiting.ts';
import { matches, type Filter } from './filters.ts';

export interface Rows {
  live: CampaignSummary[];
  ended: CampaignSummary[];
}

/**
 * @param listed pages of the API, which may be minutes old
 * @param streamed by id; newer than what is listed
 */
export function rowsOf(
  listed: readonly CampaignSummary[],
  streamed: ReadonlyMap<string, CampaignSummary>,
  filter: Filter,
): Rows {
  const newest = new Map(listed.map((campaign) => [campaign.campaignId, campaign]));
  for (const [id, campaign] of streamed) newest.set(id, campaign);
  const shown = [...newest.values()].filter((campaign) => matches(filter, campaign)).sort(newestFirst);
  return {
    live: shown.filter(({ status }) => !isEnded(status)),
    ended: shown.filter(({ status }) => isEnded(status)),
  };
}

function newestFirst(a: CampaignSummary, b: CampaignSummary): number {
  return b.createdAt.localeCompare(a.createdAt) || a.campaignId.localeCompare(b.campaignId);
}

/** All live campaigns in a few figures. */
export interface Figures {
  live: number;
  attention: number;
  total: number;
  underWay: number;
  toDo: number;
  success: number;
  /** Null: no update is decided yet. */
  failurePercent: number | null;
}

export function figuresOf(campaigns: Iterable<CampaignSummary>): Figures {
  const live = [...campaigns].filter(({ status }) => !isEnded(status));
  const sum = (of: (counts: StatusCounts) => number): number =>
    live.reduce((all, { counts }) => all + of(counts), 0);
  const success = sum(({ SUCCESS = 0 }) => SUCCESS);
  const failed = sum(failures);
  return {
    live: live.length,
    attention: live.filter(waitsForPerson).length,
    total: live.reduce((all, { total }) => all + total, 0),
    underWay: sum(underWay),
    toDo: sum(({ PENDING = 0 }) => PENDING),
    success,
    failurePercent: success + failed === 0 ? null : (failed / (success + failed)) * 100,
  };
}

/** Updates that did not succeed. */
export function failures({ FAILED = 0, TIMEOUT = 0 }: StatusCounts): number {
  return FAILED + TIMEOUT;
}
