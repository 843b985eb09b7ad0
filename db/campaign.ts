/** Campaigns as people read them. */
import type { CampaignStatus, StatusCounts, TpeStatus } from '../workflows/status.ts';
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import type { WaveState } from '../workflows/types.ts';
import { Parameters } from './parameters.ts';
import type { Queryable } from './pool.ts';

export interface CampaignRow {
  campaignId: string;
  name: string;
  status: CampaignStatus;
  targetVersion: string;
  total: number;
  createdBy: string;
  createdAt: Date;
  startedAt: Date | null;
  dispatchedAt: Date | null;
  endedAt: Date | null;
  lastCommand: { command: string; by: string; reason: string | null; at: string } | null;
  /** In words, and until when (ISO 8601) where that is known. */
  waitingFor: { what: string; until: string | null } | null;
  rollingBack: boolean;
  /** `createdAt` with microseconds, for the cursor. */
  createdAtExact: string;
}

export interface CampaignDetailRow extends CampaignRow {
  /** As asked for; a list of terminals is given as their number. */
  targets: Record<string, unknown>;
  policy: CampaignPolicy;
  correlationId: string;
  /** The template that the policy was made from. */
  policyTemplate: { name: string; version: number } | null;
  /** The campaign whose terminals this one tries again. */
  retryOf: string | null;
  approvedBy: string | null;
  approvedAt: Date | null;
}

/** A wave of a campaign. */
export interface CampaignWaveRow {
  /** From 1. */
  wave: number;
  name: string;
  state: WaveState;
  /** Terminals, skipped ones included. */
  total: number;
  startedAt: Date | null;
  passedAt: Date | null;
  /** Why it failed, or until when it soaks. */
  detail: string | null;
}

/** What makes a `CampaignRow`. */
export const CAMPAIGN_COLUMNS = `campaign_id AS "campaignId", name, status, version_cible AS "targetVersion", total,
  created_by AS "createdBy", created_at AS "createdAt", started_at AS "startedAt",
  dispatched_at AS "dispatchedAt", ended_at AS "endedAt", last_command AS "lastCommand",
  waiting_for AS "waitingFor", rolling_back AS "rollingBack",
  to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "createdAtExact"`;

/** One campaign; undefined if there is none with this id. */
export async function findCampaign(
  db: Queryable,
  campaignId: string,
): Promise<CampaignDetailRow | undefined> {
  const { rows } = await db.query<CampaignDetailRow>(
    `SELECT ${CAMPAIGN_COLUMNS}, policy, correlation_id AS "correlationId",
            policy_template AS "policyTemplate", retry_of AS "retryOf",
            approved_by AS "approvedBy", approved_at AS "approvedAt",
            CASE WHEN targets ? 'tpeIds' THEN jsonb_build_object('tpeIds', jsonb_array_length(targets->'tpeIds'))
                 ELSE targets END AS targets
     FROM campaign WHERE campaign_id = $1`,
    [campaignId],
  );
  return rows[0];
}

/** The waves of a campaign in their order. */
export async function listCampaignWaves(db: Queryable, campaignId: string): Promise<CampaignWaveRow[]> {
  const { rows } = await db.query<CampaignWaveRow>({
    name: 'list-campaign-waves',
    text: `SELECT wave, name, state, total, started_at AS "startedAt", passed_at AS "passedAt", detail
           FROM campaign_wave WHERE campaign_id = $1 ORDER BY wave`,
    values: [campaignId],
  });
  return rows;
}

/** What a command needs to know of a campaign. */
export async function findCampaignStatus(
  db: Queryable,
  campaignId: string,
): Promise<{ status: CampaignStatus; total: number } | undefined> {
  const { rows } = await db.query<{ status: CampaignStatus; total: number }>({
    name: 'campaign-status',
    text: 'SELECT status, total FROM campaign WHERE campaign_id = $1',
    values: [campaignId],
  });
  return rows[0];
}

export interface CampaignListQuery {
  /** Those with one of these; absent: all. */
  statuses?: readonly CampaignStatus[] | undefined;
  /** Those with this text in their name, version or author, in any letters, or whose id begins with it. */
  search?: string | undefined;
  /** Goes on after this campaign: its exact time of creation and its id. */
  after?: readonly [string, string] | undefined;
  limit: number;
}

/** Campaigns, newest first. */
export async function listCampaigns(db: Queryable, query: CampaignListQuery): Promise<CampaignRow[]> {
  const parameters = new Parameters();
  const conditions = ['true'];
  if (query.statuses) conditions.push(`status = ANY(${parameters.add(query.statuses)}::text[])`);
  if (query.search !== undefined) conditions.push(searchCondition(parameters, query.search));
  if (query.after) {
    const [at, id] = query.after.map((part) => parameters.add(part));
    // Descending by time, ascending by id, as the index has it.
    conditions.push(
      `created_at <= ${at}::timestamptz AND (created_at < ${at}::timestamptz OR campaign_id > ${id}::uuid)`,
    );
  }
  const { rows } = await db.query<CampaignRow>(
    `SELECT ${CAMPAIGN_COLUMNS} FROM campaign WHERE ${conditions.join(' AND ')}
     ORDER BY created_at DESC, campaign_id LIMIT ${parameters.add(query.limit)}`,
    parameters.values,
  );
  return rows;
}

