/** Orders of other systems: each asks for one terminal of a campaign, which the first of them makes. */
import { DatabaseError } from 'pg';
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import { announceStatus, recordTpeEvents } from './announce.ts';
import { takeIn } from './inbox.ts';
import { Parameters } from './parameters.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';
import { NOT_BUSY, skipReason } from './skip-reason.ts';

export interface Order {
  /** CloudEvents source and id: the same again changes nothing. */
  source: string;
  eventId: string;
  tpeId: string;
  targetVersion: string;
  /** Who is said to have asked. */
  actor: string;
  correlationId: string | null;
  /** W3C trace context. */
  traceparent: string | null;
}

/** What the campaign is made with, if the first order has yet to make it. */
export interface OrderedCampaign {
  campaignId: string;
  name: string;
  /** Of one wave, static. */
  policy: CampaignPolicy;
  policyTemplate: { name: string; version: number } | null;
  /** Seconds without an order after which it takes none any more; null: it takes no other than these. */
  keepOpenSeconds: number | null;
}

export const ORDER_REFUSALS = {
  UNKNOWN_TERMINAL: 'There is no such terminal in the fleet.',
  TMS_NOT_CONFIGURED: 'The platform has no adapter for the TMS of the terminal.',
  CAMPAIGN_NOT_JOINABLE: 'The campaign was not made by orders, or takes no further ones.',
  CAMPAIGN_CLOSED: 'The campaign has ended, or no longer takes orders: use another campaignId.',
  OTHER_VERSION: 'The campaign is for another target version.',
} as const;
export type OrderRefusal = keyof typeof ORDER_REFUSALS;

/**
 * What became of an order: `added` as PENDING or SKIPPED, `repeated` because it, or its terminal in this campaign, was
 * there before, or a refusal, of which nothing is kept.
 */
export type OrderOutcome = 'added' | 'repeated' | OrderRefusal;

export interface OrderOptions {
  topicPrefix: string;
  /** Names of the TMSs that are configured. */
  tmsNames: readonly string[];
}

/** How often it is tried where another campaign takes one of the terminals at the same moment. */
const TRIES = 5;

/**
 * Adds the terminals of orders to their campaign, in one transaction; makes the campaign if there is none. Safe for
 * any number of consumers at once.
 * @returns an outcome per order, in their order, and whether the campaign is new
 */
export async function addOrders(
  pool: Pool,
  campaign: OrderedCampaign,
  orders: readonly Order[],
  options: OrderOptions,
): Promise<{ outcomes: OrderOutcome[]; isNew: boolean }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(pool, (db) => add(db, campaign, orders, options));
    } catch (error) {
      const taken = error instanceof DatabaseError && error.constraint === 'campaign_tpe_active';
      if (!taken || attempt === TRIES) throw error;
    }
  }
}

async function add(
  db: Queryable,
  campaign: OrderedCampaign,
  orders: readonly Order[],
  options: OrderOptions,
): Promise<{ outcomes: OrderOutcome[]; isNew: boolean }> {
  const tmsOf = await readTms(db, orders);
  const outcomes: OrderOutcome[] = orders.map(({ tpeId }) => {
    const tms = tmsOf.get(tpeId);
    if (tms === undefined) return 'UNKNOWN_TERMINAL';
    return options.tmsNames.includes(tms) ? 'added' : 'TMS_NOT_CONFIGURED';
  });
  const first = orders.find((_, index) => outcomes[index] === 'added');
  if (!first) return { outcomes, isNew: false };
  let found = await lockCampaign(db, campaign.campaignId);
  const isNew = found === undefined && (await makeCampaign(db, campaign, first));
  found ??= await lockCampaign(db, campaign.campaignId);
  if (!found) throw new Error(`the campaign ${campaign.campaignId} has gone while it was ordered from`);
  const known = await takeIn(
    db,
    orders.filter((_, index) => outcomes[index] === 'added'),
  );
  let place = 0;
  for (const [index, { targetVersion }] of orders.entries()) {
    if (outcomes[index] !== 'added') continue;
    const isUnseen = known[place++];
    outcomes[index] = !isUnseen
      ? 'repeated'
      : targetVersion === found.targetVersion
        ? 'added'
        : 'OTHER_VERSION';
  }
  if (found.refusal && !isNew) await refuseAll(db, campaign.campaignId, found.refusal, orders, outcomes);
  const added = orders.filter((_, index) => outcomes[index] === 'added');
  const joined = await join(db, campaign.campaignId, found.targetVersion, added, options);
  for (const [index, { tpeId }] of orders.entries()) {
    if (outcomes[index] === 'added' && !joined.delete(tpeId)) outcomes[index] = 'repeated';
  }
  await forgetRefused(db, orders, outcomes);
  return { outcomes, isNew };
}

