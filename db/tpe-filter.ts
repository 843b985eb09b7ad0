/** Which terminals of the fleet people want to see. */
import { prepareSelection, targetRows } from './campaign-targets.ts';
import type { Parameters } from './parameters.ts';
import type { Queryable } from './pool.ts';

/** All that is given must be met. */
export interface TpeFilter {
  model?: string | undefined;
  site?: string | undefined;
  tms?: string | undefined;
  version?: string | undefined;
  /** A targeting rule with its groups replaced. */
  rule?: string | undefined;
}

/** The filter as a condition of SQL on the table `tpe`, named `t`. */
export async function tpeCondition(
  db: Queryable,
  { model, site, tms, version, rule }: TpeFilter,
  parameters: Parameters,
): Promise<string> {
  const columns = { model, site, tms, version_courante: version };
  const conditions = Object.entries(columns).flatMap(([column, value]) =>
    value === undefined ? [] : [`t.${column} = ${parameters.add(value)}`],
  );
  if (rule !== undefined) {
    const selection = await prepareSelection(db, { rule, expanded: rule });
    conditions.push(targetRows(selection, parameters).where);
  }
  return conditions.length > 0 ? conditions.map((each) => `(${each})`).join(' AND ') : 'true';
}
