/** What a running campaign asks of the database and writes to it, apart from its terminals' statuses. */
import type { CampaignPlan, CommandRecord } from '../activities/types.ts';
import type { CampaignStatus, StatusCounts, TpeStatus } from '../workflows/status.ts';
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import type { Queryable } from './pool.ts';

/** Marks the campaign as started, once, and reads what it needs to run; undefined if there is no such campaign. */
export async function openCampaign(db: Queryable, campaignId: string): Promise<CampaignPlan | undefined> {
  const { rows } = await db.query<{ targetVersion: string; policy: CampaignPolicy; total: number }>(
    `WITH opened AS (
       UPDATE campaign SET started_at = clock_timestamp(),
              status = CASE WHEN status = 'SCHEDULED' THEN 'RUNNING' ELSE status END
       WHERE campaign_id = $1 AND started_at IS NULL
       RETURNING *
     ), recorded AS (
       INSERT INTO event (type, campaign_id, actor, data, correlation_id, traceparent)
       SELECT 'campaign.started', campaign_id, 'platform', jsonb_build_object('total', total), correlation_id, traceparent
       FROM opened
     )
     SELECT version_cible AS "targetVersion", policy, total FROM campaign WHERE campaign_id = $1`,
    [campaignId],
  );
  const [row] = rows;
  if (!row) return undefined;
  const lanes = await db.query<{ tms: string; terminals: number }>(
    `SELECT tms, max(ordinal) + 1 AS terminals FROM campaign_tpe WHERE campaign_id = $1 GROUP BY tms ORDER BY tms`,
    [campaignId],
  );
  return { ...row, lanes: lanes.rows, counts: await countByStatus(db, campaignId) };
}

/** Terminals of a campaign by status. */
export async function countByStatus(db: Queryable, campaignId: string): Promise<StatusCounts> {
  const { rows } = await db.query<{ status: TpeStatus; count: number }>({
    name: 'count-by-status',
    text: 'SELECT status, count(*)::integer AS count FROM campaign_tpe WHERE campaign_id = $1 GROUP BY status',
    values: [campaignId],
  });
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

const COMMANDS = {
  pause: { type: 'campaign.paused', status: 'PAUSED' },
  resume: { type: 'campaign.resumed', status: 'RUNNING' },
  cancel: { type: 'campaign.cancelling', status: 'CANCELLING' },
} as const satisfies Record<CommandRecord['command'], { type: string; status: CampaignStatus }>;

/** Makes a command visible: the campaign's status, who gave it, when and why. */
export async function recordCommand(db: Queryable, input: CommandRecord): Promise<void> {
  const { campaignId, command, by, reason } = input;
  const { type, status } = COMMANDS[command];
  await changeStatus(db, { campaignId, type, status, actor: by, reason, command });
}

/** Ends the campaign; harmless when it has ended. */
export async function closeCampaign(
  db: Queryable,
  campaignId: string,
  status: CampaignStatus,
): Promise<void> {
  const type = `campaign.${status.toLowerCase()}`;
  await changeStatus(db, { campaignId, type, status, actor: 'platform', reason: null });
}

/** One statement: the status and its event. A campaign that has ended, or has the status, stays as it is. */
async function changeStatus(
  db: Queryable,
  change: {
    campaignId: string;
    type: string;
    status: CampaignStatus;
    actor: string;
    reason: string | null;
    command?: string;
  },
): Promise<void> {
  await db.query(
    `WITH changed AS (
       UPDATE campaign
       SET status = $2,
           ended_at = CASE WHEN $2 IN ('COMPLETED', 'CANCELLED', 'ABORTED') THEN clock_timestamp() END,
           last_command = CASE WHEN $6::text IS NULL THEN last_command ELSE
             jsonb_build_object('command', $6::text, 'by', $4::text, 'reason', $5::text, 'at', clock_timestamp()) END
       WHERE campaign_id = $1 AND status <> $2 AND status NOT IN ('COMPLETED', 'CANCELLED', 'ABORTED')
       RETURNING *
     )
     INSERT INTO event (type, campaign_id, actor, reason, data, correlation_id, traceparent, occurred_at)
     SELECT $3, campaign_id, $4, $5, jsonb_build_object('status', status), correlation_id, traceparent, clock_timestamp()
     FROM changed`,
    [change.campaignId, change.status, change.type, change.actor, change.reason, change.command ?? null],
  );
}

/** The moment at which the TMSs had been asked for every terminal; kept from the first time. */
export async function markDispatched(db: Queryable, campaignId: string): Promise<void> {
  await db.query(
    'UPDATE campaign SET dispatched_at = clock_timestamp() WHERE campaign_id = $1 AND dispatched_at IS NULL',
    [campaignId],
  );
}

/** A campaign whose workflow may be missing, with what starting it takes. */
export interface UnstartedCampaign {
  campaignId: string;
  name: string;
  targetVersion: string;
  total: number;
}

/** Campaigns that were created at least `seconds` ago and have not started. */
export async function findUnstarted(db: Queryable, seconds: number): Promise<UnstartedCampaign[]> {
  const { rows } = await db.query<UnstartedCampaign>(
    `SELECT campaign_id AS "campaignId", name, version_cible AS "targetVersion", total FROM campaign
     WHERE status = 'SCHEDULED' AND started_at IS NULL AND created_at < now() - make_interval(secs => $1)
     ORDER BY created_at LIMIT 50`,
    [seconds],
  );
  return rows;
}
