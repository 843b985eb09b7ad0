/** What a running campaign asks of the database and writes to it, apart from its terminals' statuses. */
import type { CampaignPlan, DecisionRecord, Finding, WaveRecord } from '../activities/types.ts';
import type { Decision } from '../workflows/command-desk.ts';
import type { WaveCounts } from '../workflows/policy/gates.ts';
import type { CampaignPolicy, PolicyChange } from '../workflows/policy/types.ts';
import type { CampaignStatus, StatusCounts, TpeStatus } from '../workflows/status.ts';
import { EPOCH_MS } from './clock.ts';
import type { Queryable } from './pool.ts';

/**
 * Reads what a campaign needs to run; marks it as started, once, where its approval is not missing and its time has
 * come. Undefined if there is no such campaign.
 * @param now epoch ms, by which it is judged whether its time has come
 */
export async function openCampaign(
  db: Queryable,
  campaignId: string,
  now: number,
): Promise<CampaignPlan | undefined> {
  const { rows } = await db.query<Omit<CampaignPlan, 'waves' | 'waveCounts'>>(
    `WITH before AS (
       SELECT campaign_id, approved_by IS NULL AND policy->>'approval' = 'four-eyes' AS unapproved,
              started_at IS NULL AND coalesce((policy->>'startAt')::timestamptz <= $2::timestamptz, true) AS due
       FROM campaign WHERE campaign_id = $1 FOR UPDATE
     ), opened AS (
       UPDATE campaign c
       SET opened_at  = coalesce(opened_at, clock_timestamp()),
           started_at = CASE WHEN due AND NOT unapproved THEN clock_timestamp() ELSE started_at END,
           status = CASE WHEN due AND NOT unapproved AND status = 'SCHEDULED' THEN 'RUNNING' ELSE status END
       FROM before WHERE c.campaign_id = before.campaign_id
       RETURNING c.*, unapproved, due
     ), recorded AS (
       INSERT INTO event (type, campaign_id, actor, data, correlation_id, traceparent)
       SELECT 'campaign.started', campaign_id, 'platform', jsonb_build_object('total', total), correlation_id, traceparent
       FROM opened WHERE due AND NOT unapproved
     )
     SELECT version_cible AS "targetVersion", policy, created_by AS "createdBy", total,
            keep_open_seconds AS "keepOpenSeconds", unapproved AS "needsApproval", started_at IS NOT NULL AS started
     FROM opened`,
    [campaignId, new Date(now)],
  );
  const [row] = rows;
  if (!row) return undefined;
  return {
    ...row,
    waves: await readWaves(db, campaignId),
    waveCounts: await countByWave(db, campaignId),
  };
}

async function readWaves(db: Queryable, campaignId: string): Promise<CampaignPlan['waves']> {
  const { rows } = await db.query<CampaignPlan['waves'][number]>(
    `SELECT w.wave, w.name, w.total, coalesce(l.lanes, '[]') AS lanes
     FROM campaign_wave w LEFT JOIN (
       SELECT wave, jsonb_agg(jsonb_build_object('tms', tms, 'from', first, 'to', last + 1) ORDER BY tms) AS lanes
       FROM (SELECT wave, tms, min(ordinal) AS first, max(ordinal) AS last
             FROM campaign_tpe WHERE campaign_id = $1 GROUP BY wave, tms) AS lane
       GROUP BY wave) AS l USING (wave)
     WHERE w.campaign_id = $1 ORDER BY w.wave`,
    [campaignId],
  );
  return rows;
}

/** Terminals of a campaign by wave and status. */
export async function countByWave(db: Queryable, campaignId: string): Promise<WaveCounts[]> {
  const { rows } = await db.query<{ wave: number; status: TpeStatus; count: number }>({
    name: 'count-by-wave',
    text: `SELECT wave, status, count(*)::integer AS count FROM campaign_tpe
           WHERE campaign_id = $1 GROUP BY wave, status ORDER BY wave`,
    values: [campaignId],
  });
  const waves = new Map<number, StatusCounts>();
  for (const { wave, status, count } of rows) waves.set(wave, { ...waves.get(wave), [status]: count });
  return [...waves].map(([wave, counts]) => ({ wave, counts }));
}

/** When something last happened to a terminal of these waves, how many are not final yet, and what time it is. */
export async function readActivity(
  db: Queryable,
  campaignId: string,
  waves: readonly number[],
): Promise<{ lastNews: number; open: number; now: number }> {
  const { rows } = await db.query<{ lastNews: number; open: number; now: number }>(
    `SELECT coalesce(extract(epoch FROM max(last_update)) * 1000, 0)::float8 AS "lastNews",
            (count(*) FILTER (WHERE tpe_status_rank(status) < 3))::integer AS open, ${EPOCH_MS} AS now
     FROM campaign_tpe WHERE campaign_id = $1 AND wave = ANY($2::integer[])`,
    [campaignId, waves],
  );
  return rows[0] ?? { lastNews: 0, open: 0, now: 0 };
}

