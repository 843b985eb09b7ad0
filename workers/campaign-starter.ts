/**
 * Makes good what was lost right after a commit, because a process died or Temporal was away: starts the campaigns whose
 * workflow is missing, and tells those that have been ordered from.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { startCampaignWorkflow } from '../api/start-campaign.ts';
import { findUnstarted } from '../db/campaign-run.ts';
import { claimUntold } from '../db/orders.ts';
import type { Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import { ordersAddedSignal } from '../workflows/messages.ts';
import { campaignWorkflowId } from '../workflows/names.ts';

const SWEEP_MS = 5_000;
/** Seconds after which a campaign that has not started is taken for forgotten; starting it twice is harmless. */
const OVERDUE_SECONDS = 5;

/** Sweeps until `signal` is aborted. A sweep that fails is tried again with the next. */
export async function sweepUnstarted(
  { pool, client, logger }: { pool: Pool; client: Client; logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for (const campaignId of await claimUntold(pool)) {
        await client.workflow.getHandle(campaignWorkflowId(campaignId)).signal(ordersAddedSignal);
        logger.warn({ campaignId }, 'told a campaign of orders of which the news had been lost');
      }
      for (const campaign of await findUnstarted(pool, OVERDUE_SECONDS)) {
        const outcome = await startCampaignWorkflow(client, campaign);
        if (outcome === 'was-started') continue;
        logger.warn({ campaignId: campaign.campaignId }, 'started a campaign whose start had been lost');
      }
    } catch (error) {
      logger.warn({ err: error }, 'looking for campaigns that have not started failed; it is tried again');
    }
    await pause(SWEEP_MS, undefined, { signal }).catch(() => undefined);
  }
}
