/** The activities of a campaign: what it knows and leaves behind in our own database, and in Temporal. */
import { ApplicationFailure } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import * as runs from '../db/campaign-run.ts';
import * as tpes from '../db/campaign-tpe.ts';
import type { Pool } from '../db/pool.ts';
import { moved } from '../workflows/policy/progress.ts';
import type { TpeStatus } from '../workflows/status.ts';
import { cancelTrackers } from './cancel-trackers.ts';
import type { Recorder } from './recorder.ts';
import type { CampaignActivities } from './types.ts';

/** Terminals settled per statement where a whole campaign is. */
const SETTLE_PAGE = 1_000;

export interface CampaignDependencies {
  pool: Pool;
  client: Client;
  recorder: Recorder;
}

export function createCampaignActivities({
  pool,
  client,
  recorder,
}: CampaignDependencies): CampaignActivities {
  /** Gives every terminal that has one of these statuses a final one, page by page. */
  async function settleAll(
    campaignId: string,
    from: readonly TpeStatus[],
    to: { status: TpeStatus; reason: string },
  ): Promise<void> {
    for (;;) {
      const page = await tpes.findByStatus(pool, campaignId, from, SETTLE_PAGE);
      if (page.length === 0) return;
      await recorder.recordAll(page.map((tpe) => ({ campaignId, ...tpe, ...to })));
    }
  }

  return {
    async openCampaign(campaignId) {
      const plan = await runs.openCampaign(pool, campaignId);
      if (plan) return plan;
      throw ApplicationFailure.nonRetryable(
        `There is no campaign ${campaignId} in the database: campaigns are created over HTTP, not in Temporal.`,
        'UnknownCampaign',
      );
    },
    recordCommand: (input) => runs.recordCommand(pool, input),
    findShards: (campaignId, range) => tpes.findShards(pool, campaignId, range),
    markDispatched: (campaignId) => runs.markDispatched(pool, campaignId),

    async awaitProgress({ campaignId, seen, step, anyChangeFrom }) {
      const counts = await runs.countByStatus(pool, campaignId);
      const distance = moved(seen, counts);
      if (distance >= step || (distance > 0 && Date.now() >= anyChangeFrom)) return counts;
      throw ApplicationFailure.create({
        type: 'NoProgress',
        message: `${distance} of the ${step} terminals awaited have moved on`,
        category: 'BENIGN',
      });
    },

    cancelPending: (campaignId) =>
      settleAll(campaignId, ['PENDING'], { status: 'CANCELLED', reason: 'cancelled' }),
    cancelTrackers: (campaignId) => cancelTrackers(pool, client, campaignId),

    async closeCampaign(campaignId, status) {
      // Only a shard that somebody terminated leaves anything open: what became of its terminals is not known.
      await settleAll(campaignId, ['REQUESTED', 'INSTALLING'], {
        status: 'TIMEOUT',
        reason: 'tracker-ended',
      });
      await runs.closeCampaign(pool, campaignId, status);
      return runs.countByStatus(pool, campaignId);
    },
  };
}
