import { DEFAULT_POLICY } from '../workflows/policy/defaults.ts';
import { POLLING_SCHEDULES } from '../workflows/policy/polling.ts';
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import type { CampaignRequest } from './schemas/campaign.ts';

/** The policy as asked for with every default filled in, as the campaign keeps it. */
export function resolvePolicy(asked: CampaignRequest['policy']): CampaignPolicy {
  const windows = asked?.polling?.windows ?? POLLING_SCHEDULES[asked?.polling?.schedule ?? 'standard'];
  return {
    ...DEFAULT_POLICY,
    polling: windows.map(({ everySeconds, attempts }) => ({ everySeconds, attempts })),
    deadlineSeconds: asked?.deadlineSeconds ?? DEFAULT_POLICY.deadlineSeconds,
    progressEverySeconds: asked?.progressEverySeconds ?? DEFAULT_POLICY.progressEverySeconds,
  };
}