async function readTms(db: Queryable, orders: readonly Order[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ tpeId: string; tms: string }>({
    name: 'ordered-terminals',
    text: `SELECT tpe_id AS "tpeId", tms FROM tpe WHERE tpe_id = ANY($1::uuid[])`,
    values: [orders.map(({ tpeId }) => tpeId)],
  });
  return new Map(rows.map(({ tpeId, tms }) => [tpeId, tms]));
}

async function makeCampaign(
  db: Queryable,
  { campaignId, name, policy, policyTemplate, keepOpenSeconds }: OrderedCampaign,
  { targetVersion, actor, correlationId, traceparent, eventId }: Order,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `WITH made AS (
       INSERT INTO campaign (campaign_id, name, version_cible, status, targets, policy, policy_template, total,
                             created_by, correlation_id, traceparent, keep_open_seconds)
       SELECT $1::uuid, $2, $3, CASE $4::jsonb->>'approval' WHEN 'four-eyes' THEN 'PENDING_APPROVAL' ELSE 'SCHEDULED' END,
              '{"orders": true}', $4::jsonb, $5::jsonb, 0, $6, coalesce($7, $9), $8, $10
       ON CONFLICT (campaign_id) DO NOTHING
       RETURNING *
     ), waved AS (
       INSERT INTO campaign_wave (campaign_id, wave, name, total)
       SELECT campaign_id, 1, policy->'waves'->0->>'name', 0 FROM made
       RETURNING wave, name, total
     )
     INSERT INTO event (type, campaign_id, actor, data, correlation_id, traceparent)
     SELECT 'campaign.created', campaign_id, created_by,
            jsonb_strip_nulls(jsonb_build_object('name', made.name, 'targetVersion', version_cible, 'total', 0,
              'selection', targets, 'policyTemplate', policy_template))
            || jsonb_build_object('policy', policy, 'waves', jsonb_build_array(to_jsonb(waved))),
            correlation_id, traceparent
     FROM made, waved`,
    [
      campaignId,
      name,
      targetVersion,
      JSON.stringify(policy),
      policyTemplate && JSON.stringify(policyTemplate),
      actor,
      correlationId,
      traceparent,
      eventId,
      keepOpenSeconds,
    ],
  );
  return rowCount === 1;
}

interface LockedCampaign {
  targetVersion: string;
  /** Why it takes no order. */
  refusal: OrderRefusal | null;
}

async function lockCampaign(db: Queryable, campaignId: string): Promise<LockedCampaign | undefined> {
  const { rows } = await db.query<LockedCampaign>(
    `SELECT version_cible AS "targetVersion",
            CASE WHEN keep_open_seconds IS NULL THEN 'CAMPAIGN_NOT_JOINABLE'
                 WHEN orders_closed_at IS NOT NULL OR status IN ('CANCELLING', 'COMPLETED', 'CANCELLED', 'ABORTED')
                 THEN 'CAMPAIGN_CLOSED' END AS refusal
     FROM campaign WHERE campaign_id = $1 FOR UPDATE`,
    [campaignId],
  );
  return rows[0];
}

