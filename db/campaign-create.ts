/** Creates a campaign and its terminals in one statement, or says why not and leaves nothing behind. */
import { DatabaseError } from 'pg';
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import { Parameters, selectTargets, type CampaignTargets } from './campaign-targets.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';

export interface NewCampaign {
  campaignId: string;
  name: string;
  targetVersion: string;
  targets: CampaignTargets;
  policy: CampaignPolicy;
  createdBy: string;
  correlationId: string;
  /** W3C trace context. */
  traceparent: string | null;
  /** The caller's key of this request: a second request with it creates nothing. */
  idempotencyKey: string | null;
  /** SHA-256 of the request; tells a repeated request from another one under the same key. */
  requestHash: string;
}

export interface CreateOptions {
  topicPrefix: string;
  /** Names of the TMSs that are configured; terminals of others are refused. */
  tmsNames: readonly string[];
}

export interface CreatedCampaign {
  campaignId: string;
  name: string;
  targetVersion: string;
  total: number;
}

/** A terminal that is being updated by another campaign. */
export interface BusyTpe {
  tpeId: string;
  campaignId: string;
}

export interface CreateSuccess {
  outcome: 'created' | 'replayed';
  campaign: CreatedCampaign;
}

export type CreateRefusal =
  /** The idempotency key belongs to a request with another body. */
  | { outcome: 'key-reused'; campaignId: string }
  | { outcome: 'empty' }
  /** `sample` holds positions in the list of ids. */
  | { outcome: 'unknown'; count: number; sample: { tpeId: string; index: number }[] }
  | { outcome: 'tms-not-configured'; tms: { name: string; count: number; tpeId: string }[] }
  | { outcome: 'busy'; count: number; sample: BusyTpe[] };

export type CreateOutcome = CreateSuccess | CreateRefusal;

/** How many terminals an error names. */
const SAMPLE = 20;

/** How often a creation is tried that met a busy terminal which then was busy no more. */
const TRIES = 3;

// Inserted in the order of the key, so that two campaigns over the same terminals wait for each other at the
// first one instead of each holding what the other needs. Nothing is said about PENDING terminals: their
// first event is REQUESTED.
function createStatement(campaign: NewCampaign, topicPrefix: string, parameters: Parameters): string {
  const p = (value: unknown): string => parameters.add(value);
  const id = `${p(campaign.campaignId)}::uuid`;
  const target = `${p(campaign.targetVersion)}::text`;
  const actor = `${p(campaign.createdBy)}::text`;
  const correlation = `${p(campaign.correlationId)}::text`;
  const trace = `${p(campaign.traceparent)}::text`;
  const targets = `${p(JSON.stringify(campaign.targets))}::jsonb`;
  const policy = `${p(JSON.stringify(campaign.policy))}::jsonb`;
  const name = `${p(campaign.name)}::text`;
  return `
WITH selected AS MATERIALIZED (
  SELECT tpe_id, id_tms, tms, model, site, version_courante AS version,
         row_number() OVER (PARTITION BY tms ORDER BY place, tpe_id) - 1 AS ordinal,
         CASE WHEN version_courante = ${target} THEN 'already-there'
              WHEN statut = 'INACTIVE' THEN 'inactive' END AS skip_reason
  FROM (${selectTargets(campaign.targets, parameters)}) AS target
), made AS (
  INSERT INTO campaign (campaign_id, name, version_cible, status, targets, policy, total, created_by,
                        correlation_id, traceparent, idempotency_key, request_hash)
  SELECT ${id}, ${name}, ${target}, 'SCHEDULED', ${targets}, ${policy}, (SELECT count(*) FROM selected), ${actor},
         ${correlation}, ${trace}, ${p(campaign.idempotencyKey)}::text, ${p(campaign.requestHash)}::text
  RETURNING *
), placed AS (
  INSERT INTO campaign_tpe (campaign_id, tpe_id, ordinal, tms, status, reason, from_version, sequence)
  SELECT ${id}, tpe_id, ordinal, tms, CASE WHEN skip_reason IS NULL THEN 'PENDING' ELSE 'SKIPPED' END, skip_reason,
         version, CASE WHEN skip_reason IS NULL THEN 0 ELSE 1 END
  FROM selected ORDER BY tpe_id
), skipped AS (
  SELECT * FROM selected WHERE skip_reason IS NOT NULL
), recorded AS (
  INSERT INTO event (type, campaign_id, tpe_id, actor, reason, data, correlation_id, traceparent)
  SELECT 'campaign.created', campaign_id, NULL, created_by, NULL,
         jsonb_build_object('name', name, 'targetVersion', version_cible, 'total', total,
           'selection', CASE WHEN targets ? 'tpeIds' THEN jsonb_build_object('tpeIds', total) ELSE targets END,
           'policy', policy),
         correlation_id, traceparent
  FROM made
  UNION ALL
  SELECT 'tpe.skipped', ${id}, tpe_id, ${actor}, skip_reason,
         jsonb_strip_nulls(jsonb_build_object('to', 'SKIPPED', 'attempt', 1, 'version', version)),
         ${correlation}, ${trace}
  FROM skipped
), announced AS (
  INSERT INTO outbox (topic, key, type, data, correlation_id, traceparent, occurred_at)
  SELECT ${p(topicPrefix)} || 'tpe.update.status', ${id} || '|' || tpe_id, 'tpe.update.status.changed',
         jsonb_build_object('campaignId', ${id}, 'tpeId', tpe_id, 'idTms', id_tms, 'tms', tms, 'model', model,
           'site', site, 'status', 'SKIPPED', 'reason', skip_reason, 'final', true, 'attempt', 1,
           'previousVersion', version, 'targetVersion', ${target}, 'version', version,
           'sequence', 1, 'occurredAt', now()),
         ${correlation}, ${trace}, now()
  FROM skipped
)
SELECT count(*)::integer AS total, coalesce(array_agg(DISTINCT tms), '{}') AS tms FROM selected`;
}

