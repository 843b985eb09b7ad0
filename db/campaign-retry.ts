/** The terminals of an ended campaign that are to be tried again. */
import type { Queryable } from './pool.ts';

export interface RetrySelection {
  statuses: readonly string[];
  /** Reason codes by their beginning, as `covers` has it: `failed` covers `failed:battery-low`. Null: every one. */
  reasons: readonly string[] | null;
  /** Of these terminals only; null: of all. */
  tpeIds: readonly string[] | null;
}

/** The terminals in the order in which the campaign had asked for them. */
export async function findRetriable(
  db: Queryable,
  campaignId: string,
  { statuses, reasons, tpeIds }: RetrySelection,
): Promise<string[]> {
  const { rows } = await db.query<{ tpeId: string }>(
    `SELECT tpe_id AS "tpeId" FROM campaign_tpe
     WHERE campaign_id = $1 AND status = ANY($2::text[])
       AND ($3::text[] IS NULL
            OR EXISTS (SELECT FROM unnest($3::text[]) AS code
                       WHERE reason = code OR starts_with(reason, code || ':')))
       AND ($4::uuid[] IS NULL OR tpe_id = ANY($4::uuid[]))
     ORDER BY wave, ordinal, tpe_id`,
    [campaignId, statuses, reasons, tpeIds],
  );
  return rows.map(({ tpeId }) => tpeId);
}

/** Those of a list that are not in the campaign: their positions in the list, the first `limit`. */
export async function findStrangers(
  db: Queryable,
  campaignId: string,
  tpeIds: readonly string[],
  limit: number,
): Promise<{ tpeId: string; index: number }[]> {
  const { rows } = await db.query<{ tpeId: string; index: number }>(
    `SELECT tpe_id AS "tpeId", (place - 1)::integer AS index
     FROM unnest($2::uuid[]) WITH ORDINALITY AS listed(tpe_id, place)
     WHERE NOT EXISTS (SELECT FROM campaign_tpe c WHERE c.campaign_id = $1 AND c.tpe_id = listed.tpe_id)
     ORDER BY place LIMIT $3`,
    [campaignId, tpeIds, limit],
  );
  return rows;
}
