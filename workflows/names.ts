/**
 * The names under which Temporal knows our workflows, task queues and search attributes. Other systems and
 * OPS's own scripts depend on them, so they are made here and nowhere else.
 */

/** Task queue of campaigns and of the activities that they need: short, so that a command is obeyed at once. */
export const CAMPAIGN_TASK_QUEUE = 'campaigns';

/**
 * Task queue of shards and terminals and of the activities that record them. Thousands of tasks wait here when
 * a campaign starts its trackers; none of them may stand before a pause.
 */
export const TRACKING_TASK_QUEUE = 'tracking';

/** Task queue of the activities that call one TMS: one queue per TMS, so that a slow TMS holds up no other. */
export function tmsTaskQueue(tms: string): string {
  return `tms-${tms}`;
}

export function campaignWorkflowId(campaignId: string): string {
  return `campaign-${campaignId}`;
}

/** @param run the how-manieth wave it is that the campaign starts, from 0; terminals that join later are runs too */
export function waveWorkflowId(campaignId: string, run: number): string {
  return `wave-${campaignId}-${run}`;
}

export function shardWorkflowId(campaignId: string, shard: number): string {
  return `shard-${campaignId}-${shard}`;
}

export function tpeWorkflowId(campaignId: string, tpeId: string): string {
  return `tpe-${campaignId}-${tpeId}`;
}

/**
 * The key under which one try to update one terminal is known to its TMS, so that a repeated call is
 * recognised. `attempt` counts from 1.
 */
export function idempotencyKey(campaignId: string, tpeId: string, attempt: number): string {
  return `${campaignId}:${tpeId}:${attempt}`;
}

/** Search attributes, all of type Keyword, that must be registered in the Temporal namespace. */
export const SEARCH_ATTRIBUTES = [
  'CampaignId',
  'TpeId',
  'TargetVersion',
  'UpdateStatus',
  'Tms',
  'Site',
] as const;

/** Type of the ApplicationFailure of a look that found nothing final; its detail is a `Look`. */
export const NOT_SETTLED = 'NotSettled';
