/** Creates a campaign and its terminals in one transaction, or says why not and leaves nothing behind. */
import { DatabaseError } from 'pg';
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import { announceStatus, recordTpeEvents } from './announce.ts';
import { fromTargets, prepareSelection, type CampaignTargets, type Selection } from './campaign-targets.ts';
import { isPlain, ordinal, placeTargets, waveRules } from './campaign-waves.ts';
import { Parameters } from './parameters.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';
import { isBusy, JOIN_BUSY, skipReason, type BusyPolicy } from './skip-reason.ts';

export interface NewCampaign {
  campaignId: string;
  name: string;
  targetVersion: string;
  targets: CampaignTargets;
  /** What to do with terminals that another campaign is updating. */
  busy: BusyPolicy;
  /** With the groups of its waves' rules replaced. */
  policy: CampaignPolicy;
  /** The template that the policy was made from. */
  policyTemplate: { name: string; version: number } | null;
  /** The campaign whose terminals this one tries again. */
  retryOf: string | null;
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
  /** Names of the TMSs that are configured; terminals of others are skipped, or refused where they are listed. */
  tmsNames: readonly string[];
}

export interface CreatedCampaign {
  campaignId: string;
  name: string;
  targetVersion: string;
  total: number;
  /** The status that it was created with. */
  status: 'SCHEDULED' | 'PENDING_APPROVAL';
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

/** How often a creation is tried that met a busy terminal which then was busy no more, or was to be skipped. */
const TRIES = 5;

function firstStatus({ policy }: NewCampaign): CreatedCampaign['status'] {
  return policy.approval === 'four-eyes' ? 'PENDING_APPROVAL' : 'SCHEDULED';
}

/** The targets with the wave, the ordinal and the reason of those that are skipped, in one pass over the fleet. */
function selectPlain(
  campaign: NewCampaign,
  selection: Selection,
  tmsNames: readonly string[],
  parameters: Parameters,
): string {
  const { targetVersion, policy, busy } = campaign;
  const { expression, join } = ordinal(policy, '1', 't.place');
  const options = { targetVersion, tmsNames, listed: selection.rule === null };
  const reason = skipReason(options, busy === 'skip' ? 'busy.tpe_id IS NOT NULL' : null, parameters);
  return `
  SELECT t.tpe_id, t.id_tms, t.tms, t.model, t.site, t.version_courante AS version, 1 AS wave,
         ${expression} - 1 AS ordinal, ${reason} AS skip_reason
  FROM ${fromTargets(selection, parameters)} ${busy === 'skip' ? JOIN_BUSY : ''} ${join}`;
}

/** The same for targets that have been placed before. */
function selectPlaced(
  policy: CampaignPolicy,
  { tpeIds, waves, places, skipReasons }: Awaited<ReturnType<typeof placeTargets>>,
  parameters: Parameters,
): string {
  const { expression, join } = ordinal(policy, 'listed.wave', 'listed.place');
  const lists = `${parameters.add(tpeIds)}::uuid[], ${parameters.add(waves)}::integer[], ${parameters.add(places)}::integer[], ${parameters.add(skipReasons)}::text[]`;
  return `
  SELECT t.tpe_id, t.id_tms, t.tms, t.model, t.site, t.version_courante AS version, listed.wave,
         ${expression} - 1 AS ordinal, listed.skip_reason
  FROM unnest(${lists}) AS listed(tpe_id, wave, place, skip_reason) JOIN tpe t USING (tpe_id) ${join}`;
}

// Inserted in the order of the key, so that two campaigns over the same terminals wait for each other at the
// first one instead of each holding what the other needs. Nothing is said about PENDING terminals: their
// first event is REQUESTED.
function createStatement(
  campaign: NewCampaign,
  selected: string,
  topicPrefix: string,
  parameters: Parameters,
): string {
  const p = (value: unknown): string => parameters.add(value);
  const id = `${p(campaign.campaignId)}::uuid`;
  const target = `${p(campaign.targetVersion)}::text`;
  const actor = `${p(campaign.createdBy)}::text`;
  const correlation = `${p(campaign.correlationId)}::text`;
  const trace = `${p(campaign.traceparent)}::text`;
  const targets = `${p(JSON.stringify(campaign.targets))}::jsonb`;
  const policy = `${p(JSON.stringify(campaign.policy))}::jsonb`;
  const template = `${p(campaign.policyTemplate && JSON.stringify(campaign.policyTemplate))}::jsonb`;
  const name = `${p(campaign.name)}::text`;
  return `
WITH selected AS MATERIALIZED (${selected}
), made AS (
  INSERT INTO campaign (campaign_id, name, version_cible, status, targets, policy, policy_template, retry_of, total,
                        created_by, correlation_id, traceparent, idempotency_key, request_hash)
  SELECT ${id}, ${name}, ${target}, ${p(firstStatus(campaign))}::text, ${targets}, ${policy}, ${template},
         ${p(campaign.retryOf)}::uuid, (SELECT count(*) FROM selected), ${actor},
         ${correlation}, ${trace}, ${p(campaign.idempotencyKey)}::text, ${p(campaign.requestHash)}::text
  RETURNING *
), placed AS (
  INSERT INTO campaign_tpe (campaign_id, tpe_id, wave, ordinal, tms, status, reason, from_version, sequence)
  SELECT ${id}, tpe_id, wave, ordinal, tms, CASE WHEN skip_reason IS NULL THEN 'PENDING' ELSE 'SKIPPED' END,
         skip_reason, version, CASE WHEN skip_reason IS NULL THEN 0 ELSE 1 END
  FROM selected ORDER BY tpe_id
), waved AS (
  INSERT INTO campaign_wave (campaign_id, wave, name, total)
  SELECT ${id}, policy.wave, policy.of->>'name', coalesce(counted.total, 0)
  FROM jsonb_array_elements(${policy}->'waves') WITH ORDINALITY AS policy(of, wave)
  LEFT JOIN (SELECT wave, count(*) AS total FROM selected GROUP BY wave) AS counted USING (wave)
  RETURNING wave, name, total
), recorded AS (
  INSERT INTO event (type, campaign_id, actor, data, correlation_id, traceparent)
  SELECT 'campaign.created', campaign_id, created_by,
         jsonb_strip_nulls(jsonb_build_object('name', name, 'targetVersion', version_cible, 'total', total,
           'selection', CASE WHEN targets ? 'tpeIds' THEN jsonb_build_object('tpeIds', total) ELSE targets END,
           'policyTemplate', policy_template, 'retryOf', retry_of))
         || jsonb_build_object('policy', policy, 'waves',
              (SELECT jsonb_agg(jsonb_build_object('wave', wave, 'name', name, 'total', total) ORDER BY wave) FROM waved)),
         correlation_id, traceparent
  FROM made
  RETURNING seq
), skipped AS (
  SELECT ${id} AS campaign_id, tpe_id, id_tms, tms, model, site, wave, 'SKIPPED' AS status, skip_reason AS reason,
         1 AS attempt, NULL AS compensation, NULL AS compensation_reason, version AS from_version,
         ${target} AS version_cible, version, 1 AS sequence, ${correlation} AS correlation_id,
         ${trace} AS traceparent, now() AS last_update
  FROM selected WHERE skip_reason IS NOT NULL
    -- Its own event comes before those of its terminals.
    AND (SELECT count(*) FROM recorded) = 1
), left_out AS (
  ${recordTpeEvents('skipped', {
    type: "'tpe.skipped'",
    actor,
    from: "'PENDING'",
    data: `jsonb_build_object('version', version)`,
  })}
), announced AS (
  ${announceStatus('skipped', p(topicPrefix))}
)
SELECT count(*)::integer AS total, coalesce(array_agg(DISTINCT tms), '{}') AS tms FROM selected`;
}

/**
 * Creates a campaign, its waves, its terminals and their first events in one transaction. Terminals that need no
 * update, or can not have one now, are SKIPPED at once (`SKIP_REASONS`).
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
    const selection = await prepareSelection(pool, campaign.targets, [
      ...waveRules(campaign.policy).values(),
    ]);
    try {
      return await insertCampaign(pool, campaign, selection, options);
    } catch (error) {
      if (error instanceof Refused) return await explain(pool, selection, options, error);
      if (!isUniqueViolation(error) || attempt === TRIES) throw error;
      // Either the same key at the same time, which the next round answers, or terminals that are busy: the next
      // round sees and skips them.
      if (campaign.busy === 'skip' || error.constraint !== 'campaign_tpe_active') continue;
      const busy = await findBusy(pool, selection);
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
  selection: Selection,
  { topicPrefix, tmsNames }: CreateOptions,
): Promise<CreateOutcome> {
  const { campaignId, name, targetVersion, targets } = campaign;
  return inTransaction(pool, async (client) => {
    const parameters = new Parameters();
    const text = isPlain(campaign.policy)
      ? createStatement(
          campaign,
          selectPlain(campaign, selection, tmsNames, parameters),
          topicPrefix,
          parameters,
        )
      : await placedStatement(client, campaign, selection, { topicPrefix, tmsNames }, parameters);
    const { rows } = await client.query<{ total: number; tms: string[] }>(text, parameters.values);
    const { total, tms } = rows[0] ?? { total: 0, tms: [] };
    if (total === 0) throw new Refused('tpeIds' in targets ? 'unknown' : 'empty');
    if ('tpeIds' in targets) {
      if (total < targets.tpeIds.length) throw new Refused('unknown');
      if (tms.some((each) => !tmsNames.includes(each))) throw new Refused('tms-not-configured');
    }
    return {
      outcome: 'created',
      campaign: { campaignId, name, targetVersion, total, status: firstStatus(campaign) },
    };
  });
}

async function placedStatement(
  db: Queryable,
  campaign: NewCampaign,
  selection: Selection,
  { topicPrefix, tmsNames }: CreateOptions,
  parameters: Parameters,
): Promise<string> {
  const { targetVersion, busy, policy } = campaign;
  const listed = selection.rule === null;
  const placed = await placeTargets(db, selection, policy, { targetVersion, tmsNames, listed, busy });
  const sliced = { ...campaign, policy: { ...policy, waves: placed.policyWaves } };
  return createStatement(sliced, selectPlaced(policy, placed, parameters), topicPrefix, parameters);
}

async function explain(
  db: Queryable,
  selection: Selection,
  { tmsNames }: CreateOptions,
  { why }: Refused,
): Promise<CreateOutcome> {
  if (why === 'unknown' && 'tpeIds' in selection.targets) {
    return { outcome: 'unknown', ...(await findUnknown(db, selection.targets.tpeIds)) };
  }
  if (why === 'tms-not-configured') {
    const parameters = new Parameters();
    const { rows } = await db.query<{ name: string; count: number; tpeId: string }>(
      `SELECT tms AS name, count(*)::integer AS count, min(tpe_id::text) AS "tpeId"
       FROM ${fromTargets(selection, parameters)}
       WHERE NOT tms = ANY(${parameters.add(tmsNames)}::text[])
       GROUP BY tms ORDER BY tms`,
      parameters.values,
    );
    return { outcome: 'tms-not-configured', tms: rows };
  }
  return { outcome: 'empty' };
}

/** The terminals of a list that are not in the fleet, and the first of them with their positions. */
export async function findUnknown(
  db: Queryable,
  tpeIds: readonly string[],
): Promise<{ count: number; sample: { tpeId: string; index: number }[] }> {
  const { rows } = await db.query<{ tpeId: string; index: number; count: number }>(
    `SELECT tpe_id AS "tpeId", (place - 1)::integer AS index, count(*) OVER ()::integer AS count
     FROM unnest($1::uuid[]) WITH ORDINALITY AS listed(tpe_id, place)
     WHERE NOT EXISTS (SELECT FROM tpe t WHERE t.tpe_id = listed.tpe_id)
     ORDER BY place LIMIT ${SAMPLE}`,
    [tpeIds],
  );
  return { count: rows[0]?.count ?? 0, sample: rows.map(({ tpeId, index }) => ({ tpeId, index })) };
}

/** The targets that another campaign is updating; undefined if none is any more. */
async function findBusy(db: Queryable, selection: Selection): Promise<CreateOutcome | undefined> {
  const parameters = new Parameters();
  const { rows } = await db.query<BusyTpe & { count: number }>(
    `SELECT c.tpe_id AS "tpeId", c.campaign_id AS "campaignId", count(*) OVER ()::integer AS count
     FROM ${fromTargets(selection, parameters)} JOIN campaign_tpe c USING (tpe_id)
     WHERE ${isBusy('c')}
     ORDER BY c.tpe_id LIMIT ${SAMPLE}`,
    parameters.values,
  );
  const [first] = rows;
  if (!first) return undefined;
  const sample = rows.map(({ tpeId, campaignId }) => ({ tpeId, campaignId }));
  return { outcome: 'busy', count: first.count, sample };
}

/** What an earlier request with the same idempotency key came to. */
export async function findReplay(
  db: Queryable,
  campaign: Pick<NewCampaign, 'idempotencyKey' | 'requestHash'>,
): Promise<CreateOutcome | undefined> {
  if (campaign.idempotencyKey === null) return undefined;
  const { rows } = await db.query<CreatedCampaign & { requestHash: string }>(
    `SELECT campaign_id AS "campaignId", name, version_cible AS "targetVersion", total,
            CASE policy->>'approval' WHEN 'four-eyes' THEN 'PENDING_APPROVAL' ELSE 'SCHEDULED' END AS status,
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