/** An order for a terminal that the campaign has is a repetition, also of a campaign that takes no more. */
async function refuseAll(
  db: Queryable,
  campaignId: string,
  refusal: OrderRefusal,
  orders: readonly Order[],
  outcomes: OrderOutcome[],
): Promise<void> {
  const { rows } = await db.query<{ tpeId: string }>(
    'SELECT tpe_id AS "tpeId" FROM campaign_tpe WHERE campaign_id = $1 AND tpe_id = ANY($2::uuid[])',
    [campaignId, orders.map(({ tpeId }) => tpeId)],
  );
  const there = new Set(rows.map(({ tpeId }) => tpeId));
  for (const [index, { tpeId }] of orders.entries()) {
    if (outcomes[index] === 'added') outcomes[index] = there.has(tpeId) ? 'repeated' : refusal;
  }
}

/** What is refused may be mended and sent again under the same id. */
async function forgetRefused(
  db: Queryable,
  orders: readonly Order[],
  outcomes: readonly OrderOutcome[],
): Promise<void> {
  const refused = orders.filter(
    (_, index) => outcomes[index] === 'OTHER_VERSION' || outcomes[index]?.startsWith('CAMPAIGN_'),
  );
  if (refused.length === 0) return;
  await db.query(
    `DELETE FROM inbox USING unnest($1::text[], $2::text[]) AS refused(source, event_id)
     WHERE inbox.source = refused.source AND inbox.event_id = refused.event_id`,
    [refused.map(({ source }) => source), refused.map(({ eventId }) => eventId)],
  );
}

/** @returns the terminals that are in the campaign now and were not before */
async function join(
  db: Queryable,
  campaignId: string,
  targetVersion: string,
  orders: readonly Order[],
  { topicPrefix, tmsNames }: OrderOptions,
): Promise<Set<string>> {
  if (orders.length === 0) return new Set();
  const parameters = new Parameters();
  const id = `${parameters.add(campaignId)}::uuid`;
  const list = (pick: (order: Order) => string | null): string =>
    `${parameters.add(orders.map(pick))}::text[]`;
  const lists = [
    `${list(({ tpeId }) => tpeId)}::uuid[]`,
    list(({ actor }) => actor),
    list(({ source }) => source),
    list(({ eventId }) => eventId),
    list(({ correlationId }) => correlationId),
    list(({ traceparent }) => traceparent),
  ].join(', ');
  const reason = skipReason({ targetVersion, tmsNames, listed: true }, `NOT ${NOT_BUSY}`, parameters);
  const prefix = parameters.add(topicPrefix);
  const version = `${parameters.add(targetVersion)}::text`;
  const { rows } = await db.query<{ tpeId: string }>(
    `WITH ordered AS (
       SELECT DISTINCT ON (tpe_id) * FROM unnest(${lists}) WITH ORDINALITY
         AS o(tpe_id, actor, source, order_id, order_correlation_id, order_traceparent, place)
       ORDER BY tpe_id, place
     ), joining AS MATERIALIZED (
       SELECT o.*, t.id_tms, t.tms, t.model, t.site, t.version_courante AS from_version, ${reason} AS skip_reason,
              coalesce(ends.next, 0) + row_number() OVER (PARTITION BY t.tms ORDER BY o.place) - 1 AS ordinal
       FROM ordered o JOIN tpe t USING (tpe_id)
       LEFT JOIN LATERAL (SELECT max(ordinal) + 1 AS next FROM campaign_tpe
                          WHERE campaign_id = ${id} AND tms = t.tms) AS ends ON true
       WHERE NOT EXISTS (SELECT FROM campaign_tpe mine WHERE mine.campaign_id = ${id} AND mine.tpe_id = t.tpe_id)
     ), joined AS (
       INSERT INTO campaign_tpe (campaign_id, tpe_id, wave, ordinal, tms, status, reason, from_version, sequence,
                                 order_correlation_id, order_traceparent)
       SELECT ${id}, tpe_id, 1, ordinal, tms, CASE WHEN skip_reason IS NULL THEN 'PENDING' ELSE 'SKIPPED' END,
              skip_reason, from_version, CASE WHEN skip_reason IS NULL THEN 0 ELSE 1 END,
              order_correlation_id, order_traceparent
       FROM joining ORDER BY tpe_id
       RETURNING *
     ), raised AS (
       UPDATE campaign SET total = total + (SELECT count(*) FROM joined), ordered_at = clock_timestamp()
       WHERE campaign_id = ${id} AND EXISTS (SELECT FROM joined)
     ), grown AS (
       UPDATE campaign_wave SET total = total + (SELECT count(*) FROM joined) WHERE campaign_id = ${id} AND wave = 1
     ), moved AS (
       SELECT c.*, j.id_tms, j.model, j.site, j.actor, j.source, j.order_id, ${version} AS version_cible,
              coalesce(c.order_correlation_id, k.correlation_id) AS correlation_id,
              coalesce(c.order_traceparent, k.traceparent) AS traceparent
       FROM joined c JOIN joining j USING (tpe_id) JOIN campaign k ON k.campaign_id = ${id}
     ), recorded AS (
       ${recordTpeEvents('moved', {
         type: `CASE status WHEN 'PENDING' THEN 'tpe.ordered' ELSE 'tpe.skipped' END`,
         actor: 'actor',
         from: 'NULL',
         data: `jsonb_build_object('source', source, 'orderId', order_id, 'version', from_version)`,
       })}
     ), announced AS (
       ${announceStatus('moved', prefix)}
     )
     SELECT tpe_id AS "tpeId" FROM joined`,
    parameters.values,
  );
  return new Set(rows.map(({ tpeId }) => tpeId));
}

