/** Changes the policy of a campaign that runs: an update of its workflow, which may refuse. */
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { findCampaign } from '../../db/campaign.ts';
import { databaseNow } from '../../db/clock.ts';
import { changePolicyUpdate } from '../../workflows/messages.ts';
import { isFinalCampaignStatus } from '../../workflows/status.ts';
import { actorOf, commandIds } from '../context.ts';
import { Problem } from '../errors.ts';
import { BASE } from '../links.ts';
import { resolvePolicyChange } from '../policy.ts';
import { reachCampaign } from '../reach-campaign.ts';
import { defineRoute, type Route } from '../route.ts';
import { policyChanged } from '../schemas/campaign.ts';
import { policyChangeRequest } from '../schemas/policy-change.ts';
import { campaignParams, noCampaign } from './campaigns.ts';

const change = defineRoute({
  method: 'patch',
  path: `${BASE}/campaigns/{campaignId}/policy`,
  operationId: 'changeCampaignPolicy',
  tag: 'campaigns',
  summary: 'Change the policy of a running campaign',
  description:
    'Takes effect at once; each part that is given replaces the whole part. If Temporal does not answer in time, the change may still be made: repeating it does no harm.',
  params: campaignParams,
  body: policyChangeRequest,
  replies: { 200: { description: 'What has changed, and the policy as it is now.', schema: policyChanged } },
  problems: ['not-found', 'command-not-possible', 'temporal-unavailable'],
  async handle({ deps, context, params: { campaignId }, body }) {
    const campaign = await findCampaign(deps.pool, campaignId);
    if (!campaign) throw noCampaign(campaignId);
    const { status, policy } = campaign;
    if (isFinalCampaignStatus(status)) throw refused(campaignId, `it is ${status}`, status);
    const changes = resolvePolicyChange(body, policy, await databaseNow(deps.pool));
    const by = actorOf(context, body.by);
    const { reason } = body;
    const changed = await reachCampaign(deps, campaign, (handle) =>
      handle
        .executeUpdate(changePolicyUpdate, {
          args: [{ change: changes, by, ...(reason !== undefined && { reason }), ...commandIds(context) }],
        })
        .catch((error: unknown) => {
          if (!(error instanceof WorkflowUpdateFailedError)) throw error;
          throw refused(campaignId, error.cause?.message ?? error.message, status);
        }),
    );
    return { status: 200, body: { campaignId, changed, policy: { ...policy, ...changes } } };
  },
});

function refused(campaignId: string, why: string, campaignStatus: string): Problem {
  return new Problem('command-not-possible', {
    detail: `The policy of campaign ${campaignId} can't be changed: ${why}.`.replace(/\.\.$/, '.'),
    extensions: { campaignStatus },
  });
}

export const campaignPolicyRoutes: Route[] = [change];
