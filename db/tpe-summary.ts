/** The fleet in numbers: its terminals by what they are and run. */
import { Parameters } from './parameters.ts';
import type { Queryable } from './pool.ts';
import { tpeCondition, type TpeFilter } from './tpe-filter.ts';

export interface Shares {
  /** The largest ones, the largest first. A value is null where it is unknown. */
  items: { value: string | null; terminals: number }[];
  /** All others together. */
  others: { values: number; terminals: number };
}

export interface TpeSummary {
  total: number;
  byVersion: Shares;
  byModel: Shares;
  bySite: Shares;
  byTms: Shares;
}

/** Values that are named of each kind: a fleet has thousands of sites. */
const NAMED = 50;

interface Counted {
  kind: 'version' | 'model' | 'site' | 'tms' | 'total';
  place: number;
  value: string | null;
  /** How many values it stands for. */
  values: number;
  terminals: number;
}

// One pass over the fleet counts for all kinds. `grouping` has a bit for each column that a row is not about.
const summarySql = (condition: string): string => `
WITH counted AS (
  SELECT CASE grouping(t.version_courante, t.model, t.site, t.tms)
           WHEN 7 THEN 'version' WHEN 11 THEN 'model' WHEN 13 THEN 'site' WHEN 14 THEN 'tms' ELSE 'total' END AS kind,
         coalesce(t.version_courante, t.model, t.site, t.tms) AS value, count(*) AS terminals
  FROM tpe t WHERE ${condition}
  GROUP BY GROUPING SETS ((), (t.version_courante), (t.model), (t.site), (t.tms))
), placed AS (
  SELECT *, least(row_number() OVER (PARTITION BY kind ORDER BY terminals DESC, value), ${NAMED + 1}) AS place FROM counted
)
SELECT kind, place::integer, min(value) AS value, count(*)::integer AS values, sum(terminals)::integer AS terminals
FROM placed GROUP BY kind, place ORDER BY kind, place`;

/** Counts the terminals that meet the filter. */
export async function summariseTpes(db: Queryable, filter: TpeFilter): Promise<TpeSummary> {
  const parameters = new Parameters();
  const condition = await tpeCondition(db, filter, parameters);
  const { rows } = await db.query<Counted>(summarySql(condition), parameters.values);
  const of = (kind: Counted['kind']): Shares => sharesOf(rows.filter((row) => row.kind === kind));
  return {
    total: rows.find(({ kind }) => kind === 'total')?.terminals ?? 0,
    byVersion: of('version'),
    byModel: of('model'),
    bySite: of('site'),
    byTms: of('tms'),
  };
}

function sharesOf(rows: readonly Counted[]): Shares {
  const rest = rows.find(({ place }) => place > NAMED);
  return {
    items: rows.filter(({ place }) => place <= NAMED).map(({ value, terminals }) => ({ value, terminals })),
    others: { values: rest?.values ?? 0, terminals: rest?.terminals ?? 0 },
  };
}
