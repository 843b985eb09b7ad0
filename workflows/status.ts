/** The statuses of a terminal within a campaign, in the order in which they are passed through. */
export const TPE_STATUSES = [
  'PENDING',
  'REQUESTED',
  'INSTALLING',
  'SUCCESS',
  'FAILED',
  'TIMEOUT',
  'CANCELLED',
  'SKIPPED',
] as const;
export type TpeStatus = (typeof TPE_STATUSES)[number];

/** The statuses that a terminal never leaves within one attempt. */
export const FINAL_TPE_STATUSES = ['SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'SKIPPED'] as const;
export type FinalTpeStatus = (typeof FINAL_TPE_STATUSES)[number];

export function isFinalTpeStatus(status: TpeStatus): status is FinalTpeStatus {
  return (FINAL_TPE_STATUSES as readonly string[]).includes(status);
}

export const CAMPAIGN_STATUSES = [
  'PENDING_APPROVAL',
  'SCHEDULED',
  'RUNNING',
  'PAUSED',
  'CANCELLING',
  'COMPLETED',
  'CANCELLED',
  'ABORTED',
] as const;
export type CampaignStatus = (typeof CAMPAIGN_STATUSES)[number];

const FINAL_CAMPAIGN_STATUSES = ['COMPLETED', 'CANCELLED', 'ABORTED'] as const;

export function isFinalCampaignStatus(status: CampaignStatus): boolean {
  return (FINAL_CAMPAIGN_STATUSES as readonly string[]).includes(status);
}

/** How many terminals of a campaign have each status; a status that none has may be absent. */
export type StatusCounts = Partial<Record<TpeStatus, number>>;

/** Number of terminals whose status is final. */
export function countFinal(counts: StatusCounts): number {
  return FINAL_TPE_STATUSES.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
}
