/** How a terminal's state is announced: the one text that makes the messages of `tpe.update.status` and `.command`. */

/**
 * Writes the whole state of each row of `rows` into the outbox. The rows have the columns of `campaign_tpe`, and
 * `id_tms`, `model`, `site` of the terminal, `version_cible`, `correlation_id`, `traceparent` of the campaign.
 * @param prefix an expression that gives the prefix of the topics' names
 */
export function announceStatus(rows: string, prefix: string): string {
  return `INSERT INTO outbox (topic, key, type, data, correlation_id, traceparent, occurred_at)
  SELECT ${prefix} || 'tpe.update.status', campaign_id || '|' || tpe_id, 'tpe.update.status.changed',
         jsonb_build_object('campaignId', campaign_id, 'tpeId', tpe_id, 'idTms', id_tms, 'tms', tms,
           'model', model, 'site', site, 'wave', wave, 'status', status, 'reason', reason,
           'final', tpe_status_rank(status) = 3, 'attempt', attempt,
           'compensation', compensation, 'compensationReason', compensation_reason,
           'previousVersion', from_version, 'targetVersion', version_cible,
           'version', version, 'sequence', sequence, 'occurredAt', last_update),
         correlation_id, traceparent, last_update
  FROM ${rows}`;
}

/** The same for what a TMS was asked: the request of the row's attempt, to bring the terminal to `version`. */
export function announceCommand(rows: string, prefix: string, version: string, condition: string): string {
  return `INSERT INTO outbox (topic, key, type, data, correlation_id, traceparent, occurred_at)
  SELECT ${prefix} || 'tpe.update.command', campaign_id || '|' || tpe_id, 'tpe.update.commanded',
         jsonb_build_object('campaignId', campaign_id, 'tpeId', tpe_id, 'idTms', id_tms, 'tms', tms,
           'attempt', attempt, 'targetVersion', ${version},
           'idempotencyKey', campaign_id || ':' || tpe_id || ':' || attempt, 'occurredAt', last_update),
         correlation_id, traceparent, last_update
  FROM ${rows} WHERE ${condition}`;
}
