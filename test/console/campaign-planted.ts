/** A campaign in the middle of its second wave, with waves, policy, terminals and the events that its statistics are made of. */
import type { Pool } from '../../db/pool.ts';
import { projectBatch } from '../../projections/projector.ts';
import { DEFAULT_GATE, DEFAULT_POLICY } from '../../workflows/policy/defaults.ts';
import type { CampaignPolicy } from '../../workflows/policy/types.ts';
import type { StatusCounts } from '../../workflows/status.ts';
import { addEvents, clearProjections, created, life, sealEvents, type NewEvent } from '../projections/rig.ts';
import { plant, type Planted } from './planted.ts';

/** Terminals of each wave. */
const SIZES = [200, 1_800, 4_000];

const COUNTS: StatusCounts = {
  SUCCESS: 1_320,
  FAILED: 46,
  TIMEOUT: 18,
  INSTALLING: 210,
  REQUESTED: 90,
  PENDING: 4_256,
  SKIPPED: 60,
};

export const POLICY: CampaignPolicy = {
  ...DEFAULT_POLICY,
  waves: [
    { name: 'canary', size: { count: 200 }, gate: { ...DEFAULT_GATE, soakSeconds: 3600, approval: true } },
    { name: 'Lyon and Nice', size: { percent: 30 }, gate: { ...DEFAULT_GATE, soakSeconds: 1800 } },
    { name: 'rest', size: { rest: true }, gate: DEFAULT_GATE },
  ],
  rate: { perMinute: 60, growthFactor: 2, growEvery: 500, maxPerMinute: 2000 },
};

const MODELS = ['A920', 'A80', 'Move5000', 'Desk3500'];

/** What has failed, and how often, of a hundred. */
const REASONS: readonly [string, number][] = [
  ['failed:battery-low: 8 %', 55],
  ['failed:no-space: 12 MB free', 25],
  ['unverified', 12],
  ['failed:signature: wrong key', 8],
];

/** @returns its id */
export async function plantRollout(pool: Pool, change: Partial<Planted> = {}): Promise<string> {
  const campaignId = await plant(pool, {
    name: 'Contactless limit, whole fleet',
    status: 'RUNNING',
    by: 'anna.moreau@bank',
    hoursAgo: 5,
    counts: COUNTS,
    ...change,
  });
  await pool.query(
    `UPDATE campaign SET policy = $2, started_at = created_at + interval '1 minute',
       policy_template = '{"name": "careful", "version": 3}' WHERE campaign_id = $1`,
    [campaignId, POLICY],
  );
  await pool.query(
    `INSERT INTO campaign_wave (campaign_id, wave, name, total, state, started_at, passed_at, detail)
     VALUES ($1, 1, 'canary', $2, 'PASSED', now() - interval '5 hours', now() - interval '3 hours', NULL),
            ($1, 2, 'Lyon and Nice', $3, 'RUNNING', now() - interval '3 hours', NULL, NULL),
            ($1, 3, 'rest', $4, 'WAITING', NULL, NULL, NULL)`,
    [campaignId, ...SIZES],
  );
  // PostgreSQL may still know the campaign of the test before, and would take this one for a row or two: it would compare
  // each terminal with each other one, which takes minutes.
  await pool.query('ANALYZE campaign_tpe, tpe');
  await spread(pool, campaignId);
  return campaignId;
}

/** What has ended is in the first waves; models, sites and reasons differ. */
async function spread(pool: Pool, campaignId: string): Promise<void> {
  await pool.query(
    `WITH ranked AS (
       SELECT tpe_id, row_number() OVER (PARTITION BY status ORDER BY tpe_id) AS place
       FROM campaign_tpe WHERE campaign_id = $1)
     UPDATE campaign_tpe c
     SET wave = CASE WHEN status = 'SUCCESS' AND place <= 194 OR status = 'FAILED' AND place <= 6 THEN 1
                     WHEN status <> 'PENDING' OR place <= 256 THEN 2 ELSE 3 END,
         last_update = now() - make_interval(mins => (place % 200)::integer)
     FROM ranked WHERE c.campaign_id = $1 AND c.tpe_id = ranked.tpe_id`,
    [campaignId],
  );
  await pool.query(
    `UPDATE tpe SET id_tms = 'A-' || upper(right(tpe_id::text, 12)),
       model = (ARRAY['A920', 'A80', 'Move5000', 'Desk3500'])[1 + abs(hashtext(id_tms)) % 4]
     WHERE tpe_id IN (SELECT tpe_id FROM campaign_tpe WHERE campaign_id = $1)`,
    [campaignId],
  );
  await pool.query(
    `UPDATE campaign_tpe SET version = CASE WHEN status = 'SUCCESS' THEN '4.2.0' ELSE '4.1.0' END, from_version = '4.1.0',
       reason = CASE status WHEN 'SKIPPED' THEN 'already-there' WHEN 'TIMEOUT' THEN 'unverified'
                WHEN 'FAILED' THEN (ARRAY['failed:battery-low: 8 %', 'failed:battery-low: 5 %', 'failed:no-space: 12 MB free'])
                                   [1 + abs(hashtext(tpe_id::text)) % 3] END
     WHERE campaign_id = $1`,
    [campaignId],
  );
}

/** The life of all that have ended, over five hours, counted. */
export async function plantStatistics(pool: Pool, campaignId: string): Promise<void> {
  await clearProjections(pool);
  const events: NewEvent[] = [created(campaignId, SIZES, hoursAgo(5))];
  const { SUCCESS = 0, FAILED = 0, TIMEOUT = 0 } = COUNTS;
  const ended = SUCCESS + FAILED + TIMEOUT;
  for (let n = 0; n < ended; n++) {
    // Scattered, and the same ones each time: no factor of either number is one of the other.
    const roll = (n * 611) % ended;
    const failed = roll < FAILED + TIMEOUT;
    events.push(
      ...life(campaignId, {
        to: failed ? (roll < TIMEOUT ? 'TIMEOUT' : 'FAILED') : 'SUCCESS',
        ...(failed && { reason: roll < TIMEOUT ? 'unverified' : reasonOf((n * 61) % 100) }),
        at: hoursAgo(endOf(n / ended)),
        seconds: secondsOf(((n * 367) % ended) / ended),
        wave: n < 200 ? 1 : 2,
        model: MODELS[((n * 5) % 9) % 4] ?? '',
        site: `Lyon-${((n * 7) % 40) % 23}`,
      }),
    );
  }
  await addEvents(pool, events);
  await pool.query('ANALYZE event');
  await sealEvents(pool);
  while ((await projectBatch(pool)).full);
}

/** Hours ago that a share of all has ended: the canary, its soak time, then ever faster. */
function endOf(share: number): number {
  return share < 0.145 ? 4.9 - share * 6 : 2.9 * (1 - ((share - 0.145) / 0.855) ** 0.7) + 0.05;
}

/** How long an update takes: most some minutes, a few much longer. */
function secondsOf(share: number): number {
  return 90 * Math.exp(1.1 * share + 4.2 * share ** 6);
}

function hoursAgo(hours: number): Date {
  return new Date(Date.now() - hours * 3_600_000);
}

function reasonOf(roll: number): string {
  let sum = 0;
  return REASONS.find(([, share]) => (sum += share) > roll)?.[0] ?? 'unverified';
}
