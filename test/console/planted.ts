/** Campaigns in every state, written into the database as they would stand there: what a page shows of them. */
import { randomUUID } from 'node:crypto';
import type { Pool } from '../../db/pool.ts';
import type { CampaignStatus, StatusCounts } from '../../workflows/status.ts';

export interface Planted {
  name: string;
  status: CampaignStatus;
  version?: string;
  by?: string;
  counts: StatusCounts;
  /** Hours since it was created. */
  hoursAgo?: number;
  waitingFor?: { what: string; until: string | null };
  lastCommand?: { command: string; by: string; reason: string | null };
  rollingBack?: boolean;
}

/** @returns its id */
export async function plant(pool: Pool, campaign: Planted): Promise<string> {
  const { name, status, version = '4.2.0', by = 'ops', counts, hoursAgo = 1 } = campaign;
  const campaignId = randomUUID();
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const command = campaign.lastCommand && { ...campaign.lastCommand, at: new Date().toISOString() };
  await pool.query(
    `INSERT INTO campaign (campaign_id, name, version_cible, status, targets, policy, total, created_by, created_at,
                           correlation_id, waiting_for, last_command, rolling_back)
     VALUES ($1, $2, $3, $4, '{"all": true}', '{}', $5, $6, now() - make_interval(secs => $7), 'planted', $8, $9, $10)`,
    [
      campaignId,
      name,
      version,
      status,
      total,
      by,
      hoursAgo * 3600,
      campaign.waitingFor ?? null,
      command ?? null,
      campaign.rollingBack ?? false,
    ],
  );
  for (const [state, count] of Object.entries(counts)) {
    await pool.query(
      `WITH fresh AS (
         INSERT INTO tpe (tpe_id, id_tms, tms, model, site, version_courante)
         SELECT gen_random_uuid(), $1 || '-' || $2 || '-' || n, 'alpha', 'A920', 'Lyon-' || n % 40, '4.1.0'
         FROM generate_series(1, $3::integer) n RETURNING tpe_id)
       INSERT INTO campaign_tpe (campaign_id, tpe_id, ordinal, tms, status)
       SELECT $1::uuid, tpe_id, row_number() OVER (), 'alpha', $2 FROM fresh`,
      [campaignId, state, count],
    );
  }
  return campaignId;
}

/** Terminals change their status as the platform writes it: with an event, in one transaction. */
export async function advance(
  pool: Pool,
  campaignId: string,
  from: string,
  to: string,
  count: number,
): Promise<void> {
  await pool.query(
    `WITH these AS (SELECT tpe_id FROM campaign_tpe WHERE campaign_id = $1 AND status = $2 LIMIT $4),
          told AS (INSERT INTO event (type, campaign_id, tpe_id, actor) SELECT 'tpe.test', $1, tpe_id, 'test' FROM these)
     UPDATE campaign_tpe c SET status = $3 FROM these WHERE c.campaign_id = $1 AND c.tpe_id = these.tpe_id`,
    [campaignId, from, to, count],
  );
}

/** One of everything, as on a busy afternoon. */
export const AFTERNOON: readonly Planted[] = [
  {
    name: 'Contactless limit, whole fleet',
    status: 'RUNNING',
    by: 'anna.moreau@bank',
    hoursAgo: 3,
    counts: {
      SUCCESS: 13_200,
      FAILED: 180,
      TIMEOUT: 60,
      INSTALLING: 600,
      REQUESTED: 900,
      PENDING: 14_760,
      SKIPPED: 300,
    },
  },
  {
    name: 'Security patch 2026-11',
    status: 'RUNNING',
    version: '4.1.7',
    by: 'ops-night',
    hoursAgo: 26,
    counts: {
      SUCCESS: 8_875,
      FAILED: 50,
      TIMEOUT: 13,
      INSTALLING: 375,
      REQUESTED: 125,
      PENDING: 2_812,
      SKIPPED: 250,
    },
    waitingFor: { what: 'wave 2 of 3, soaking 30 min', until: '2026-11-27T15:40:00.000Z' },
  },
  {
    name: 'Pilot shops Lyon',
    status: 'PAUSED',
    version: '4.3.0-rc.2',
    by: 'karim.b@bank',
    hoursAgo: 0.9,
    counts: { SUCCESS: 130, FAILED: 38, TIMEOUT: 8, INSTALLING: 4, PENDING: 232, SKIPPED: 8 },
    waitingFor: { what: 'a decision: wave 1 (canary): 73.9 % SUCCESS, 95 % needed', until: null },
    lastCommand: { command: 'pause', by: 'campaign', reason: null },
  },
  {
    name: 'Receipt printer fix, A80',
    status: 'PAUSED',
    version: '4.2.1',
    by: 'anna.moreau@bank',
    hoursAgo: 2,
    counts: { SUCCESS: 371, INSTALLING: 310, PENDING: 2_419 },
    lastCommand: { command: 'pause', by: 'luc.m', reason: 'storm in Lyon, shops have no power' },
  },
  {
    name: 'Meal vouchers, south-west',
    status: 'PENDING_APPROVAL',
    by: 'j.dupont',
    hoursAgo: 0.4,
    counts: { PENDING: 835, SKIPPED: 25 },
    waitingFor: { what: 'the approval of somebody other than its author', until: null },
  },
  {
    name: 'Night update Bretagne',
    status: 'SCHEDULED',
    by: 'ops-night',
    hoursAgo: 5,
    counts: { PENDING: 5_346, SKIPPED: 54 },
    waitingFor: { what: 'the maintenance windows to open', until: '2026-11-27T21:00:00.000Z' },
  },
  {
    name: 'Kernel 12 roll-out',
    status: 'CANCELLING',
    version: '5.0.0',
    by: 'karim.b@bank',
    hoursAgo: 7,
    counts: { SUCCESS: 101, FAILED: 358, TIMEOUT: 120, INSTALLING: 160, CANCELLED: 1_261 },
    waitingFor: { what: 'the roll-back of what it has changed', until: null },
    lastCommand: { command: 'cancel', by: 'anna.moreau@bank', reason: 'terminals restart in a loop' },
    rollingBack: true,
  },
  {
    name: 'Update to 4.1.6',
    status: 'COMPLETED',
    version: '4.1.6',
    by: 'ops-night',
    hoursAgo: 9 * 24,
    counts: { SUCCESS: 4_890, FAILED: 55, TIMEOUT: 15, SKIPPED: 40 },
  },
  {
    name: 'Bakeries test',
    status: 'CANCELLED',
    version: '4.2.0-beta',
    by: 'j.dupont',
    hoursAgo: 11 * 24,
    counts: { SUCCESS: 30, FAILED: 3, CANCELLED: 117 },
    lastCommand: { command: 'cancel', by: 'j.dupont', reason: 'wrong version' },
  },
  {
    name: 'EMV kernel hotfix',
    status: 'ABORTED',
    version: '4.0.9',
    by: 'ops-day',
    hoursAgo: 15 * 24,
    counts: { FAILED: 130, TIMEOUT: 25, CANCELLED: 460, SKIPPED: 6 },
    lastCommand: { command: 'abort', by: 'campaign', reason: '21 % FAILED, 5 % allowed' },
    rollingBack: true,
  },
];
