/** How the versions that the fleet runs compare to those that rules mention. */
import type { Rule } from '../targeting/ast.ts';
import { versionsIn, type VersionOrder } from '../targeting/versions.ts';
import type { Queryable } from './pool.ts';

/**
 * Compares each version that occurs once, instead of each terminal's: jumping from one version to the next in the
 * index takes less than a millisecond for 1,000,000 terminals. What is selected a moment later by it is what was
 * there now: a version that no terminal has run before is not among them.
 */
export async function readVersionOrder(db: Queryable, rules: readonly Rule[]): Promise<VersionOrder> {
  const mentioned = versionsIn(rules);
  const order = new Map<string, Map<string, number>>(mentioned.map((version) => [version, new Map()]));
  if (mentioned.length === 0) return order;
  const { rows } = await db.query<{ mentioned: string; version: string; sign: number }>({
    name: 'version-order',
    text: `WITH RECURSIVE occurring AS (
             (SELECT version_courante AS version FROM tpe WHERE version_courante IS NOT NULL ORDER BY 1 LIMIT 1)
             UNION ALL
             SELECT (SELECT version_courante FROM tpe WHERE version_courante > occurring.version ORDER BY 1 LIMIT 1)
             FROM occurring WHERE occurring.version IS NOT NULL
           ), ours AS MATERIALIZED (
             SELECT version, version_key(version) AS key FROM occurring WHERE version IS NOT NULL
           ), theirs AS MATERIALIZED (
             SELECT version, version_key(version) AS key FROM unnest($1::text[]) AS t(version)
           )
           SELECT theirs.version AS mentioned, ours.version,
                  (ours.key > theirs.key)::integer - (ours.key < theirs.key)::integer AS sign
           FROM ours, theirs WHERE ours.key IS NOT NULL AND theirs.key IS NOT NULL`,
    values: [mentioned],
  });
  for (const { mentioned: by, version, sign } of rows) order.get(by)?.set(version, sign);
  return order;
}
