/** The terminals of a running campaign: what is to be asked for, tracked, cancelled. */
import type { RecordedEnd, RecordInput, ShardSizeOf } from '../activities/types.ts';
import type { TpeStatus } from '../workflows/status.ts';
import type { Batch } from '../workflows/policy/sizing.ts';
import type { SagaStep, TrackedTpe } from '../workflows/types.ts';
import type { Queryable } from './pool.ts';

/** A terminal that is to be asked for. */
export interface PendingTpe {
  tpeId: string;
  idTms: string;
  attempt: number;
  ordinal: number;
  /** IANA name of the time zone of its site; null where none was set. */
  timeZone: string | null;
}

/** The terminals of a batch that have not been asked for yet, in order. */
export async function loadPending(db: Queryable, campaignId: string, batch: Batch): Promise<PendingTpe[]> {
  const { rows } = await db.query<PendingTpe>({
    name: 'load-pending',
    text: `SELECT c.tpe_id AS "tpeId", t.id_tms AS "idTms", c.attempt, c.ordinal, s.time_zone AS "timeZone"
           FROM campaign_tpe c JOIN tpe t USING (tpe_id) LEFT JOIN site s USING (site)
           WHERE c.campaign_id = $1 AND c.tms = $2 AND c.ordinal >= $3 AND c.ordinal < $4 AND c.status = 'PENDING'
             AND c.shard IS NULL
           ORDER BY c.ordinal`,
    values: [campaignId, batch.tms, batch.from, batch.to],
  });
  return rows;
}

/**
 * Which of these operations at a TMS the platform knows, from any campaign or attempt: a row has only its latest. What a TMS reports
 * beyond them comes from a request whose answer was lost.
 */
export async function findKnownOperations(
  db: Queryable,
  tpeIds: readonly string[],
  operationIds: readonly string[],
): Promise<Set<string>> {
  const { rows } = await db.query<{ operationId: string }>(
    `SELECT operation_id AS "operationId" FROM campaign_tpe
     WHERE tpe_id = ANY($1::uuid[]) AND operation_id = ANY($2::text[])
     UNION
     SELECT data->>'operationId' FROM event
     WHERE tpe_id = ANY($1::uuid[]) AND data->>'operationId' = ANY($2::text[])`,
    [tpeIds, operationIds],
  );
  return new Set(rows.map(({ operationId }) => operationId));
}

/** What a terminal's attempt has ended as; undefined while it has not, or where another has begun. */
export async function loadEnd(
  db: Queryable,
  { campaignId, tpeId, attempt }: Pick<RecordInput, 'campaignId' | 'tpeId' | 'attempt'>,
): Promise<RecordedEnd | undefined> {
  const { rows } = await db.query<RecordedEnd>({
    name: 'load-end',
    text: `SELECT status, reason, version FROM campaign_tpe
           WHERE campaign_id = $1 AND tpe_id = $2 AND attempt = $3 AND tpe_status_rank(status) = 3`,
    values: [campaignId, tpeId, attempt],
  });
  return rows[0];
}

/** The shards of a range that have terminals in them, with how many. */
export async function findShards(
  db: Queryable,
  campaignId: string,
  range: { from: number; to: number },
): Promise<ShardSizeOf[]> {
  const { rows } = await db.query<ShardSizeOf>({
    name: 'find-shards',
    text: `SELECT shard, count(*)::integer AS terminals FROM campaign_tpe
           WHERE campaign_id = $1 AND shard >= $2 AND shard < $3 GROUP BY shard ORDER BY shard`,
    values: [campaignId, range.from, range.to],
  });
  return rows;
}

const TRACKED = `c.tpe_id AS "tpeId", t.id_tms AS "idTms", c.tms, t.model, t.site, c.from_version AS "fromVersion",
  c.attempt, c.status, CASE WHEN c.status = 'PENDING' THEN c.reason END AS pending, c.operation_id AS "operationId", coalesce(extract(epoch FROM c.requested_at) * 1000, 0)::float8 AS "requestedAt"`;

/**
 * The terminals of a shard that are to be followed. Those that have failed or were cancelled by now are left out, not
 * those that a sweep has found done: each terminal that was asked for has its page in Temporal.
 */
export async function loadShard(
  db: Queryable,
  campaignId: string,
  shard: number,
  step: SagaStep,
): Promise<TrackedTpe[]> {
  const open =
    step === 'update'
      ? `c.status IN ('PENDING', 'REQUESTED', 'INSTALLING', 'SUCCESS')`
      : `c.compensation IN ('PENDING', 'REQUESTED')`;
  const { rows } = await db.query<TrackedTpe>({
    name: `load-shard-${step}`,
    text: `SELECT ${TRACKED} FROM campaign_tpe c JOIN tpe t USING (tpe_id)
           WHERE c.campaign_id = $1 AND c.shard = $2 AND ${open}
           ORDER BY c.ordinal`,
    values: [campaignId, shard],
  });
  return rows;
}

