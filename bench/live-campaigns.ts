/** Campaigns under way, written into the database as the platform would: for what is measured of who only looks at them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '../db/pool.ts';

export const CAMPAIGNS = 10;
/** Terminals that change their status at a time, and how often, for as long as the page is watched. */
const CHANGED = 30;
const CHANGE_MS = 250;

/** Running campaigns as the platform would have written them, a third of their terminals updated. */
export async function plantCampaigns(pool: Pool, terminals: number): Promise<void> {
  const each = Math.ceil(terminals / CAMPAIGNS);
  for (let n = 0; n < CAMPAIGNS; n++) {
    const campaignId = randomUUID();
    await pool.query(
      `INSERT INTO campaign (campaign_id, name, version_cible, status, targets, policy, total, created_by, correlation_id)
       VALUES ($1, $2, '4.2.0', 'RUNNING', '{"all": true}', '{}', $3, 'bench', 'bench')`,
      [campaignId, `Campaign ${n + 1}`, each],
    );
    await pool.query(
      `WITH fresh AS (
         INSERT INTO tpe (tpe_id, id_tms, tms, model, site, version_courante)
         SELECT gen_random_uuid(), $1 || '-' || n, 'alpha', 'A920', 'Lyon-' || n % 40, '4.1.0'
         FROM generate_series(1, $2::integer) n RETURNING tpe_id)
       INSERT INTO campaign_tpe (campaign_id, tpe_id, ordinal, tms, status)
       SELECT $1::uuid, tpe_id, row_number() OVER (), 'alpha',
              (ARRAY['SUCCESS', 'INSTALLING', 'PENDING'])[1 + row_number() OVER () % 3]
       FROM fresh`,
      [campaignId, each],
    );
  }
  await pool.query('VACUUM ANALYZE campaign_tpe');
}

/** Terminals of all campaigns change their status, each with its event in the same transaction. */
export async function keepChanging(pool: Pool, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pool.query(
      `WITH these AS (
         SELECT campaign_id, tpe_id FROM campaign_tpe WHERE status = 'INSTALLING' ORDER BY random() LIMIT $1
       ), told AS (
         INSERT INTO event (type, campaign_id, tpe_id, actor) SELECT 'tpe.success', campaign_id, tpe_id, 'bench' FROM these
       )
       UPDATE campaign_tpe c SET status = CASE WHEN random() < 0.9 THEN 'SUCCESS' ELSE 'FAILED' END
       FROM these WHERE c.campaign_id = these.campaign_id AND c.tpe_id = these.tpe_id`,
      [CHANGED],
    );
    await sleep(CHANGE_MS, undefined, { signal }).catch(() => undefined);
  }
}
