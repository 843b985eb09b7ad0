/**
 * Status changes of terminals within a campaign: the state, its event and its Kafka messages, written by one
 * statement for any number of terminals. Nothing else changes `campaign_tpe.status` once a campaign exists
 * (`campaign-create.ts` writes the first ones, in the same shapes; a test holds both against the schemas).
 */
import type { OperationState } from '../tms/contract.ts';
import type { TpeStatus } from '../workflows/status.ts';
import { announceAll, inContext, recordTpeEvents, rememberVersion } from './announce.ts';
import { columnsOf } from './parameters.ts';
import type { Queryable } from './pool.ts';

/** A status that a terminal is to have. Null and absent fields leave what is there. */
export interface Transition {
  campaignId: string;
  tpeId: string;
  /** The attempt that it belongs to: news of an earlier attempt change nothing. */
  attempt: number;
  status: TpeStatus;
  reason?: string | null;
  operationId?: string | null;
  /** What the TMS said last. */
  tmsState?: OperationState | null;
  /** The version that the Hardware-API reported. */
  version?: string | null;
  /** The shard that tracks the terminal. */
  shard?: number | null;
}

/** A change that took place. */
export interface Transitioned {
  campaignId: string;
  tpeId: string;
  tms: string;
  status: TpeStatus;
  /** Seconds since the TMS accepted the update; null for a terminal that was never asked. */
  secondsSinceRequest: number | null;
  /** Epoch ms at which the TMS accepted the update, by the database's clock; null for a terminal that was never asked. */
  requestedAt: number | null;
}

/** Prefix of the topics' names and who acts; the same for all transitions of one process. */
export interface TransitionContext {
  topicPrefix: string;
  actor: string;
}

/** As the statement takes them. */
const FIELDS = [
  'campaignId',
  'tpeId',
  'attempt',
  'status',
  'reason',
  'operationId',
  'tmsState',
  'version',
  'shard',
] as const;

// `due` keeps what moves a terminal up, or what the TMS says anew of one that stays; locking in the order of
// the key keeps two writers from waiting for each other. Only a new status is an event and a message.
const RECORD = `
WITH input AS (
  SELECT DISTINCT ON (campaign_id, tpe_id) *
  FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
              $9::integer[])
       AS t(campaign_id, tpe_id, attempt, status, reason, operation_id, tms_state, version, shard)
  ORDER BY campaign_id, tpe_id, tpe_status_rank(status) DESC
), due AS (
  SELECT i.*, c.status AS old_status, tpe_status_rank(c.status) < tpe_status_rank(i.status) AS moves
  FROM input i JOIN campaign_tpe c USING (campaign_id, tpe_id, attempt)
  WHERE tpe_status_rank(c.status) < tpe_status_rank(i.status)
     OR (c.status IN ('REQUESTED', 'INSTALLING')
         AND (i.tms_state IS DISTINCT FROM c.tms_state AND i.tms_state IS NOT NULL
              OR i.version IS DISTINCT FROM c.version AND i.version IS NOT NULL))
  ORDER BY c.campaign_id, c.tpe_id
  FOR UPDATE OF c
), changed AS (
  UPDATE campaign_tpe c
  SET status       = CASE WHEN d.moves THEN d.status ELSE c.status END,
      reason       = CASE WHEN d.moves THEN d.reason ELSE c.reason END,
      sequence     = c.sequence + d.moves::integer,
      operation_id = coalesce(d.operation_id, c.operation_id),
      tms_state    = coalesce(d.tms_state, c.tms_state),
      version      = coalesce(d.version, c.version),
      shard        = coalesce(d.shard, c.shard),
      requested_at = CASE WHEN d.moves AND d.status = 'REQUESTED' THEN clock_timestamp() ELSE c.requested_at END,
      last_update  = clock_timestamp()
  FROM due d
  WHERE c.campaign_id = d.campaign_id AND c.tpe_id = d.tpe_id
  RETURNING c.*, d.old_status, d.moves
), moved AS (
  ${inContext('changed')} WHERE c.moves
), seen AS (
  ${rememberVersion('changed')}
), known AS (
  UPDATE tpe SET unknown_to_tms_since = CASE WHEN c.reason = 'rejected:unknown-terminal' THEN clock_timestamp() END
  FROM changed c
  WHERE c.moves AND c.status IN ('REQUESTED', 'FAILED') AND tpe.tpe_id = c.tpe_id AND c.version IS NULL
    AND (tpe.unknown_to_tms_since IS NULL) = (c.reason IS NOT DISTINCT FROM 'rejected:unknown-terminal')
), recorded AS (
  ${recordTpeEvents('moved', {
    type: "'tpe.' || lower(status)",
    actor: '$11',
    from: 'old_status',
    data: `jsonb_build_object('operationId', operation_id, 'tmsState', tms_state, 'version', version,
             'requestedAt', CASE WHEN tpe_status_rank(status) = 3 THEN requested_at END)`,
  })}
), ${announceAll({
  prefix: '$10',
  target: 'version_cible',
  asked: "old_status = 'PENDING' AND status IN ('REQUESTED', 'INSTALLING')",
})}
SELECT campaign_id AS "campaignId", tpe_id AS "tpeId", tms, status,
       extract(epoch FROM last_update - requested_at)::float8 AS "secondsSinceRequest",
       (extract(epoch FROM requested_at) * 1000)::float8 AS "requestedAt"
FROM moved`;

/**
 * Writes the transitions that are due, in one statement and so in one transaction: state, event, outbox.
 * What has happened already, belongs to an earlier attempt or would lead away from a final status is left
 * out, so that a repeated call changes nothing.
 * @returns the terminals whose status has changed
 */
export async function recordTransitions(
  db: Queryable,
  context: TransitionContext,
  transitions: readonly Transition[],
): Promise<Transitioned[]> {
  if (transitions.length === 0) return [];
  const result = await db.query<Transitioned>({
    name: 'record-transitions',
    text: RECORD,
    values: [...columnsOf(transitions, FIELDS), context.topicPrefix, context.actor],
  });
  return result.rows;
}
