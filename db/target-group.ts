/** Targeting rules with a name, to be used in other rules. */
import { groupsOf, type Groups } from '../targeting/expand.ts';
import { parseRule } from '../targeting/parse.ts';
import { inTransaction, type Pool, type Queryable } from './pool.ts';

export interface TargetGroupRow {
  name: string;
  /** As it was written. */
  rule: string;
  description: string | null;
  createdBy: string;
  createdAt: Date;
  updatedBy: string;
  updatedAt: Date;
}

const COLUMNS = `name, rule, description, created_by AS "createdBy", created_at AS "createdAt",
  updated_by AS "updatedBy", updated_at AS "updatedAt"`;

/**
 * Groups by name.
 * @param query.after goes on after the group with this name
 */
export async function listGroups(
  db: Queryable,
  query: { after?: string | undefined; limit: number },
): Promise<TargetGroupRow[]> {
  const { rows } = await db.query<TargetGroupRow>(
    `SELECT ${COLUMNS} FROM target_group WHERE name > $1 ORDER BY name LIMIT $2`,
    [query.after ?? '', query.limit],
  );
  return rows;
}

/** One group; undefined if there is none of this name. */
export async function findGroup(db: Queryable, name: string): Promise<TargetGroupRow | undefined> {
  const { rows } = await db.query<TargetGroupRow>(`SELECT ${COLUMNS} FROM target_group WHERE name = $1`, [
    name,
  ]);
  return rows[0];
}

/** The rules of all groups: there are dozens, not thousands. */
export async function loadGroups(db: Queryable): Promise<Groups> {
  const { rows } = await db.query<{ name: string; rule: string }>('SELECT name, rule FROM target_group');
  return new Map(rows.map(({ name, rule }) => [name, rule]));
}

export interface GroupToSave {
  name: string;
  rule: string;
  /** Undefined keeps what is there. */
  description: string | undefined;
  actor: string;
}

/**
 * Saves a group.
 * @param check throws if the rule can't be used among the other groups; no group is changed meanwhile
 * @returns the group, and whether it is new
 */
export async function saveGroup(
  pool: Pool,
  { name, rule, description, actor }: GroupToSave,
  check: (groups: Groups) => void,
): Promise<{ group: TargetGroupRow; isNew: boolean }> {
  return inTransaction(pool, async (client) => {
    await lock(client);
    const groups = await loadGroups(client);
    check(groups);
    const { rows } = await client.query<TargetGroupRow>(
      `INSERT INTO target_group AS g (name, rule, description, created_by, updated_by) VALUES ($1, $2, $3, $4, $4)
       ON CONFLICT (name) DO UPDATE
       SET rule = excluded.rule, description = coalesce(excluded.description, g.description),
           updated_by = excluded.updated_by, updated_at = now()
       RETURNING ${COLUMNS}`,
      [name, rule, description ?? null, actor],
    );
    const [group] = rows;
    if (!group) throw new Error(`the group ${name} was not written`);
    return { group, isNew: !groups.has(name) };
  });
}

/**
 * Deletes a group that no other uses.
 * @returns the groups that use it, and then it is still there; undefined if there is no such group
 */
export async function deleteGroup(pool: Pool, name: string): Promise<{ usedBy: string[] } | undefined> {
  return inTransaction(pool, async (client) => {
    await lock(client);
    const groups = await loadGroups(client);
    if (!groups.has(name)) return undefined;
    const usedBy = [...groups]
      .filter(([each, rule]) => each !== name && groupsOf(parseRule(rule)).includes(name))
      .map(([each]) => each)
      .sort();
    if (usedBy.length === 0) await client.query('DELETE FROM target_group WHERE name = $1', [name]);
    return { usedBy };
  });
}

/** Groups refer to each other: two that change at once could make a circle that neither sees. */
async function lock(db: Queryable): Promise<void> {
  await db.query('LOCK TABLE target_group IN SHARE ROW EXCLUSIVE MODE');
}
