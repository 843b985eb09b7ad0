/** Which terminals a campaign is for, as SQL. */
import { combine, type Condition, type Rule } from '../targeting/ast.ts';
import { parseExpanded } from '../targeting/expand.ts';
import { ruleToSql } from '../targeting/sql.ts';
import type { VersionOrder } from '../targeting/versions.ts';
import { Parameters } from './parameters.ts';
import type { Queryable } from './pool.ts';
import { readVersionOrder } from './version-order.ts';

/**
 * The targets of a campaign as OPS asked for them; exactly one of the five. A rule is also kept with its groups
 * replaced (`expanded`, canonical): what a campaign is for stays as it was when it was created.
 */
export type CampaignTargets =
  | { tpeIds: string[] }
  | { all: true }
  | { filter: TargetFilter }
  | { rule: string; expanded: string }
  | { group: string; expanded: string };

/** Terminals that meet every condition given: a rule in another form. */
export interface TargetFilter {
  model?: string;
  site?: string;
  tms?: string;
  /** Dotted numbers; a terminal whose version is unknown, or is not of that form, is not below anything. */
  versionBelow?: string;
}

/** The rule by which terminals are selected; null where they are listed one by one. */
function ruleOf(targets: CampaignTargets): Rule | null {
  if ('tpeIds' in targets) return null;
  if ('filter' in targets) return filterRule(targets.filter);
  return 'expanded' in targets ? parseExpanded(targets.expanded) : { kind: 'all' };
}

function filterRule({ model, site, tms, versionBelow }: TargetFilter): Rule {
  const conditions: Condition[] = Object.entries({ model, site, tms }).flatMap(([field, value]) =>
    value === undefined ? [] : [{ kind: 'is', field: field as 'model' | 'site' | 'tms', values: [value] }],
  );
  if (versionBelow !== undefined) conditions.push({ kind: 'order', operator: '<', version: versionBelow });
  return combine('and', conditions);
}

/** Targets with what must be known of the fleet before they, and the rules of waves, can become SQL. */
export interface Selection {
  targets: CampaignTargets;
  rule: Rule | null;
  versions: VersionOrder;
}

/** @param further rules that will be asked about the same terminals */
export async function prepareSelection(
  db: Queryable,
  targets: CampaignTargets,
  further: readonly Rule[] = [],
): Promise<Selection> {
  const rule = ruleOf(targets);
  return { targets, rule, versions: await readVersionOrder(db, rule ? [rule, ...further] : further) };
}

/** The rows of `tpe` that are targets, as parts of a query: the table is named `t`. */
export interface TargetRows {
  from: string;
  where: string;
  /** The position in the list where there is one, else 0. */
  place: string;
}

export function targetRows({ targets, rule, versions }: Selection, parameters: Parameters): TargetRows {
  if ('tpeIds' in targets) {
    const list = `unnest(${parameters.add(targets.tpeIds)}::uuid[]) WITH ORDINALITY AS listed(tpe_id, place)`;
    return { from: `${list} JOIN tpe t USING (tpe_id)`, where: 'true', place: 'listed.place' };
  }
  return { from: 'tpe t', where: rule ? ruleToSql(rule, { parameters, versions }) : 'true', place: '0' };
}

/** The same as one table `t` that has the column `place`, to stand after FROM. */
export function fromTargets(selection: Selection, parameters: Parameters): string {
  const { from, where, place } = targetRows(selection, parameters);
  return `(SELECT t.*, ${place} AS place FROM ${from} WHERE ${where}) AS t`;
}

/** How many terminals of the fleet are targets now. */
export async function countTargets(db: Queryable, targets: CampaignTargets): Promise<number> {
  const parameters = new Parameters();
  const selection = await prepareSelection(db, targets);
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM ${fromTargets(selection, parameters)}`,
    parameters.values,
  );
  return rows[0]?.count ?? 0;
}
