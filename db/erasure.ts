/**
 * Erases what is known about the user of a terminal (GDPR, article 17). What remains says nothing about anybody: the
 * row under its random id, which campaigns refer to, and their counts. Events are never changed: docs/privacy.md.
 */
import { inTransaction, type Pool, type Queryable } from './pool.ts';
import { isBusy } from './skip-reason.ts';

/** The site of a terminal that was erased. */
const ERASED_SITE = '(erased)';

/** That a row of `tpe`, named as given, was erased; nothing else has such an id at its TMS. */
export function isErased(alias: string): string {
  return `${alias}.id_tms = 'erased-' || ${alias}.tpe_id`;
}

export interface Erasure {
  tpeId: string;
  actor: string;
  reason: string;
  correlationId: string;
  traceparent: string | null;
  /** Put before the names of topics. */
  topicPrefix: string;
}

export type ErasureOutcome =
  | { outcome: 'unknown' }
  /** It is being updated or rolled back by this campaign: nothing was changed. */
  | { outcome: 'busy'; campaignId: string }
  | {
      outcome: 'erased';
      /** It had been erased before; dead letters may have come since. */
      before: boolean;
      /** Campaigns that the terminal was in. */
      campaigns: number;
      /** Dead letters that have lost their value. */
      deadLetters: number;
    };

/**
 * Erases one terminal, in one transaction. Harmless when repeated: there is one tombstone per key, and another event only
 * where dead letters had come since.
 */
export function eraseTpe(pool: Pool, erasure: Erasure): Promise<ErasureOutcome> {
  return inTransaction(pool, async (client) => {
    const { tpeId } = erasure;
    // In the order in which a change of status takes its locks. A campaign that is being created has one on the rows
    // of the terminals that it refers to: once it is ours, the terminal may have become busy.
    const busy = await lockCampaigns(client, tpeId);
    if (busy) return busy;
    const found = await client.query<{ before: boolean; site: string }>(
      `SELECT ${isErased('t')} AS before, site FROM tpe t WHERE tpe_id = $1 FOR UPDATE`,
      [tpeId],
    );
    const [tpe] = found.rows;
    if (!tpe) return { outcome: 'unknown' };
    const busyMeanwhile = await lockCampaigns(client, tpeId);
    if (busyMeanwhile) return busyMeanwhile;

    await anonymise(client, tpeId, tpe.site);
    const campaigns = await cutCampaigns(client, tpeId);
    const deadLetters = await emptyDeadLetters(client, erasure);
    if (!tpe.before) await withdraw(client, erasure);
    if (!tpe.before || deadLetters > 0) await record(client, erasure, { campaigns, deadLetters });
    return { outcome: 'erased', before: tpe.before, campaigns, deadLetters };
  });
}

async function lockCampaigns(
  db: Queryable,
  tpeId: string,
): Promise<Extract<ErasureOutcome, { outcome: 'busy' }> | undefined> {
  const { rows } = await db.query<{ campaignId: string; busy: boolean }>(
    `SELECT campaign_id AS "campaignId", coalesce(${isBusy('c')}, false) AS busy
     FROM campaign_tpe c WHERE tpe_id = $1 ORDER BY campaign_id FOR UPDATE`,
    [tpeId],
  );
  const found = rows.find(({ busy }) => busy);
  return found && { outcome: 'busy', campaignId: found.campaignId };
}

/** Its model, TMS and version are those of thousands and stay, for the counts. */
async function anonymise(db: Queryable, tpeId: string, site: string): Promise<void> {
  await db.query(
    `UPDATE tpe SET id_tms = 'erased-' || tpe_id, site = $2, tags = '{}', metadata = '{}', last_seen = NULL,
                    unknown_to_tms_since = NULL, statut = 'INACTIVE'
     WHERE tpe_id = $1`,
    [tpeId, ERASED_SITE],
  );
  // The name of a site whose only terminal it was is that of its user.
  await db.query(
    'DELETE FROM site s WHERE site = $1 AND NOT EXISTS (SELECT FROM tpe t WHERE t.site = s.site)',
    [site],
  );
}

/** Our own code and the TMS's, `failed:battery-low`, without words that the TMS has added. */
const CODE_ONLY = (column: string): string =>
  `substring(${column} FROM '^[^:]+(?::[A-Za-z0-9._-]{1,64}(?=:|$))?')`;

/** @returns in how many campaigns the terminal was */
async function cutCampaigns(db: Queryable, tpeId: string): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE campaign_tpe SET reason = ${CODE_ONLY('reason')}, compensation_reason = ${CODE_ONLY('compensation_reason')},
                             operation_id = NULL, order_correlation_id = NULL, order_traceparent = NULL
     WHERE tpe_id = $1`,
    [tpeId],
  );
  return rowCount ?? 0;
}

/** A letter that is sent again without its value would be a tombstone: open ones are given up. */
async function emptyDeadLetters(db: Queryable, { tpeId, actor }: Erasure): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE dead_letter
     SET value = NULL, headers = '{}', reason = 'value removed: the terminal was erased',
         decided_by = CASE WHEN state = 'OPEN' THEN $2 ELSE decided_by END,
         decided_at = CASE WHEN state = 'OPEN' THEN clock_timestamp() ELSE decided_at END,
         decision_reason = CASE WHEN state = 'OPEN' THEN 'the terminal was erased' ELSE decision_reason END,
         state = CASE WHEN state = 'OPEN' THEN 'DISCARDED' ELSE state END
     WHERE position(convert_to($1, 'UTF8') IN key) > 0 AND value IS NOT NULL`,
    [tpeId, actor],
  );
  return rowCount ?? 0;
}

/** A tombstone for each key under which topics keep something about the terminal. */
async function withdraw(
  db: Queryable,
  { tpeId, correlationId, traceparent, topicPrefix }: Erasure,
): Promise<void> {
  await db.query(
    `INSERT INTO outbox (topic, key, type, correlation_id, traceparent)
     SELECT $2 || 'tpe.update.status', campaign_id || '|' || tpe_id, 'tpe.update.status.erased', $3, $4
     FROM campaign_tpe WHERE tpe_id = $1
     UNION ALL
     SELECT $2 || 'tpe.version.snapshot', $1::text, 'tpe.version.snapshot.erased', $3, $4`,
    [tpeId, topicPrefix, correlationId, traceparent],
  );
}

async function record(
  db: Queryable,
  { tpeId, actor, reason, correlationId, traceparent }: Erasure,
  counts: { campaigns: number; deadLetters: number },
): Promise<void> {
  await db.query(
    `INSERT INTO event (type, tpe_id, actor, reason, data, correlation_id, traceparent, occurred_at)
     VALUES ('tpe.erased', $1, $2, $3, $4, $5, $6, clock_timestamp())`,
    [tpeId, actor, reason, JSON.stringify(counts), correlationId, traceparent],
  );
}