/** Terminals that were ordered since: the next ordinals per TMS, from those that the campaign has not taken yet. */
export interface TakenOrders {
  /** Per TMS, `from` is what was taken before and `to` what there is now; TMSs without anything new are absent. */
  lanes: { tms: string; from: number; to: number }[];
  /** No order is taken from now on. */
  closed: boolean;
}

/** Whether the campaign takes no more orders from now on: where none has come, or in any case. */
export type CloseOrders = 'never' | 'if-none' | 'always';

/**
 * What has been ordered beyond `taken`.
 * @param taken the next ordinal per TMS that the campaign has not taken
 */
export async function takeOrders(
  pool: Pool,
  campaignId: string,
  taken: Readonly<Record<string, number>>,
  close: CloseOrders,
): Promise<TakenOrders> {
  return inTransaction(pool, async (db) => {
    // An order that is being added holds the campaign: it is either seen here, or finds it closed.
    await db.query('UPDATE campaign SET orders_seen_at = clock_timestamp() WHERE campaign_id = $1', [
      campaignId,
    ]);
    const { rows } = await db.query<{ tms: string; to: number }>(
      `SELECT tms, max(ordinal) + 1 AS "to" FROM campaign_tpe WHERE campaign_id = $1 GROUP BY tms ORDER BY tms`,
      [campaignId],
    );
    const lanes = rows
      .map(({ tms, to }) => ({ tms, from: taken[tms] ?? 0, to }))
      .filter(({ from, to }) => to > from);
    const closed = close === 'always' || (close === 'if-none' && lanes.length === 0);
    if (closed) await closeOrders(db, campaignId);
    return { lanes, closed };
  });
}

/** From now on every order of this campaign is refused. */
export async function closeOrders(db: Queryable, campaignId: string): Promise<void> {
  await db.query(
    `UPDATE campaign SET orders_closed_at = clock_timestamp()
     WHERE campaign_id = $1 AND keep_open_seconds IS NOT NULL AND orders_closed_at IS NULL`,
    [campaignId],
  );
}

/** How long a campaign may leave an order unseen: it gathers them for a minute at most. */
const UNSEEN_SECONDS = 90;

/** Campaigns that nobody has told of their newest orders. Each is given once for the same orders. */
export async function claimUntold(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ campaignId: string }>(
    `UPDATE campaign SET orders_seen_at = clock_timestamp()
     WHERE keep_open_seconds IS NOT NULL AND orders_closed_at IS NULL AND ordered_at > coalesce(orders_seen_at, opened_at)
       AND ordered_at < now() - make_interval(secs => ${UNSEEN_SECONDS})
       AND status NOT IN ('CANCELLING', 'COMPLETED', 'CANCELLED', 'ABORTED')
     RETURNING campaign_id AS "campaignId"`,
  );
  return rows.map(({ campaignId }) => campaignId);
}
