/** Where sites are. A site is known by the terminals at it; what is kept about it is its time zone. */
import type { Queryable } from './pool.ts';

export interface SiteRow {
  site: string;
  /** IANA name; null where none was set. */
  timeZone: string | null;
  /** Terminals at the site, inactive ones included. */
  terminals: number;
  /** When the time zone was set last. */
  updatedAt: Date | null;
}

/**
 * Sites that have a terminal or a time zone, by name.
 * @param query.after goes on after the site with this name
 */
export async function listSites(
  db: Queryable,
  query: { after?: string | undefined; limit: number },
): Promise<SiteRow[]> {
  const { rows } = await db.query<SiteRow>(
    `WITH page AS (
       (SELECT DISTINCT site FROM tpe WHERE site > $1 ORDER BY site LIMIT $2)
       UNION (SELECT site FROM site WHERE site > $1 ORDER BY site LIMIT $2)
       ORDER BY site LIMIT $2
     )
     SELECT site, time_zone AS "timeZone", updated_at AS "updatedAt",
            (SELECT count(*)::integer FROM tpe WHERE tpe.site = page.site) AS terminals
     FROM page LEFT JOIN site USING (site) ORDER BY site`,
    [query.after ?? '', query.limit],
  );
  return rows;
}

/** Sets the time zone of a site, which need not have terminals yet. */
export async function setTimeZone(db: Queryable, site: string, timeZone: string): Promise<SiteRow> {
  const { rows } = await db.query<SiteRow>(
    `INSERT INTO site (site, time_zone) VALUES ($1, $2)
     ON CONFLICT (site) DO UPDATE SET time_zone = excluded.time_zone, updated_at = now()
     RETURNING site, time_zone AS "timeZone", updated_at AS "updatedAt",
               (SELECT count(*)::integer FROM tpe WHERE tpe.site = $1) AS terminals`,
    [site, timeZone],
  );
  const [row] = rows;
  if (!row) throw new Error(`the time zone of ${site} was not written`);
  return row;
}

/**
 * The time zone of each of these sites.
 * @param fallback that of sites that none was set for
 */
export async function zonesOfSites(
  db: Queryable,
  sites: readonly string[],
  fallback: string,
): Promise<Map<string, string>> {
  const { rows } = await db.query<{ site: string; timeZone: string }>(
    `SELECT site, time_zone AS "timeZone" FROM site WHERE site = ANY($1::text[])`,
    [sites],
  );
  const set = new Map(rows.map(({ site, timeZone }) => [site, timeZone]));
  return new Map(sites.map((site) => [site, set.get(site) ?? fallback]));
}
