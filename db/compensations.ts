/**
 * Roll-backs of terminals: each is an attempt of its own, whose state stands beside the status of the update. A
 * terminal that had been updated and is back is CANCELLED, reason `rolled-back`; what had failed stays what it was.
 */
import { announceAll, announceStatus, inContext, recordTpeEvents, rememberVersion } from './announce.ts';
import { columnsOf } from './parameters.ts';
import type { Queryable } from './pool.ts';
import type { TransitionContext } from './transitions.ts';

export type CompensationState = 'REQUESTED' | 'ROLLED_BACK' | 'FAILED' | 'LEFT';

export interface Compensation {
  campaignId: string;
  tpeId: string;
  attempt: number;
  state: CompensationState;
  reason?: string | null;
  operationId?: string | null;
  /** The version that the Hardware-API reported. */
  version?: string | null;
}

/** What an event of a roll-back tells besides: the version that the terminal is to have again. */
const TOLD = `jsonb_build_object('compensation', compensation, 'compensationFrom', old_compensation,
  'toVersion', from_version, 'operationId', operation_id, 'version', version)`;

const RANK = (column: string): string =>
  `CASE ${column} WHEN 'PENDING' THEN 0 WHEN 'REQUESTED' THEN 1 ELSE 2 END`;

/** As the statement takes them. */
const FIELDS = ['campaignId', 'tpeId', 'attempt', 'state', 'reason', 'operationId', 'version'] as const;

// A state only ever moves up, so that a repeated call changes nothing.
const RECORD = `
WITH input AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[])
    AS t(campaign_id, tpe_id, attempt, state, reason, operation_id, version)
), due AS (
  SELECT i.*, c.status AS old_status, c.compensation AS old_compensation
  FROM input i JOIN campaign_tpe c USING (campaign_id, tpe_id, attempt)
  WHERE c.compensation IS NOT NULL AND ${RANK('c.compensation')} < ${RANK('i.state')}
  ORDER BY c.campaign_id, c.tpe_id
  FOR UPDATE OF c
), changed AS (
  UPDATE campaign_tpe c
  SET compensation        = d.state,
      compensation_reason = d.reason,
      status       = CASE WHEN d.state = 'ROLLED_BACK' AND c.status = 'SUCCESS' THEN 'CANCELLED' ELSE c.status END,
      reason       = CASE WHEN d.state = 'ROLLED_BACK' AND c.status = 'SUCCESS' THEN 'rolled-back' ELSE c.reason END,
      operation_id = coalesce(d.operation_id, c.operation_id),
      version      = coalesce(d.version, c.version),
      requested_at = CASE WHEN d.state = 'REQUESTED' THEN clock_timestamp() ELSE c.requested_at END,
      sequence     = c.sequence + 1,
      last_update  = clock_timestamp()
  FROM due d
  WHERE c.campaign_id = d.campaign_id AND c.tpe_id = d.tpe_id
  RETURNING c.*, d.old_status, d.old_compensation
), moved AS (
  ${inContext('changed')}
), seen AS (
  ${rememberVersion('changed')}
), recorded AS (
  ${recordTpeEvents('moved', {
    type: `CASE compensation WHEN 'REQUESTED' THEN 'tpe.rollback-requested' WHEN 'ROLLED_BACK' THEN 'tpe.rolled-back'
                             WHEN 'LEFT' THEN 'tpe.rollback-left' ELSE 'tpe.rollback-failed' END`,
    actor: '$9',
    reason: 'compensation_reason',
    from: 'old_status',
    data: TOLD,
  })}
), ${announceAll({ prefix: '$8', target: 'from_version', asked: "compensation = 'REQUESTED'" })}
SELECT compensation AS state, (extract(epoch FROM requested_at) * 1000)::float8 AS "requestedAt" FROM moved`;

/**
 * Writes how far roll-backs are: state, event and messages in one transaction.
 * @returns those that were news, with the moment of the request in ms since the epoch
 */
export async function recordCompensations(
  db: Queryable,
  context: TransitionContext,
  compensations: readonly Compensation[],
): Promise<{ state: CompensationState; requestedAt: number }[]> {
  if (compensations.length === 0) return [];
  const { rows } = await db.query<{ state: CompensationState; requestedAt: number }>({
    name: 'record-compensations',
    text: RECORD,
    values: [...columnsOf(compensations, FIELDS), context.topicPrefix, context.actor],
  });
  return rows;
}

