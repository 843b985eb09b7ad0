/** A fleet, and a terminal with a past, written into the database as they would stand there. */
import { randomUUID } from 'node:crypto';
import type { Pool } from '../../db/pool.ts';
import type { CampaignStatus, TpeStatus } from '../../workflows/status.ts';

/** So many terminals, of several models, sites and versions; always the same ones. */
export async function plantFleet(pool: Pool, count: number): Promise<void> {
  await pool.query(
    `INSERT INTO tpe (tpe_id, id_tms, tms, model, site, version_courante, tags, statut, last_seen)
     SELECT md5(n::text)::uuid, 'T-' || lpad(n::text, 6, '0'), CASE WHEN n % 3 = 0 THEN 'beta' ELSE 'alpha' END,
            (ARRAY['A920', 'A920', 'A920', 'A35', 'A35', 'A80', 'Move/5000'])[1 + n % 7],
            (ARRAY['Lyon', 'Paris', 'Lyon', 'Nice', 'Lille', 'Saint-Denis'])[1 + n % 6] || '-' || (n % 24),
            (ARRAY['4.1.0', '4.2.0', '4.2.0', '4.2.0', '4.1.7', NULL])[1 + (n * 7) % 6],
            CASE WHEN n % 9 = 0 THEN ARRAY['pilot', 'vip'] WHEN n % 5 = 0 THEN ARRAY['pilot'] ELSE '{}' END,
            CASE WHEN n % 50 = 0 THEN 'INACTIVE' ELSE 'ACTIVE' END,
            CASE WHEN n % 11 = 0 THEN NULL ELSE now() - make_interval(mins => (n % 1000) * (n % 1000) % 60000) END
     FROM generate_series(1, $1::integer) n`,
    [count],
  );
}

export interface PlantedEvent {
  type: string;
  minutesAgo: number;
  reason?: string;
  data?: Record<string, unknown>;
  actor?: string;
}

export interface PlantedUpdate {
  name: string;
  campaignStatus: CampaignStatus;
  status: TpeStatus;
  version?: string;
  fromVersion?: string;
  reported?: string;
  reason?: string;
  attempt?: number;
  hoursAgo?: number;
  asked?: boolean;
  events?: readonly PlantedEvent[];
}

/** Puts a terminal into a campaign. @returns the id of the campaign */
export async function plantUpdate(pool: Pool, tpeId: string, update: PlantedUpdate): Promise<string> {
  const {
    name,
    campaignStatus,
    status,
    version = '4.2.0',
    fromVersion = '4.1.0',
    attempt = 1,
    hoursAgo = 1,
  } = update;
  const campaignId = randomUUID();
  await pool.query(
    `INSERT INTO campaign (campaign_id, name, version_cible, status, targets, policy, total, created_by, created_at,
                           correlation_id)
     VALUES ($1, $2, $3, $4, '{"all": true}', '{}', 1, 'ops', now() - make_interval(secs => $5), 'planted')`,
    [campaignId, name, version, campaignStatus, hoursAgo * 3600],
  );
  await pool.query(
    `INSERT INTO campaign_tpe (campaign_id, tpe_id, ordinal, tms, status, reason, attempt, from_version, version,
                               requested_at, last_update)
     VALUES ($1, $2, 0, 'alpha', $3, $4, $5, $6, $7, CASE WHEN $8 THEN now() - interval '40 min' END,
             now() - make_interval(mins => 12))`,
    [
      campaignId,
      tpeId,
      status,
      update.reason ?? null,
      attempt,
      fromVersion,
      update.reported ?? null,
      update.asked ?? true,
    ],
  );
  for (const { type, minutesAgo, reason, data, actor = 'platform' } of update.events ?? []) {
    await pool.query(
      `INSERT INTO event (type, campaign_id, tpe_id, actor, reason, data, occurred_at)
       VALUES ($1, $2, $3, $4, $5, $6, now() - make_interval(mins => $7))`,
      [type, campaignId, tpeId, actor, reason ?? null, { tms: 'alpha', attempt: 1, ...data }, minutesAgo],
    );
  }
  return campaignId;
}

/** An update that went well at its second attempt, after one that was rolled back and an earlier one. */
export async function plantPast(pool: Pool): Promise<string> {
  const tpeId = '3f2f8f0e-6d0f-4a52-9d3c-0c8b2b1f3a11';
  await pool.query(
    `INSERT INTO tpe (tpe_id, id_tms, tms, model, site, version_courante, tags, last_seen)
     VALUES ($1, 'A-000001', 'alpha', 'A920', 'Lyon-12', '4.3.0-rc.2', '{pilot,vip}', now() - interval '12 min')`,
    [tpeId],
  );
  await plantUpdate(pool, tpeId, {
    name: 'Update to 4.1.7',
    campaignStatus: 'COMPLETED',
    status: 'SUCCESS',
    version: '4.1.7',
    reported: '4.1.7',
    hoursAgo: 200,
    events: [
      { type: 'tpe.requested', minutesAgo: 900 },
      { type: 'tpe.success', minutesAgo: 880, data: { version: '4.1.7' } },
    ],
  });
  await plantUpdate(pool, tpeId, {
    name: 'Kernel 12 roll-out',
    campaignStatus: 'ABORTED',
    status: 'CANCELLED',
    version: '5.0.0',
    fromVersion: '4.1.7',
    reported: '4.1.7',
    reason: 'rolled-back',
    attempt: 2,
    hoursAgo: 50,
    events: [
      { type: 'tpe.requested', minutesAgo: 500 },
      { type: 'tpe.success', minutesAgo: 480, data: { version: '5.0.0' } },
      { type: 'tpe.rolling-back', minutesAgo: 400, data: { attempt: 2 } },
      { type: 'tpe.rollback-requested', minutesAgo: 398, data: { attempt: 2 } },
      { type: 'tpe.rolled-back', minutesAgo: 380, data: { attempt: 2, version: '4.1.7' } },
    ],
  });
  await plantUpdate(pool, tpeId, {
    name: 'Pilot shops Lyon',
    campaignStatus: 'COMPLETED',
    status: 'SUCCESS',
    version: '4.3.0-rc.2',
    fromVersion: '4.1.7',
    reported: '4.3.0-rc.2',
    attempt: 2,
    hoursAgo: 2,
    events: [
      { type: 'tpe.requested', minutesAgo: 60 },
      { type: 'tpe.installing', minutesAgo: 50, data: { tmsState: 'DOWNLOADING' } },
      { type: 'tpe.retrying', minutesAgo: 45, reason: 'failed:battery-low', data: { attempt: 2 } },
      { type: 'tpe.requested', minutesAgo: 40, data: { attempt: 2 } },
      { type: 'tpe.success', minutesAgo: 12, data: { attempt: 2, version: '4.3.0-rc.2' } },
    ],
  });
  return tpeId;
}