const EVENTS: Record<Decision, string> = {
  pause: 'paused',
  resume: 'resumed',
  cancel: 'cancelling',
  'force-cancel': 'force-cancelled',
  abort: 'aborting',
  'roll-back': 'rolling-back',
  approve: 'approved',
  'refuse-approval': 'approval-refused',
  reject: 'rejected',
  'start-next-wave': 'next-wave-ordered',
};

/**
 * Makes a decision visible: the campaign's status, who decided, when and why, under the ids of the request that carried
 * it or, without one, of the campaign. Harmless when repeated.
 */
export async function recordDecision(db: Queryable, input: DecisionRecord): Promise<void> {
  const { campaignId, command, by, reason, at, status, correlationId, traceparent } = input;
  const decision = JSON.stringify({ command, by, reason, at });
  await db.query(
    `WITH changed AS (
       UPDATE campaign
       SET status = coalesce($2, status),
           rolling_back = rolling_back OR $7 = 'roll-back',
           approved_by = CASE WHEN $7 = 'approve' AND started_at IS NULL THEN coalesce(approved_by, $4) ELSE approved_by END,
           approved_at = CASE WHEN $7 = 'approve' AND started_at IS NULL THEN coalesce(approved_at, clock_timestamp())
                              ELSE approved_at END,
           last_command = $6::jsonb
       WHERE campaign_id = $1 AND last_command IS DISTINCT FROM $6::jsonb
         AND status NOT IN ('COMPLETED', 'CANCELLED', 'ABORTED')
       RETURNING *
     )
     INSERT INTO event (type, campaign_id, actor, reason, data, correlation_id, traceparent, occurred_at)
     SELECT $3, campaign_id, $4, $5, jsonb_build_object('status', status), coalesce($8, correlation_id),
            coalesce($9, traceparent), clock_timestamp()
     FROM changed`,
    [
      campaignId,
      status,
      `campaign.${EVENTS[command]}`,
      by,
      reason,
      decision,
      command,
      correlationId ?? null,
      traceparent ?? null,
    ],
  );
}

/** Where a wave is; one that is there already is left alone. */
export async function recordWave(
  db: Queryable,
  { campaignId, wave, state, detail }: WaveRecord,
): Promise<void> {
  await db.query(
    `WITH changed AS (
       UPDATE campaign_wave
       SET state = $3, detail = $4,
           started_at = CASE WHEN $3 = 'RUNNING' THEN coalesce(started_at, clock_timestamp()) ELSE started_at END,
           passed_at = CASE WHEN $3 = 'PASSED' THEN clock_timestamp() ELSE passed_at END
       WHERE campaign_id = $1 AND wave = $2 AND state <> $3
       RETURNING *
     )
     INSERT INTO event (type, campaign_id, actor, reason, data, correlation_id, traceparent, occurred_at)
     SELECT 'campaign.wave-' || replace(lower(w.state), '_', '-'), campaign_id, 'platform',
            CASE WHEN w.state = 'FAILED' THEN w.detail END,
            jsonb_strip_nulls(jsonb_build_object('wave', w.wave, 'name', w.name, 'total', w.total, 'detail', w.detail)),
            k.correlation_id, k.traceparent, clock_timestamp()
     FROM changed w JOIN campaign k USING (campaign_id)`,
    [campaignId, wave, state, detail],
  );
}

export async function recordWaiting(
  db: Queryable,
  campaignId: string,
  waitingFor: { what: string; until: string | null } | null,
): Promise<void> {
  await db.query('UPDATE campaign SET waiting_for = $2 WHERE campaign_id = $1', [
    campaignId,
    waitingFor && JSON.stringify(waitingFor),
  ]);
}

/** Makes visible what the campaign's rules have found. */
export async function recordFinding(db: Queryable, { campaignId, type, reason }: Finding): Promise<void> {
  await db.query(
    `INSERT INTO event (type, campaign_id, actor, reason, data, correlation_id, traceparent, occurred_at)
     SELECT $2, campaign_id, 'platform', $3, '{}', correlation_id, traceparent, clock_timestamp()
     FROM campaign WHERE campaign_id = $1`,
    [campaignId, `campaign.${type}`, reason],
  );
}