// What another campaign is updating by now is left to it, and said so.
const begin = (targets: string): string => `
WITH target AS (
  SELECT c.campaign_id, c.tpe_id, c.shard,
         EXISTS (SELECT FROM campaign_tpe o
                 WHERE o.tpe_id = c.tpe_id AND o.campaign_id <> c.campaign_id
                   AND (o.status IN ('PENDING', 'REQUESTED', 'INSTALLING')
                        OR o.compensation IN ('PENDING', 'REQUESTED'))) AS taken,
         row_number() OVER (ORDER BY c.tms, c.ordinal) - 1 AS place
  FROM campaign_tpe c
  WHERE c.compensation IS NULL AND ${targets}
), changed AS (
  UPDATE campaign_tpe c
  SET compensation        = CASE WHEN t.taken THEN 'FAILED' ELSE 'PENDING' END,
      compensation_reason = CASE WHEN t.taken THEN 'in-another-campaign' END,
      attempt     = c.attempt + 1,
      shard       = CASE WHEN $4::integer IS NULL OR t.taken THEN c.shard ELSE $4 + t.place / $5::integer END,
      sequence    = c.sequence + 1,
      last_update = clock_timestamp()
  FROM target t
  WHERE c.campaign_id = t.campaign_id AND c.tpe_id = t.tpe_id
  RETURNING c.*, NULL AS old_compensation
), moved AS (
  ${inContext('changed')}
), recorded AS (
  ${recordTpeEvents('moved', {
    type: `CASE compensation WHEN 'PENDING' THEN 'tpe.rolling-back' ELSE 'tpe.rollback-failed' END`,
    actor: '$3',
    reason: 'compensation_reason',
    from: 'status',
    data: TOLD,
  })}
)
${announceStatus('moved', '$2')}`;

/**
 * Marks what a campaign has changed in a wave to be rolled back: what is SUCCESS, and what has ended otherwise after
 * the TMS had taken the request and is not known to run its previous version.
 * @param shards the number of the first shard to put them into, and terminals per shard
 */
export async function beginWaveRollBack(
  db: Queryable,
  { topicPrefix, actor }: TransitionContext,
  campaignId: string,
  wave: number,
  shards: { first: number; size: number },
): Promise<void> {
  const targets = `c.campaign_id = $1 AND c.wave = $6::integer
    AND (c.status = 'SUCCESS'
         OR (c.status IN ('FAILED', 'TIMEOUT', 'CANCELLED') AND c.reason IS DISTINCT FROM 'cancelled'
             AND c.operation_id IS NOT NULL AND c.version IS DISTINCT FROM c.from_version))`;
  await db.query(begin(targets), [campaignId, topicPrefix, actor, shards.first, shards.size, wave]);
}

/** Marks one terminal, whose attempt `attempt` has ended badly, to be rolled back by the tracker that it has. */
export async function beginTpeRollBack(
  db: Queryable,
  { topicPrefix, actor }: TransitionContext,
  { campaignId, tpeId, attempt }: { campaignId: string; tpeId: string; attempt: number },
): Promise<void> {
  const targets = `c.campaign_id = $1 AND c.tpe_id = $6::uuid AND c.attempt = $7::integer`;
  await db.query(begin(targets), [campaignId, topicPrefix, actor, null, 1, tpeId, attempt]);
}

/** Roll-backs of a campaign in one of these states, with the attempt that they are. */
export async function findCompensations(
  db: Queryable,
  campaignId: string,
  states: readonly ('PENDING' | 'REQUESTED')[],
  limit: number,
): Promise<{ tpeId: string; attempt: number }[]> {
  const { rows } = await db.query<{ tpeId: string; attempt: number }>(
    `SELECT tpe_id AS "tpeId", attempt FROM campaign_tpe
     WHERE campaign_id = $1 AND compensation = ANY($2::text[]) ORDER BY tms, ordinal LIMIT $3`,
    [campaignId, states, limit],
  );
  return rows;
}

/** Terminals of a campaign by what became of their roll-back; empty where nothing is rolled back. */
export async function countCompensations(db: Queryable, campaignId: string): Promise<Record<string, number>> {
  const { rows } = await db.query<{ compensation: string; count: number }>({
    name: 'count-compensations',
    text: `SELECT compensation, count(*)::integer AS count FROM campaign_tpe
           WHERE campaign_id = $1 AND compensation IS NOT NULL GROUP BY compensation`,
    values: [campaignId],
  });
  return Object.fromEntries(rows.map(({ compensation, count }) => [compensation, count]));
}

/** Roll-backs of a wave that the TMSs have not been asked for. */
export async function countUnasked(db: Queryable, campaignId: string, wave: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM campaign_tpe
     WHERE campaign_id = $1 AND wave = $2 AND compensation = 'PENDING'`,
    [campaignId, wave],
  );
  return rows[0]?.count ?? 0;
}
