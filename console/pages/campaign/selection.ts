/** Which terminals can be chosen, and how many a filter has. */
import type { CampaignTpe, StatusCounts } from '../../api/schema.ts';
import { NO_FILTER, statusesOf, type TerminalFilter } from './filters.ts';

/** Whether the API takes it into a retry, once the campaign has ended. */
export function canRetry({ status }: Pick<CampaignTpe, 'status'>): boolean {
  return status === 'FAILED' || status === 'TIMEOUT' || status === 'CANCELLED';
}

/** How many terminals meet a filter, where the counts tell: they know statuses and nothing else. */
export function knownTotal(counts: StatusCounts, { status, ...others }: TerminalFilter): number | undefined {
  const alone = Object.entries(others).every(
    ([name, value]) => value === NO_FILTER[name as keyof TerminalFilter],
  );
  if (!alone) return undefined;
  const statuses = statusesOf(status) ?? (Object.keys(counts) as (keyof StatusCounts)[]);
  return statuses.reduce((sum, each) => sum + (counts[each] ?? 0), 0);
}
