/** Which campaigns are shown. */
import type { CampaignStatus, CampaignSummary } from '../../api/schema.ts';
import { isEnded } from '../../components/status.ts';
import { waitsForPerson } from '../../components/waiting.ts';
import { oneOf, text, type Values } from '../../lib/search-params.ts';

export const GROUPS = ['all', 'live', 'attention', 'ended'] as const;

export const STATUSES = [
  'PENDING_APPROVAL',
  'SCHEDULED',
  'RUNNING',
  'PAUSED',
  'CANCELLING',
  'COMPLETED',
  'CANCELLED',
  'ABORTED',
] as const satisfies readonly CampaignStatus[];

/** As they stand in the address. */
export const FILTERS = {
  /** A group of statuses, or a single one. */
  show: oneOf([...GROUPS, ...STATUSES], 'all'),
  q: text(),
};
export type Filter = Values<typeof FILTERS>;

/** What the API is asked for; `attention` is less than these, which `matches` sees to. */
export function statusesOf(show: Filter['show']): readonly CampaignStatus[] | undefined {
  switch (show) {
    case 'all':
      return undefined;
    case 'live':
      return STATUSES.filter((status) => !isEnded(status));
    case 'attention':
      return ['PENDING_APPROVAL', 'RUNNING', 'PAUSED'];
    case 'ended':
      return STATUSES.filter(isEnded);
    default:
      return [show];
  }
}

/** Whether a campaign is to be shown: for those that come by the stream, which knows no filter. */
export function matches({ show, q }: Filter, campaign: CampaignSummary): boolean {
  const statuses = statusesOf(show);
  if (statuses && !statuses.includes(campaign.status)) return false;
  if (show === 'attention' && !waitsForPerson(campaign)) return false;
  return hasText(campaign, q.trim().toLowerCase());
}

/** The same as the API's `search`. */
function hasText({ name, targetVersion, createdBy, campaignId }: CampaignSummary, wanted: string): boolean {
  return (
    campaignId.startsWith(wanted) ||
    [name, targetVersion, createdBy].some((each) => each.toLowerCase().includes(wanted))
  );
}
