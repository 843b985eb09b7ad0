/**
 * How a change of a terminal is told: the one text that makes its event, and the messages of `tpe.update.status`,
 * `tpe.update.command` and `tpe.version.snapshot`. All of them are parts of the statement that makes the change.
 */

/**
 * The rows of `changed`, which are rows of `campaign_tpe`, with what an event and a message take from elsewhere:
 * `id_tms`, `model`, `site`, `version_cible`, `correlation_id`, `traceparent`.
 */
export function inContext(changed: string): string {
  return `SELECT c.*, t.id_tms, t.model, t.site, k.version_cible,
         coalesce(c.order_correlation_id, k.correlation_id) AS correlation_id,
         coalesce(c.order_traceparent, k.traceparent) AS traceparent
  FROM ${changed} c JOIN tpe t USING (tpe_id) JOIN campaign k USING (campaign_id)`;
}

/** Expressions over the columns of the rows, and of what they are told as. */
export interface TpeEvent {
  type: string;
  actor: string;
  reason?: string;
  /** The status before; null for a terminal that the campaign did not have. */
  from: string;
  /** What this kind of event tells besides, as jsonb; fields that are null are left out. */
  data?: string;
}

/** Writes an event for each row of `rows`, which has the columns of `inContext`. */
export function recordTpeEvents(
  rows: string,
  { type, actor, reason = 'reason', from, data = `'{}'::jsonb` }: TpeEvent,
): string {
  return `INSERT INTO event (type, campaign_id, tpe_id, actor, reason, data, correlation_id, traceparent, occurred_at)
  SELECT ${type}, campaign_id, tpe_id, ${actor}, ${reason},
         jsonb_strip_nulls(jsonb_build_object('from', ${from}, 'to', status, 'attempt', attempt, 'wave', wave,
           'tms', tms, 'model', model, 'site', site) || ${data}),
         correlation_id, traceparent, last_update
  FROM ${rows}`;
}

/**
 * Writes the whole state of each row of `rows` into the outbox; the headers let a consumer filter and order without
 * reading the value. The rows have the columns of `inContext`.
 * @param prefix an expression that gives the prefix of the topics' names
 */
export function announceStatus(rows: string, prefix: string): string {
  return `INSERT INTO outbox (topic, key, type, data, headers, correlation_id, traceparent, occurred_at)
  SELECT ${prefix} || 'tpe.update.status', campaign_id || '|' || tpe_id, 'tpe.update.status.changed',
         jsonb_build_object('campaignId', campaign_id, 'tpeId', tpe_id, 'idTms', id_tms, 'tms', tms,
           'model', model, 'site', site, 'wave', wave, 'status', status, 'reason', reason,
           'final', tpe_status_rank(status) = 3, 'attempt', attempt,
           'compensation', compensation, 'compensationReason', compensation_reason,
           'previousVersion', from_version, 'targetVersion', version_cible,
           'version', version, 'sequence', sequence, 'occurredAt', last_update),
         jsonb_strip_nulls(jsonb_build_object('ce_sequence', sequence::text, 'ce_status', status,
           'ce_final', CASE WHEN tpe_status_rank(status) = 3 THEN 'true' END)),
         correlation_id, traceparent, last_update
  FROM ${rows}`;
}

/** The same for what a TMS was asked: the request of the row's attempt, to bring the terminal to `version`. */
function announceCommand(rows: string, prefix: string, version: string, condition: string): string {
  return `INSERT INTO outbox (topic, key, type, data, correlation_id, traceparent, occurred_at)
  SELECT ${prefix} || 'tpe.update.command', campaign_id || '|' || tpe_id, 'tpe.update.commanded',
         jsonb_build_object('campaignId', campaign_id, 'tpeId', tpe_id, 'idTms', id_tms, 'tms', tms,
           'attempt', attempt, 'targetVersion', ${version},
           'idempotencyKey', campaign_id || ':' || tpe_id || ':' || attempt, 'occurredAt', last_update),
         correlation_id, traceparent, last_update
  FROM ${rows} WHERE ${condition}`;
}

/** Notes on the terminals of `rows` the version that they were seen to run, where it is another one than before. */
export function rememberVersion(rows: string): string {
  return `UPDATE tpe SET version_courante = news.version, last_seen = clock_timestamp()
  FROM (SELECT c.tpe_id AS seen_id, c.campaign_id, c.version, c.last_update, t.version_courante AS old_version,
               coalesce(c.order_correlation_id, k.correlation_id) AS correlation_id,
               coalesce(c.order_traceparent, k.traceparent) AS traceparent
        FROM ${rows} c JOIN tpe t USING (tpe_id) JOIN campaign k USING (campaign_id)
        WHERE c.version IS NOT NULL AND t.version_courante IS DISTINCT FROM c.version) AS news
  WHERE tpe.tpe_id = news.seen_id
  RETURNING tpe.tpe_id, tpe.id_tms, tpe.tms, tpe.model, tpe.site, news.*`;
}

/** Announces what `rememberVersion` has noted. */
function announceVersion(rows: string, prefix: string): string {
  return `INSERT INTO outbox (topic, key, type, data, correlation_id, traceparent, occurred_at)
  SELECT ${prefix} || 'tpe.version.snapshot', tpe_id, 'tpe.version.observed',
         jsonb_build_object('tpeId', tpe_id, 'idTms', id_tms, 'tms', tms, 'model', model, 'site', site,
           'version', version, 'previousVersion', old_version, 'campaignId', campaign_id, 'occurredAt', last_update),
         correlation_id, traceparent, last_update
  FROM ${rows}`;
}

/**
 * The last parts of a statement that changes terminals: all its messages. It has the parts `moved`, whose rows have the
 * columns of `inContext`, and `seen`, of `rememberVersion`.
 * @param message.target the version that the TMS was asked for, where `asked` says that it was
 */
export function announceAll({
  prefix,
  target,
  asked,
}: Record<'prefix' | 'target' | 'asked', string>): string {
  return `commanded AS (
  ${announceCommand('moved', prefix, target, asked)}
), announced AS (
  ${announceStatus('moved', prefix)}
), versions AS (
  ${announceVersion('seen', prefix)}
)`;
}
