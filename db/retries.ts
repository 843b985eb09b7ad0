/** Further attempts of a terminal within its campaign. */
import { announceStatus } from './announce.ts';
import type { Queryable } from './pool.ts';
import type { TransitionContext } from './transitions.ts';

/**
 * Begins the attempt after `attempt`: the terminal is PENDING again, the failed attempt stays in its events.
 * Harmless when it has begun, or when the terminal is final by now.
 * @param shard the shard that tracks it, where it has none yet
 */
export async function beginRetry(
  db: Queryable,
  { topicPrefix, actor }: TransitionContext,
  retry: { campaignId: string; tpeId: string; attempt: number; reason: string; shard?: number },
): Promise<void> {
  await db.query({
    name: 'begin-retry',
    text: `WITH changed AS (
      UPDATE campaign_tpe
      SET attempt = attempt + 1, status = 'PENDING', reason = $4, operation_id = NULL, tms_state = NULL,
          requested_at = NULL, sequence = sequence + 1, shard = coalesce(shard, $5::integer),
          last_update = clock_timestamp()
      WHERE campaign_id = $1 AND tpe_id = $2 AND attempt = $3 AND status IN ('PENDING', 'REQUESTED', 'INSTALLING')
      RETURNING *
    ), moved AS (
      SELECT c.*, t.id_tms, t.model, t.site, k.version_cible, k.correlation_id, k.traceparent
      FROM changed c JOIN tpe t USING (tpe_id) JOIN campaign k USING (campaign_id)
    ), recorded AS (
      INSERT INTO event (type, campaign_id, tpe_id, actor, reason, data, correlation_id, traceparent, occurred_at)
      SELECT 'tpe.retrying', campaign_id, tpe_id, $7, reason,
             jsonb_build_object('failedAttempt', attempt - 1, 'attempt', attempt, 'wave', wave),
             correlation_id, traceparent, last_update
      FROM moved
    )
    ${announceStatus('moved', '$6')}`,
    values: [
      retry.campaignId,
      retry.tpeId,
      retry.attempt,
      retry.reason,
      retry.shard ?? null,
      topicPrefix,
      actor,
    ],
  });
}
