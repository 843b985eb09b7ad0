/**
 * Counts the targets by everything that a preview tells them apart by, in one pass over the fleet.
 *
 * PostgreSQL makes groupings of two kinds in one pass (grouping sets) or in parallel, not both. So the table is cut
 * into pieces by the place of its rows, each counted by a process of its own, and their counts are added up. Of
 * 1,000,000 terminals on two cores that takes 90 to 200 ms by the rule; a parallel pass per kind took 200 to 260.
 */
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import { targetRows, type Selection } from './campaign-targets.ts';
import { Parameters } from './parameters.ts';
import type { Queryable } from './pool.ts';
import { lettersSql, matchesSql } from './preview-waves.ts';
import { skipReason, type SkipOptions, type SkipReason } from './skip-reason.ts';

/** Some targets. */
export interface Counted {
  /** Which of the waves' rules they meet (`Alike`). */
  matches: string;
  terminals: number;
  /** Where one of them is in the table. */
  example: string;
}

/** Targets that have all of this in common. */
export interface Group extends Counted {
  model: string;
  tms: string;
  version: string | null;
  /** Why they are not updated, apart from being busy. */
  reason: SkipReason | null;
}

export interface Totals {
  groups: Group[];
  sites: { largest: { site: string; terminals: number }[]; sites: number };
}

/** Sites that are named. */
const SITES = 50;

/** Measured on two cores: three pieces take a tenth longer. */
const PIECES = 2;

/** Pages of a table that is worth cutting up: 8 MB, from which PostgreSQL too reads in parallel. */
const WORTH_CUTTING = 1024;

export async function readTotals(
  db: Queryable,
  selection: Selection,
  policy: Pick<CampaignPolicy, 'waves' | 'order'>,
  options: SkipOptions,
): Promise<Totals> {
  const parameters = new Parameters();
  const { from, where } = targetRows(selection, parameters);
  // A column for each: the planner knows that a condition has two values, and nothing of how many texts it could make.
  const matches = matchesSql(policy, selection, parameters).map((sql, i) => ({ sql, name: `match${i}` }));
  const names = matches.map(({ name }) => `, ${name}`).join('');
  const keys = Array.from({ length: 5 + matches.length }, (_, i) => i + 2);
  const bounds = selection.rule === null ? [] : await cut(db);
  const counted = pieces(bounds, parameters).map(
    // By yes and no, which are hashed in less time than what they are about.
    (piece) => `
      SELECT t.site, t.model, t.tms, t.version_courante, t.statut = 'INACTIVE' AS inactive,
             t.unknown_to_tms_since IS NOT NULL AS is_unknown, ${matches.map(({ sql, name }) => `${sql} AS ${name}, `).join('')}
             grouping(t.site) = 0 AS by_site, count(*) AS terminals, min(t.ctid) AS example
      FROM ${from} WHERE ${where} AND ${piece} GROUP BY GROUPING SETS ((1), (${keys.join(', ')}))`,
  );
  const { rows } = await db.query<Group & { site: string | null; sites: number }>(
    `WITH counted AS MATERIALIZED (${counted.join(' UNION ALL ')}
     ), sites AS (
       SELECT site, sum(terminals)::integer AS terminals FROM counted WHERE by_site GROUP BY 1
     ), groups AS (
       SELECT model, tms, version_courante, ${lettersSql(matches.map(({ name }) => name))} AS matches, CASE WHEN inactive THEN 'INACTIVE' ELSE 'ACTIVE' END AS statut,
              CASE WHEN is_unknown THEN now() END AS unknown_to_tms_since,
              sum(terminals)::integer AS terminals, min(example)::text AS example
       FROM counted WHERE NOT by_site GROUP BY 1, 2, 3, 4, inactive, is_unknown${names}
     )
     (SELECT site, terminals, count(*) OVER ()::integer AS sites, NULL AS model, NULL AS tms, NULL AS version,
             NULL AS matches, NULL AS example, NULL AS reason
      FROM sites ORDER BY terminals DESC, site LIMIT ${SITES})
     UNION ALL
     SELECT NULL, terminals, 0, model, tms, version_courante, matches, example,
            ${skipReason(options, null, parameters)}
     FROM groups AS t`,
    parameters.values,
  );
  const largest = rows.flatMap(({ site, terminals }) => (site === null ? [] : [{ site, terminals }]));
  return {
    groups: rows.filter(({ site }) => site === null),
    sites: { largest, sites: rows[0]?.sites ?? 0 },
  };
}

/** The places at which the table is cut. */
async function cut(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ pages: number }>(
    `SELECT (pg_relation_size('tpe') / current_setting('block_size')::integer)::integer AS pages`,
  );
  const pages = rows[0]?.pages ?? 0;
  if (pages < WORTH_CUTTING) return [];
  return Array.from({ length: PIECES - 1 }, (_, i) => `(${Math.round((pages * (i + 1)) / PIECES)},0)`);
}

/** A condition for each piece; the last one has no end, so that no row is outside. */
function pieces(bounds: readonly string[], parameters: Parameters): string[] {
  const places = bounds.map((bound) => `${parameters.add(bound)}::tid`);
  return [null, ...places].map((from, i) => {
    const to = places[i];
    const conditions = [from && `t.ctid >= ${from}`, to && `t.ctid < ${to}`].filter(Boolean);
    return conditions.join(' AND ') || 'true';
  });
}