function searchCondition(parameters: Parameters, search: string): string {
  // What stands for any text in a pattern is meant as it is.
  const text = search.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`);
  const within = parameters.add(`%${text}%`);
  const columns = ['name', 'version_cible', 'created_by'].map((column) => `${column} ILIKE ${within}`);
  return `(${columns.join(' OR ')} OR campaign_id::text LIKE lower(${parameters.add(`${text}%`)}))`;
}

/** Terminals by status, of several campaigns at once; a campaign without terminals has empty counts. */
export async function countStatuses(
  db: Queryable,
  campaignIds: readonly string[],
): Promise<Map<string, StatusCounts>> {
  const counts = new Map<string, StatusCounts>(campaignIds.map((id) => [id, {}]));
  if (campaignIds.length === 0) return counts;
  const { rows } = await db.query<{ campaignId: string; status: TpeStatus; count: number }>({
    name: 'count-statuses',
    text: `SELECT campaign_id AS "campaignId", status, count(*)::integer AS count
           FROM campaign_tpe WHERE campaign_id = ANY($1::uuid[]) GROUP BY campaign_id, status`,
    values: [campaignIds],
  });
  for (const { campaignId, status, count } of rows) (counts.get(campaignId) ?? {})[status] = count;
  return counts;
}

/** The campaigns that have not ended, oldest first. */
export async function findOpenCampaigns(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ campaignId: string }>(
    `SELECT campaign_id AS "campaignId" FROM campaign
     WHERE status NOT IN ('COMPLETED', 'CANCELLED', 'ABORTED') ORDER BY created_at LIMIT $1`,
    [limit],
  );
  return rows.map(({ campaignId }) => campaignId);
}

/** Where the roll-back of a terminal is. `LEFT`: it was called off before it had begun. */
export const COMPENSATIONS = ['PENDING', 'REQUESTED', 'ROLLED_BACK', 'FAILED', 'LEFT'] as const;
export type Compensation = (typeof COMPENSATIONS)[number];

export interface CampaignTpeRow {
  tpeId: string;
  idTms: string;
  tms: string;
  model: string;
  site: string;
  /** From 1. */
  wave: number;
  status: TpeStatus;
  reason: string | null;
  /** What became of its roll-back; null where none was asked for. */
  compensation: Compensation | null;
  compensationReason: string | null;
  attempt: number;
  tmsState: string | null;
  fromVersion: string | null;
  version: string | null;
  requestedAt: Date | null;
  lastUpdate: Date;
}

/** What terminals of a campaign are selected by: all that is given must be met. */
export interface CampaignTpeFilter {
  /** Those with one of these. */
  statuses?: readonly TpeStatus[] | undefined;
  /** A reason code, or its beginning: `failed` covers `failed:battery-low`. */
  reason?: string | undefined;
  model?: string | undefined;
  site?: string | undefined;
  wave?: number | undefined;
  /** The beginning of the terminal's id, or of its id at the TMS, in any letters. */
  search?: string | undefined;
}

/** The terminals of a campaign in the order of their ids, from after `after`. */
export async function listCampaignTpes(
  db: Queryable,
  campaignId: string,
  { after, limit, ...filter }: CampaignTpeFilter & { after?: string | undefined; limit: number },
): Promise<CampaignTpeRow[]> {
  const parameters = new Parameters();
  const conditions = [
    `c.campaign_id = ${parameters.add(campaignId)}`,
    ...campaignTpeConditions(filter, parameters),
  ];
  if (after) conditions.push(`c.tpe_id > ${parameters.add(after)}`);
  const { rows } = await db.query<CampaignTpeRow>(
    `SELECT c.tpe_id AS "tpeId", t.id_tms AS "idTms", c.tms, t.model, t.site, c.wave, c.status, c.reason,
            c.compensation, c.compensation_reason AS "compensationReason", c.attempt,
            c.tms_state AS "tmsState", c.from_version AS "fromVersion", c.version,
            c.requested_at AS "requestedAt", c.last_update AS "lastUpdate"
     FROM campaign_tpe c JOIN tpe t USING (tpe_id)
     WHERE ${conditions.join(' AND ')}
     ORDER BY c.tpe_id LIMIT ${parameters.add(limit)}`,
    parameters.values,
  );
  return rows;
}

/** The conditions of a filter on `c`, a row of `campaign_tpe`, and `t`, its terminal. */
function campaignTpeConditions(filter: CampaignTpeFilter, parameters: Parameters): string[] {
  const conditions: string[] = [];
  const equal = { 'c.wave': filter.wave, 't.model': filter.model, 't.site': filter.site };
  for (const [column, value] of Object.entries(equal)) {
    if (value !== undefined) conditions.push(`${column} = ${parameters.add(value)}`);
  }
  if (filter.statuses) conditions.push(`c.status = ANY(${parameters.add(filter.statuses)}::text[])`);
  if (filter.reason !== undefined) {
    const code = parameters.add(filter.reason);
    conditions.push(`(c.reason = ${code} OR starts_with(c.reason, ${code} || ':'))`);
  }
  if (filter.search !== undefined) {
    const text = parameters.add(filter.search);
    conditions.push(
      `(starts_with(c.tpe_id::text, lower(${text})) OR starts_with(lower(t.id_tms), lower(${text})))`,
    );
  }
  return conditions;
}
