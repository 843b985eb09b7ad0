/** Which terminals a campaign is for, as SQL. */

/** The targets of a campaign as OPS asked for them; exactly one of the three. */
export type CampaignTargets = { tpeIds: string[] } | { all: true } | { filter: TargetFilter };

/** Terminals that meet every condition given. */
export interface TargetFilter {
  model?: string;
  site?: string;
  tms?: string;
  /** Dotted numbers; a terminal whose version is unknown, or is not of that form, is not below anything. */
  versionBelow?: string;
}

/** A list of query parameters that grows while the text that refers to them is written. */
export class Parameters {
  readonly values: unknown[] = [];

  /** Adds a value and gives the reference to it, `$1`, `$2` … */
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/**
 * The rows of `tpe` that are targets, as the text of a query. Its column `place` is the position in the list
 * where there is one, else 0.
 */
export function selectTargets(targets: CampaignTargets, parameters: Parameters): string {
  if ('tpeIds' in targets) {
    return `SELECT t.*, listed.place
            FROM unnest(${parameters.add(targets.tpeIds)}::uuid[]) WITH ORDINALITY AS listed(tpe_id, place)
            JOIN tpe t USING (tpe_id)`;
  }
  const conditions = 'filter' in targets ? filterConditions(targets.filter, parameters) : [];
  return `SELECT t.*, 0 AS place FROM tpe t WHERE ${['true', ...conditions].join(' AND ')}`;
}

function filterConditions(filter: TargetFilter, parameters: Parameters): string[] {
  const conditions: string[] = [];
  if (filter.model !== undefined) conditions.push(`t.model = ${parameters.add(filter.model)}`);
  if (filter.site !== undefined) conditions.push(`t.site = ${parameters.add(filter.site)}`);
  if (filter.tms !== undefined) conditions.push(`t.tms = ${parameters.add(filter.tms)}`);
  if (filter.versionBelow !== undefined) {
    // Compared once per version that occurs, not once per terminal.
    conditions.push(`t.version_courante IN (
      SELECT version FROM (SELECT DISTINCT version_courante AS version FROM tpe) AS known
      WHERE version_key(version) < version_key(${parameters.add(filter.versionBelow)}))`);
  }
  return conditions;
}
