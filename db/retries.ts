/** Further attempts of a terminal within its campaign. */
import { announceStatus, inContext, recordTpeEvents } from './announce.ts';
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
      UPDATE campaign_tpe c
      SET attempt = attempt + 1, status = 'PENDING', reason = $4, operation_id = NULL, tms_state = NULL,
          requested_at = NULL, sequence = sequence + 1, shard = coalesce(shard, $5::integer),
          last_update = clock_timestamp()
      FROM (SELECT campaign_id, tpe_id, status AS old_status FROM campaign_tpe
            WHERE campaign_id = $1 AND tpe_id = $2 FOR UPDATE) AS before
      WHERE c.campaign_id = before.campaign_id AND c.tpe_id = before.tpe_id AND attempt = $3
        AND status IN ('PENDING', 'REQUESTED', 'INSTALLING')
      RETURNING c.*, before.old_status
    ), moved AS (
      ${inContext('changed')}
    ), recorded AS (
      ${recordTpeEvents('moved', {
        type: "'tpe.retrying'",
        actor: '$7',
        from: 'old_status',
        data: `jsonb_build_object('failedAttempt', attempt - 1)`,
      })}
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