/** Changes the policy of a running campaign; a change that is there already is none. */
export async function changePolicy(
  db: Queryable,
  {
    campaignId,
    change,
    by,
    reason,
    correlationId,
    traceparent,
  }: {
    campaignId: string;
    change: PolicyChange;
    by: string;
    reason: string | null;
    correlationId?: string;
    traceparent?: string;
  },
): Promise<void> {
  await db.query(
    `WITH before AS (
       SELECT campaign_id, policy FROM campaign WHERE campaign_id = $1 FOR UPDATE
     ), changed AS (
       UPDATE campaign c SET policy = c.policy || $2::jsonb
       FROM before WHERE c.campaign_id = before.campaign_id AND c.policy || $2::jsonb <> c.policy
       RETURNING c.*, before.policy AS old_policy
     )
     INSERT INTO event (type, campaign_id, actor, reason, data, correlation_id, traceparent, occurred_at)
     SELECT 'campaign.policy-changed', campaign_id, $3, $4,
            jsonb_build_object('to', $2::jsonb, 'from', (SELECT jsonb_object_agg(key, old_policy->key)
                                                       FROM jsonb_object_keys($2::jsonb) AS key)),
            coalesce($5, correlation_id), coalesce($6, traceparent), clock_timestamp()
     FROM changed`,
    [campaignId, JSON.stringify(change), by, reason, correlationId ?? null, traceparent ?? null],
  );
}

/** Ends the campaign; harmless when it has ended. */
export async function closeCampaign(
  db: Queryable,
  campaignId: string,
  status: CampaignStatus,
): Promise<void> {
  await db.query(
    `WITH changed AS (
       UPDATE campaign SET status = $2, ended_at = clock_timestamp(), waiting_for = NULL
       WHERE campaign_id = $1 AND status NOT IN ('COMPLETED', 'CANCELLED', 'ABORTED')
       RETURNING *
     )
     INSERT INTO event (type, campaign_id, actor, data, correlation_id, traceparent, occurred_at)
     SELECT $3, campaign_id, 'platform', jsonb_build_object('status', status), correlation_id, traceparent,
            clock_timestamp()
     FROM changed`,
    [campaignId, status, `campaign.${status.toLowerCase()}`],
  );
}

/** The moment at which the TMSs had been asked for every terminal; kept from the first time. */
export async function markDispatched(db: Queryable, campaignId: string): Promise<void> {
  await db.query(
    'UPDATE campaign SET dispatched_at = clock_timestamp() WHERE campaign_id = $1 AND dispatched_at IS NULL',
    [campaignId],
  );
}

/** What decides whether a campaign's terminals may be asked for at a given moment. */
export interface CampaignRules {
  status: CampaignStatus;
  policy: Pick<CampaignPolicy, 'rate' | 'maintenance' | 'endAt' | 'retry'>;
  /** Epoch ms at which they were read, by the database's clock. */
  now: number;
}

export async function readRules(db: Queryable, campaignId: string): Promise<CampaignRules | undefined> {
  const { rows } = await db.query<CampaignRules>({
    name: 'campaign-rules',
    text: `SELECT status, policy, ${EPOCH_MS} AS now FROM campaign WHERE campaign_id = $1`,
    values: [campaignId],
  });
  return rows[0];
}

/** Terminals of a campaign that are SUCCESS. */
export async function countSuccesses(db: Queryable, campaignId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: 'count-successes',
    text: `SELECT count(*)::integer AS count FROM campaign_tpe WHERE campaign_id = $1 AND status = 'SUCCESS'`,
    values: [campaignId],
  });
  return rows[0]?.count ?? 0;
}

/** A campaign whose workflow may be missing, with what starting it takes. */
export interface UnstartedCampaign {
  campaignId: string;
  name: string;
  targetVersion: string;
  /** Null where other systems order its terminals one by one. */
  total: number | null;
  /** Of the request that created it. */
  correlationId: string;
}

/** Campaigns that were created at least `seconds` ago and that no workflow has looked at. */
export async function findUnstarted(db: Queryable, seconds: number): Promise<UnstartedCampaign[]> {
  const { rows } = await db.query<UnstartedCampaign>(
    `SELECT campaign_id AS "campaignId", name, version_cible AS "targetVersion",
            CASE WHEN NOT targets ? 'orders' THEN total END AS total, correlation_id AS "correlationId"
     FROM campaign WHERE status IN ('SCHEDULED', 'PENDING_APPROVAL') AND opened_at IS NULL
       AND created_at < now() - make_interval(secs => $1)
     ORDER BY created_at LIMIT 50`,
    [seconds],
  );
  return rows;
}
