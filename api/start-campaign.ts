/** Starts the workflow of a campaign; also used for campaigns whose first start was lost. */
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { campaignWorkflowId, CAMPAIGN_TASK_QUEUE } from '../workflows/names.ts';
import { CAMPAIGN_ID, TARGET_VERSION, UPDATE_STATUS } from '../workflows/search-attributes.ts';

export interface CampaignToStart {
  campaignId: string;
  name: string;
  targetVersion: string;
  /** Number of terminals; null where other systems order them one by one. */
  total: number | null;
  /** Of the request that created it, to be seen in the Temporal Web UI. */
  correlationId?: string;
}

/**
 * Starts the workflow; harmless when it was started before, also when it has ended since.
 * @throws the client's error when Temporal is not reachable
 */
export async function startCampaignWorkflow(
  client: Client,
  campaign: CampaignToStart,
): Promise<'started' | 'was-started'> {
  const { campaignId, name, targetVersion, total, correlationId } = campaign;
  const terminals = total === null ? 'ordered terminals' : `${total} terminals`;
  try {
    await client.workflow.start('campaign', {
      workflowId: campaignWorkflowId(campaignId),
      taskQueue: CAMPAIGN_TASK_QUEUE,
      args: [{ campaignId }],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      typedSearchAttributes: [
        { key: CAMPAIGN_ID, value: campaignId },
        { key: TARGET_VERSION, value: targetVersion },
        { key: UPDATE_STATUS, value: 'SCHEDULED' },
      ],
      ...(correlationId !== undefined && { memo: { correlationId } }),
      staticSummary: `${name} · ${terminals} → ${targetVersion}`,
      staticDetails: `Campaign **${name}**: bring ${terminals} to version ${targetVersion}.`,
    });
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'was-started';
    throw error;
  }
}
