/** Starts the campaigns whose workflow is missing: the API died, or Temporal was away, right after the commit. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { startCampaignWorkflow } from '../api/start-campaign.ts';
import { findUnstarted } from '../db/campaign-run.ts';
import type { Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';

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
