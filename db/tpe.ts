/** The fleet as people read it. */
import type { TpeStatus, CampaignStatus } from '../workflows/status.ts';
import { Parameters } from './parameters.ts';
import type { Queryable } from './pool.ts';
import { isBusy } from './skip-reason.ts';
import { tpeCondition, type TpeFilter } from './tpe-filter.ts';

export interface TpeRow {
  tpeId: string;
  idTms: string;
  tms: string;
  model: string;
  site: string;
  tags: string[];
  /** The version that it runs, as last seen; null if never seen. */
  version: string | null;
  active: boolean;
  lastSeen: Date | null;
}

/** A campaign that a terminal is or was in. */
export interface TpeCampaignRow {
  campaignId: string;
  name: string;
  campaignStatus: CampaignStatus;
  targetVersion: string;
  status: TpeStatus;
  reason: string | null;
  attempt: number;
  /** How far its roll-back is; null: none was asked for. */
  compensation: string | null;
  fromVersion: string | null;
  version: string | null;
  requestedAt: Date | null;
  lastUpdate: Date;
}

export interface TpeListQuery extends TpeFilter {
  /** Goes on after the terminal with this id. */
  after?: string | undefined;
  limit: number;
}

const COLUMNS = `tpe_id AS "tpeId", id_tms AS "idTms", tms, model, site, tags, version_courante AS version,
  statut = 'ACTIVE' AS active, last_seen AS "lastSeen"`;

/** How many campaigns a terminal's history shows. */
const HISTORY = 100;

/** Terminals in the order of their ids that meet every condition given. */
export async function listTpes(db: Queryable, query: TpeListQuery): Promise<TpeRow[]> {
  const parameters = new Parameters();
  const conditions = [await tpeCondition(db, query, parameters)];
  if (query.after !== undefined) conditions.push(`t.tpe_id > ${parameters.add(query.after)}`);
  const { rows } = await db.query<TpeRow>(
    `SELECT ${COLUMNS} FROM tpe t WHERE ${conditions.join(' AND ')} ORDER BY t.tpe_id LIMIT ${parameters.add(query.limit)}`,
    parameters.values,
  );
  return rows;
}

/** One terminal; undefined if there is none with this id. */
export async function findTpe(db: Queryable, tpeId: string): Promise<TpeRow | undefined> {
  const { rows } = await db.query<TpeRow>(`SELECT ${COLUMNS} FROM tpe WHERE tpe_id = $1`, [tpeId]);
  return rows[0];
}

/** The latest campaigns of a terminal, newest first. */
export async function listTpeCampaigns(db: Queryable, tpeId: string): Promise<TpeCampaignRow[]> {
  const { rows } = await db.query<TpeCampaignRow>(
    `SELECT c.campaign_id AS "campaignId", k.name, k.status AS "campaignStatus", k.version_cible AS "targetVersion",
            c.status, c.reason, c.attempt, c.compensation, c.from_version AS "fromVersion", c.version,
            c.requested_at AS "requestedAt", c.last_update AS "lastUpdate"
     FROM campaign_tpe c JOIN campaign k USING (campaign_id)
     WHERE c.tpe_id = $1 ORDER BY k.created_at DESC LIMIT ${HISTORY}`,
    [tpeId],
  );
  return rows;
}

/** What a TMS has said about one of its terminals. */
export interface Reported {
  idTms: string;
  operationId: string | null;
}

/** A terminal that a report is about. */
export interface ReportedTpe {
  idTms: string;
  campaignId: string;
  tpeId: string;
}

/**
 * The terminals of a TMS that are being updated or rolled back and that the reports are about. Where both sides know the
 * operation it must be the same: what a TMS says late about an earlier update is nothing to look for.
 */
export async function findReported(
  db: Queryable,
  tms: string,
  reports: readonly Reported[],
): Promise<ReportedTpe[]> {
  const { rows } = await db.query<ReportedTpe>({
    name: 'find-reported',
    text: `SELECT DISTINCT t.id_tms AS "idTms", c.campaign_id AS "campaignId", c.tpe_id AS "tpeId"
           FROM unnest($2::text[], $3::text[]) AS report(id_tms, operation_id)
           JOIN tpe t ON t.tms = $1 AND t.id_tms = report.id_tms
           JOIN campaign_tpe c ON c.tpe_id = t.tpe_id AND ${isBusy('c')}
           WHERE report.operation_id IS NULL OR c.operation_id IS NULL OR c.operation_id = report.operation_id`,
    values: [tms, reports.map(({ idTms }) => idTms), reports.map(({ operationId }) => operationId)],
  });
  return rows;
}
