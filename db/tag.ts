/** Tags, as terminals have them. */
import type { Queryable } from './pool.ts';

export interface TagRow {
  tag: string;
  /** Terminals that have it, inactive ones included. */
  terminals: number;
}

/** The tags of the most terminals, the largest first. Of 1,000,000 terminals that takes a pass over the fleet. */
export async function listTags(db: Queryable, limit: number): Promise<TagRow[]> {
  const { rows } = await db.query<TagRow>(
    `SELECT tag, count(*)::integer AS terminals
     FROM tpe, unnest(tags) AS tag WHERE tags <> '{}' GROUP BY tag ORDER BY terminals DESC, tag LIMIT $1`,
    [limit],
  );
  return rows;
}