/**
 * The terminals of a TMS in the same attempt that are not final.
 * @param asked when they were asked for, epoch ms, both included
 */
export async function loadDue(
  db: Queryable,
  { campaignId, tms, attempt }: { campaignId: string; tms: string; attempt: number },
  asked: { from: number; to: number },
): Promise<TrackedTpe[]> {
  const { rows } = await db.query<TrackedTpe>({
    name: 'load-due',
    text: `SELECT ${TRACKED} FROM campaign_tpe c JOIN tpe t USING (tpe_id)
           WHERE c.campaign_id = $1 AND c.tms = $2 AND c.attempt = $3 AND c.status IN ('REQUESTED', 'INSTALLING')
             AND c.requested_at BETWEEN to_timestamp($4::float8 / 1000) AND to_timestamp($5::float8 / 1000)
           ORDER BY c.requested_at`,
    values: [campaignId, tms, attempt, asked.from, asked.to],
  });
  return rows;
}

/** The terminals of a TMS that it has been asked for and may not have begun, page by page. */
export async function loadRequested(
  db: Queryable,
  campaignId: string,
  tms: string,
  page: { after: number; limit: number },
): Promise<(TrackedTpe & { ordinal: number })[]> {
  const { rows } = await db.query<TrackedTpe & { ordinal: number }>(
    `SELECT ${TRACKED}, c.ordinal FROM campaign_tpe c JOIN tpe t USING (tpe_id)
     WHERE c.campaign_id = $1 AND c.tms = $2 AND c.status IN ('REQUESTED', 'INSTALLING') AND c.ordinal > $3
     ORDER BY c.ordinal LIMIT $4`,
    [campaignId, tms, page.after, page.limit],
  );
  return rows;
}

/** The terminals whose tracker may still run while the campaign is being cancelled. */
export async function findTracked(db: Queryable, campaignId: string): Promise<string[]> {
  const { rows } = await db.query<{ tpeId: string }>(
    `SELECT tpe_id AS "tpeId" FROM campaign_tpe
     WHERE campaign_id = $1 AND shard IS NOT NULL AND (status IN ('REQUESTED', 'INSTALLING', 'CANCELLED')
           OR compensation IN ('PENDING', 'REQUESTED'))
     ORDER BY shard, tpe_id`,
    [campaignId],
  );
  return rows.map(({ tpeId }) => tpeId);
}

/** Terminals of a campaign in one of these statuses, with the attempt that they are in. */
export async function findByStatus(
  db: Queryable,
  campaignId: string,
  statuses: readonly string[],
  limit: number,
): Promise<{ tpeId: string; attempt: number }[]> {
  const { rows } = await db.query<{ tpeId: string; attempt: number }>(
    `SELECT tpe_id AS "tpeId", attempt FROM campaign_tpe
     WHERE campaign_id = $1 AND status = ANY($2::text[]) ORDER BY tpe_id LIMIT $3`,
    [campaignId, statuses, limit],
  );
  return rows;
}

/** One terminal of a campaign as the step that asks for it finds it. */
export interface AskableTpe {
  tpeId: string;
  idTms: string;
  attempt: number;
  status: TpeStatus;
  compensation: string | null;
  operationId: string | null;
  /** Epoch ms; 0 where it was not asked for. */
  requestedAt: number;
  timeZone: string | null;
}

export async function findAskable(
  db: Queryable,
  campaignId: string,
  tpeId: string,
): Promise<AskableTpe | undefined> {
  const { rows } = await db.query<AskableTpe>({
    name: 'find-askable',
    text: `SELECT c.tpe_id AS "tpeId", t.id_tms AS "idTms", c.attempt, c.status, c.compensation,
                  c.operation_id AS "operationId", s.time_zone AS "timeZone",
                  coalesce(extract(epoch FROM c.requested_at) * 1000, 0)::float8 AS "requestedAt"
           FROM campaign_tpe c JOIN tpe t USING (tpe_id) LEFT JOIN site s USING (site)
           WHERE c.campaign_id = $1 AND c.tpe_id = $2`,
    values: [campaignId, tpeId],
  });
  return rows[0];
}

/** Time zones of the sites of a wave's terminals that have not been asked for; null for a site without one. */
export async function zonesOfPending(
  db: Queryable,
  campaignId: string,
  wave: number,
): Promise<(string | null)[]> {
  const { rows } = await db.query<{ timeZone: string | null }>(
    `SELECT DISTINCT s.time_zone AS "timeZone"
     FROM campaign_tpe c JOIN tpe t USING (tpe_id) LEFT JOIN site s USING (site)
     WHERE c.campaign_id = $1 AND c.wave = $2 AND c.status = 'PENDING' AND c.shard IS NULL`,
    [campaignId, wave],
  );
  return rows.map(({ timeZone }) => timeZone);
}
