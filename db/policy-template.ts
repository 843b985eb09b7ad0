/** Policies with a name. A version is never changed; saving something else makes the next one. */
import { inTransaction, type Pool, type Queryable } from './pool.ts';

export interface PolicyTemplateRow {
  name: string;
  version: number;
  /** As given: what is absent has its default. */
  policy: Record<string, unknown>;
  description: string | null;
  createdBy: string;
  createdAt: Date;
}

export interface NewPolicyTemplate {
  name: string;
  policy: object;
  /** Null: that of the version before. */
  description: string | null;
  createdBy: string;
}

const COLUMNS = `name, version, policy, description, created_by AS "createdBy", created_at AS "createdAt"`;

/**
 * The newest version of each template, by name.
 * @param query.after goes on after the template with this name
 */
export async function listPolicyTemplates(
  db: Queryable,
  query: { after?: string | undefined; limit: number },
): Promise<PolicyTemplateRow[]> {
  const { rows } = await db.query<PolicyTemplateRow>(
    `SELECT DISTINCT ON (name) ${COLUMNS} FROM policy_template WHERE name > $1 ORDER BY name, version DESC LIMIT $2`,
    [query.after ?? '', query.limit],
  );
  return rows;
}

/**
 * The versions of a template, newest first.
 * @param query.before goes on below this version
 */
export async function listPolicyTemplateVersions(
  db: Queryable,
  name: string,
  query: { before?: string | undefined; limit: number },
): Promise<PolicyTemplateRow[]> {
  const { rows } = await db.query<PolicyTemplateRow>(
    `SELECT ${COLUMNS} FROM policy_template
     WHERE name = $1 AND ($2::bigint IS NULL OR version < $2::bigint) ORDER BY version DESC LIMIT $3`,
    [name, query.before ?? null, query.limit],
  );
  return rows;
}

/** A version of a template, the newest unless one is asked for; undefined if there is none. */
export async function findPolicyTemplate(
  db: Queryable,
  name: string,
  version?: number,
): Promise<PolicyTemplateRow | undefined> {
  const { rows } = await db.query<PolicyTemplateRow>(
    `SELECT ${COLUMNS} FROM policy_template
     WHERE name = $1 AND ($2::bigint IS NULL OR version = $2::bigint) ORDER BY version DESC LIMIT 1`,
    [name, version ?? null],
  );
  return rows[0];
}

/**
 * Saves a template as its next version, unless it equals the newest one.
 * @returns the newest version, and whether it is new
 */
export async function savePolicyTemplate(
  pool: Pool,
  { name, policy, description, createdBy }: NewPolicyTemplate,
): Promise<{ template: PolicyTemplateRow; isNew: boolean }> {
  return inTransaction(pool, async (client) => {
    // Two that save the same name at once get two versions, one after the other.
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('policy_template'), hashtext($1))`, [name]);
    const { rows } = await client.query<PolicyTemplateRow>(
      `WITH newest AS (SELECT * FROM policy_template WHERE name = $1 ORDER BY version DESC LIMIT 1)
       INSERT INTO policy_template (name, version, policy, description, created_by)
       SELECT $1, coalesce((SELECT version FROM newest), 0) + 1, $2::jsonb,
              coalesce($3, (SELECT description FROM newest)), $4
       WHERE NOT EXISTS (SELECT FROM newest WHERE policy = $2::jsonb AND description IS NOT DISTINCT FROM coalesce($3, description))
       RETURNING ${COLUMNS}`,
      [name, JSON.stringify(policy), description, createdBy],
    );
    const [saved] = rows;
    if (saved) return { template: saved, isNew: true };
    const newest = await findPolicyTemplate(client, name);
    if (!newest) throw new Error(`the policy template ${name} is neither new nor there`);
    return { template: newest, isNew: false };
  });
}
