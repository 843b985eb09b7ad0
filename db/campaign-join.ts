/** Dynamic membership: terminals that come to match a running campaign's targets join its last wave. */
import { DatabaseError } from 'pg';
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import type { Batch } from '../workflows/policy/sizing.ts';
import { prepareSelection, targetRows, type CampaignTargets } from './campaign-targets.ts';
import { ordinal } from './campaign-waves.ts';
import { Parameters } from './parameters.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';
import { NOT_BUSY, skipReason } from './skip-reason.ts';

export interface JoinOptions {
  /** Names of the TMSs that are configured. */
  tmsNames: readonly string[];
}

/** How often it is tried where another campaign takes one of the terminals at the same moment. */
const TRIES = 3;

/**
 * Adds the terminals that match the campaign's targets now, are in no campaign (this one included) and can be updated:
 * PENDING, in the last wave, behind all others of their TMS. Terminals that are skipped do not join. Safe at any time
 * and from several places at once: one waits for the other, and finds nothing left.
 * @returns the ordinals that were added, per TMS; none for a campaign that has ended or whose membership is static
 */
export async function admitJoiners(pool: Pool, campaignId: string, options: JoinOptions): Promise<Batch[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(pool, (db) => join(db, campaignId, options));
    } catch (error) {
      const taken = error instanceof DatabaseError && error.constraint === 'campaign_tpe_active';
      if (!taken || attempt === TRIES) throw error;
    }
  }
}

interface OpenCampaign {
  targetVersion: string;
  targets: CampaignTargets;
  policy: CampaignPolicy;
}

async function join(db: Queryable, campaignId: string, { tmsNames }: JoinOptions): Promise<Batch[]> {
  // Locked: whoever comes second sees what the first has added.
  const { rows } = await db.query<OpenCampaign>(
    `SELECT version_cible AS "targetVersion", targets, policy FROM campaign
     WHERE campaign_id = $1 AND policy->>'membership' = 'dynamic' AND NOT targets ? 'tpeIds'
       AND status NOT IN ('CANCELLING', 'COMPLETED', 'CANCELLED', 'ABORTED')
     FOR UPDATE`,
    [campaignId],
  );
  const [campaign] = rows;
  if (!campaign) return [];
  const { targetVersion, targets, policy } = campaign;
  const selection = await prepareSelection(db, targets);
  const parameters = new Parameters();
  const id = `${parameters.add(campaignId)}::uuid`;
  const { from, where } = targetRows(selection, parameters);
  const { expression, join: joinZone } = ordinal(policy, '1', 't.tpe_id');
  const reason = skipReason({ targetVersion, tmsNames, listed: false }, null, parameters);
  const added = await db.query<Batch>(
    `WITH wave AS (
       SELECT max(wave) AS last FROM campaign_wave WHERE campaign_id = ${id}
     ), ends AS (
       SELECT tms, max(ordinal) + 1 AS next FROM campaign_tpe WHERE campaign_id = ${id} GROUP BY tms
     ), joining AS MATERIALIZED (
       SELECT t.tpe_id, t.tms, t.version_courante AS version,
              coalesce(ends.next, 0) + ${expression} - 1 AS ordinal
       FROM ${from} ${joinZone} LEFT JOIN ends ON ends.tms = t.tms
       WHERE ${where} AND ${reason} IS NULL AND ${NOT_BUSY}
         AND NOT EXISTS (SELECT FROM campaign_tpe mine WHERE mine.campaign_id = ${id} AND mine.tpe_id = t.tpe_id)
     ), joined AS (
       INSERT INTO campaign_tpe (campaign_id, tpe_id, wave, ordinal, tms, status, from_version)
       SELECT ${id}, tpe_id, wave.last, ordinal, tms, 'PENDING', version FROM joining, wave ORDER BY tpe_id
     ), counted AS (
       SELECT count(*)::integer AS count FROM joining
     ), raised AS (
       UPDATE campaign SET total = total + counted.count FROM counted
       WHERE campaign_id = ${id} AND counted.count > 0
       RETURNING campaign.*
     ), grown AS (
       UPDATE campaign_wave w SET total = w.total + counted.count FROM counted, wave
       WHERE w.campaign_id = ${id} AND w.wave = wave.last AND counted.count > 0
     ), recorded AS (
       INSERT INTO event (type, campaign_id, actor, data, correlation_id, traceparent)
       SELECT 'campaign.joined', campaign_id, 'platform',
              jsonb_build_object('count', counted.count, 'wave', wave.last), correlation_id, traceparent
       FROM raised, counted, wave
     )
     SELECT tms, min(ordinal)::integer AS "from", max(ordinal)::integer + 1 AS "to"
     FROM joining GROUP BY tms ORDER BY tms`,
    parameters.values,
  );
  return added.rows;
}
