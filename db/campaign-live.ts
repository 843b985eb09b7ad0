/** The campaigns that have not ended, looked at again and again: each look costs by what has changed since. */
import type { Pool } from './pool.ts';
import { CAMPAIGN_COLUMNS, countStatuses, type CampaignRow } from './campaign.ts';
import type { StatusCounts } from '../workflows/status.ts';

export interface LiveLook {
  /** The campaigns that have not ended, newest first, and those of `known` that have. */
  rows: CampaignRow[];
  /** Terminals by status, of those alone whose terminals may have changed since the look before. */
  counts: Map<string, StatusCounts>;
  /** To be given to the next look. */
  since: string;
}

/** The snapshot's own row has all of it where no campaign is there. */
type LookRow = { since: string; changed: boolean } & (CampaignRow | { campaignId: null });

/**
 * Counting the terminals of ten campaigns of 30,000 takes long enough to be felt when it is done twice a second, and
 * mostly nothing has changed. Every change of a terminal is written with an event: the events of transactions that the
 * look before could not see yet tell which campaigns to count again.
 *
 * @param known campaigns of the look before; one that is new is always counted
 * @param since of the look before; undefined counts all
 */
export async function lookAtLiveCampaigns(
  pool: Pool,
  known: readonly string[],
  since: string | undefined,
): Promise<LiveLook> {
  const { rows } = await pool.query<LookRow>({
    name: 'look-at-live-campaigns',
    text: `WITH changed AS (SELECT DISTINCT campaign_id FROM event WHERE tx >= $2)
           SELECT ${CAMPAIGN_COLUMNS}, snapshot.since,
                  $2::bigint IS NULL OR campaign_id <> ALL($1::uuid[])
                    OR campaign_id IN (SELECT campaign_id FROM changed) AS changed
           FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS since) snapshot
           LEFT JOIN campaign
             ON status NOT IN ('COMPLETED', 'CANCELLED', 'ABORTED') OR campaign_id = ANY($1::uuid[])
           ORDER BY created_at DESC, campaign_id`,
    values: [known, since],
  });
  const campaigns = rows.filter((row) => row.campaignId !== null);
  // After the statuses: counts that are read after a final status are final too.
  const counts = await countStatuses(
    pool,
    campaigns.filter(({ changed }) => changed).map(({ campaignId }) => campaignId),
  );
  return { rows: campaigns, counts, since: rows[0]?.since ?? '0' };
}
