/** Calls to the workflow of a campaign that is there, was never started, or has just ended. */
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { findCampaignStatus } from '../db/campaign.ts';
import { campaignWorkflowId } from '../workflows/names.ts';
import type { ApiDependencies } from './context.ts';
import { Problem } from './errors.ts';
import { startCampaignWorkflow, type CampaignToStart } from './start-campaign.ts';
import { temporalUnavailable, withinDeadline } from './temporal.ts';

/**
 * Makes the call; if the start of the workflow was lost, starts it before.
 * @throws Problem `command-not-possible` if the workflow has ended
 * @throws Problem `temporal-unavailable`
 */
export async function reachCampaign<T>(
  { temporal, pool, config }: ApiDependencies,
  campaign: CampaignToStart,
  call: (handle: WorkflowHandle) => Promise<T>,
): Promise<T> {
  const { campaignId } = campaign;
  const give = (): Promise<T> =>
    withinDeadline(temporal, () => call(temporal.workflow.getHandle(campaignWorkflowId(campaignId))));
  try {
    return await give().catch(async (error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      // Either its start was lost, or it has ended since we looked.
      const started = await withinDeadline(temporal, () => startCampaignWorkflow(temporal, campaign));
      if (started === 'started') return give();
      const now = await findCampaignStatus(pool, campaignId);
      throw new Problem('command-not-possible', {
        detail: `Campaign ${campaignId} has just ended.`,
        ...(now && { extensions: { campaignStatus: now.status } }),
      });
    });
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw temporalUnavailable(error, config.temporal.address);
  }
}
