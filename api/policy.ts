import { DEFAULT_DEADLINE_SECONDS, POLLING_SCHEDULES } from '../workflows/policy/polling.ts';
import type { CampaignPolicy } from '../workflows/types.ts';
import type { CampaignRequest } from './schemas/campaign.ts';

const DEFAULT_PROGRESS_EVERY_SECONDS = 5;

/** The policy as asked for with every default filled in, as the campaign keeps it. */
export function resolvePolicy(asked: CampaignRequest['policy']): CampaignPolicy {
  const windows = asked?.polling?.windows ?? POLLING_SCHEDULES[asked?.polling?.schedule ?? 'standard'];
  return {
    polling: windows.map(({ everySeconds, attempts }) => ({ everySeconds, attempts })),
    deadlineSeconds: asked?.deadlineSeconds ?? DEFAULT_DEADLINE_SECONDS,
    progressEverySeconds: asked?.progressEverySeconds ?? DEFAULT_PROGRESS_EVERY_SECONDS,
  };
}
