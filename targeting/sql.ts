/** Rule → a condition of SQL over the table `tpe`, named `t`. Values travel as parameters only. */
import type { Parameters } from '../db/parameters.ts';
import type { Condition, Rule, TextField } from './ast.ts';
import { versionsEqualTo, versionsThat, type VersionOrder } from './versions.ts';

export interface SqlContext {
  parameters: Parameters;
  /** How the versions of the fleet compare to those of the rule (`readVersionOrder`). */
  versions: VersionOrder;
}

const COLUMNS: Record<Exclude<TextField, 'tag'>, string> = {
  model: 't.model',
  site: 't.site',
  tms: 't.tms',
  version: 't.version_courante',
  idTms: 't.id_tms',
  tpeId: 't.tpe_id',
};

/**
 * The condition, which is SQL's true exactly where the rule holds. Where it does not hold it may be null as well as
 * false, which is the same to WHERE, AND and OR; it lets conditions stay as plain as an index needs them. Everything
 * else must ask `IS TRUE`, as `not` does here.
 */
export function ruleToSql(rule: Rule, context: SqlContext): string {
  switch (rule.kind) {
    case 'all':
      return 'true';
    case 'and':
    case 'or':
      return `(${rule.rules.map((each) => ruleToSql(each, context)).join(` ${rule.kind.toUpperCase()} `)})`;
    case 'not':
      return `(${ruleToSql(rule.rule, context)}) IS NOT TRUE`;
    case 'group':
      throw new Error(`group "${rule.name}" has not been replaced by its rule`);
    default:
      return conditionToSql(rule, context);
  }
}

function conditionToSql(condition: Condition, { parameters, versions }: SqlContext): string {
  switch (condition.kind) {
    case 'is':
      return isToSql(condition, { parameters, versions });
    case 'like':
      return likeToSql(condition.field, parameters.add(toLike(condition.pattern)));
    case 'order':
      // Which versions these are was found out once per version, not once per terminal.
      return anyOf(
        't.version_courante',
        'text',
        versionsThat(condition.operator, condition.version, versions),
        parameters,
      );
    case 'active':
      return `t.statut = 'ACTIVE'`;
    case 'seen':
      return `t.last_seen ${condition.when === 'before' ? '<' : '>='} ${parameters.add(toInstant(condition.at))}::timestamptz`;
    case 'unknown':
      return `${condition.field === 'version' ? 't.version_courante' : 't.last_seen'} IS NULL`;
  }
}

function isToSql({ field, values }: Extract<Condition, { kind: 'is' }>, context: SqlContext): string {
  const { parameters, versions } = context;
  if (field === 'tag') return `t.tags && ${parameters.add(values)}::text[]`;
  const wanted = field === 'version' ? versionsEqualTo(values, versions) : values;
  return anyOf(COLUMNS[field], field === 'tpeId' ? 'uuid' : 'text', wanted, parameters);
}

function anyOf(
  column: string,
  type: 'text' | 'uuid',
  values: readonly string[],
  parameters: Parameters,
): string {
  if (values.length === 0) return 'false';
  if (values.length === 1) return `${column} = ${parameters.add(values[0])}::${type}`;
  return `${column} = ANY(${parameters.add(values)}::${type}[])`;
}

function likeToSql(field: TextField, pattern: string): string {
  if (field === 'tag') return `EXISTS (SELECT FROM unnest(t.tags) AS tag WHERE tag LIKE ${pattern})`;
  return `${COLUMNS[field]}${field === 'tpeId' ? '::text' : ''} LIKE ${pattern}`;
}

function toLike(pattern: string): string {
  return pattern.replace(/[\\%_]/g, String.raw`\$&`).replaceAll('*', '%');
}

/** A date by itself is its midnight in UTC, whatever the time zone of the session. */
function toInstant(at: string): string {
  return at.includes('T') ? at : `${at}T00:00:00Z`;
}
