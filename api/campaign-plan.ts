/** Who is updated and how, as a request says it: the same for a campaign and for its preview. */
import type { CampaignTargets } from '../db/campaign-targets.ts';
import type { Pool } from '../db/pool.ts';
import type { BusyPolicy } from '../db/skip-reason.ts';
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import { readPolicy } from './policy.ts';
import { readTargets, readWaveRules } from './rules.ts';
import { LISTED_IS_STATIC, type CampaignRequest } from './schemas/campaign.ts';
import { notValid } from './validate.ts';

export interface CampaignPlan {
  targets: CampaignTargets;
  policy: CampaignPolicy;
  template: { name: string; version: number } | null;
  busy: BusyPolicy;
}

/**
 * Fills in what the request leaves to groups, templates and defaults.
 * @throws Problem `rule-invalid`, `unknown-template`, `validation-failed`
 */
export async function readPlan(pool: Pool, body: CampaignRequest): Promise<CampaignPlan> {
  const targets = await readTargets(pool, body.targets);
  const { policy, template } = await readPolicy(pool, body);
  // The template may have said it.
  if ('tpeIds' in targets && policy.membership === 'dynamic')
    throw notValid('validation-failed', [{ pointer: '/policy/membership', message: LISTED_IS_STATIC }]);
  return {
    targets,
    policy: await readWaveRules(pool, policy),
    template,
    // A rule states a condition, a list is meant terminal by terminal.
    busy: body.busy ?? ('tpeIds' in targets ? 'refuse' : 'skip'),
  };
}