/**
 * Creates a campaign, its terminals and their first events in one transaction. Terminals that run the target
 * version, or are inactive, are SKIPPED at once.
 * @returns what came of it; nothing is written unless the outcome is `created`
 */
export async function createCampaign(
  pool: Pool,
  campaign: NewCampaign,
  options: CreateOptions,
): Promise<CreateOutcome> {
  for (let attempt = 1; ; attempt++) {
    const replay = await findReplay(pool, campaign);
    if (replay) return replay;
    try {
      return await insertCampaign(pool, campaign, options);
    } catch (error) {
      if (error instanceof Refused) return await explain(pool, campaign, options, error);
      if (!isUniqueViolation(error) || attempt === TRIES) throw error;
      // Either the same key at the same time, which the next round answers, or terminals that are busy.
      const busy = error.constraint === 'campaign_tpe_active' && (await findBusy(pool, campaign));
      if (busy) return (await findReplay(pool, campaign)) ?? busy;
    }
  }
}

class Refused extends Error {
  override name = 'Refused';
  readonly why: 'empty' | 'unknown' | 'tms-not-configured';

  constructor(why: Refused['why']) {
    super(why);
    this.why = why;
  }
}

async function insertCampaign(
  pool: Pool,
  campaign: NewCampaign,
  { topicPrefix, tmsNames }: CreateOptions,
): Promise<CreateOutcome> {
  const { campaignId, name, targetVersion, targets } = campaign;
  const parameters = new Parameters();
  const text = createStatement(campaign, topicPrefix, parameters);
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ total: number; tms: string[] }>(text, parameters.values);
    const { total, tms } = rows[0] ?? { total: 0, tms: [] };
    if ('tpeIds' in targets && total < targets.tpeIds.length) throw new Refused('unknown');
    if (total === 0) throw new Refused('empty');
    if (tms.some((each) => !tmsNames.includes(each))) throw new Refused('tms-not-configured');
    return { outcome: 'created', campaign: { campaignId, name, targetVersion, total } };
  });
}

async function explain(
  db: Queryable,
  { targets }: NewCampaign,
  { tmsNames }: CreateOptions,
  { why }: Refused,
): Promise<CreateOutcome> {
  if (why === 'unknown' && 'tpeIds' in targets) {
    const { rows } = await db.query<{ tpeId: string; index: number; count: number }>(
      `SELECT tpe_id AS "tpeId", (place - 1)::integer AS index, count(*) OVER ()::integer AS count
       FROM unnest($1::uuid[]) WITH ORDINALITY AS listed(tpe_id, place)
       WHERE NOT EXISTS (SELECT FROM tpe t WHERE t.tpe_id = listed.tpe_id)
       ORDER BY place LIMIT ${SAMPLE}`,
      [targets.tpeIds],
    );
    const sample = rows.map(({ tpeId, index }) => ({ tpeId, index }));
    return { outcome: 'unknown', count: rows[0]?.count ?? 0, sample };
  }
  if (why === 'tms-not-configured') {
    const parameters = new Parameters();
    const { rows } = await db.query<{ name: string; count: number; tpeId: string }>(
      `SELECT tms AS name, count(*)::integer AS count, min(tpe_id::text) AS "tpeId"
       FROM (${selectTargets(targets, parameters)}) AS target
       WHERE NOT tms = ANY(${parameters.add(tmsNames)}::text[])
       GROUP BY tms ORDER BY tms`,
      parameters.values,
    );
    return { outcome: 'tms-not-configured', tms: rows };
  }
  return { outcome: 'empty' };
}

/** The targets that another campaign is updating; undefined if none is any more. */
async function findBusy(db: Queryable, { targets }: NewCampaign): Promise<CreateOutcome | undefined> {
  const parameters = new Parameters();
  const { rows } = await db.query<BusyTpe & { count: number }>(
    `SELECT c.tpe_id AS "tpeId", c.campaign_id AS "campaignId", count(*) OVER ()::integer AS count
     FROM (${selectTargets(targets, parameters)}) AS target JOIN campaign_tpe c USING (tpe_id)
     WHERE c.status IN ('PENDING', 'REQUESTED', 'INSTALLING')
     ORDER BY c.tpe_id LIMIT ${SAMPLE}`,
    parameters.values,
  );
  const [first] = rows;
  if (!first) return undefined;
  const sample = rows.map(({ tpeId, campaignId }) => ({ tpeId, campaignId }));
  return { outcome: 'busy', count: first.count, sample };
}

async function findReplay(db: Queryable, campaign: NewCampaign): Promise<CreateOutcome | undefined> {
  if (campaign.idempotencyKey === null) return undefined;
  const { rows } = await db.query<CreatedCampaign & { requestHash: string }>(
    `SELECT campaign_id AS "campaignId", name, version_cible AS "targetVersion", total,
            request_hash AS "requestHash"
     FROM campaign WHERE idempotency_key = $1`,
    [campaign.idempotencyKey],
  );
  const [found] = rows;
  if (!found) return undefined;
  const { requestHash, ...created } = found;
  if (requestHash !== campaign.requestHash) return { outcome: 'key-reused', campaignId: found.campaignId };
  return { outcome: 'replayed', campaign: created };
}

function isUniqueViolation(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && error.code === '23505';
}
