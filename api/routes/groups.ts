/** Groups, which are rules with a name, and the check of a rule. */
import { countTargets } from '../../db/campaign-targets.ts';
import { deleteGroup, findGroup, listGroups, saveGroup, type TargetGroupRow } from '../../db/target-group.ts';
import { expandRule } from '../../targeting/expand.ts';
import { parseRule } from '../../targeting/parse.ts';
import { printRule } from '../../targeting/print.ts';
import { actorOf } from '../context.ts';
import { decodeCursor, toPage } from '../cursor.ts';
import { Problem } from '../errors.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { readRule, withRule } from '../rules.ts';
import { paging, z } from '../schemas/common.ts';
import { group, groupName, groupPage, groupRequest, ruleChecked, ruleCheckRequest } from '../schemas/rule.ts';

const PATH = `${BASE}/groups`;
const NAME_FORM = /^[\p{L}\p{N} ._-]{1,100}$/u;
const params = z.strictObject({ name: groupName });

const list = defineRoute({
  method: 'get',
  path: PATH,
  operationId: 'listGroups',
  tag: 'groups',
  summary: 'List groups',
  query: z.strictObject(paging),
  replies: { 200: { description: 'A page of groups, by name.', schema: groupPage } },
  async handle({ deps: { pool }, query: { cursor, limit } }) {
    const [after] = decodeCursor(cursor, [NAME_FORM]) ?? [];
    const page = toPage(await listGroups(pool, { after, limit: limit + 1 }), limit, (last) => [last.name]);
    return { status: 200, body: { items: page.items.map(toGroup), nextCursor: page.nextCursor } };
  },
});

const read = defineRoute({
  method: 'get',
  path: `${PATH}/{name}`,
  operationId: 'getGroup',
  tag: 'groups',
  summary: 'A group and its rule',
  params,
  replies: { 200: { description: 'The group.', schema: group } },
  problems: ['not-found'],
  async handle({ deps: { pool }, params: { name } }) {
    const row = await findGroup(pool, name);
    if (!row) throw noGroup(name);
    return { status: 200, body: toGroup(row) };
  },
});

const save = defineRoute({
  method: 'put',
  path: `${PATH}/{name}`,
  operationId: 'saveGroup',
  tag: 'groups',
  summary: 'Save a rule under a name',
  description:
    'Other rules use it as `group "name"`. Campaigns keep the rule that the group had when they were created.',
  params,
  headers: z.object({
    'x-actor': z.string().optional().openapi({ description: 'Who saves it; kept with the group.' }),
  }),
  body: groupRequest,
  replies: {
    200: { description: 'Changed.', schema: group },
    201: { description: 'Saved as a new group.', schema: group },
  },
  problems: ['rule-invalid'],
  async handle({ deps: { pool }, context, params: { name }, body: { rule, description, by } }) {
    const actor = actorOf(context, by);
    const saved = await saveGroup(pool, { name, rule, description, actor }, (groups) => {
      withRule('/rule', () => expandRule(rule, groups, name));
    });
    return { status: saved.isNew ? 201 : 200, body: toGroup(saved.group) };
  },
});

const remove = defineRoute({
  method: 'delete',
  path: `${PATH}/{name}`,
  operationId: 'deleteGroup',
  tag: 'groups',
  summary: 'Delete a group that no other group uses',
  params,
  replies: { 204: { description: 'Deleted.' } },
  problems: ['not-found', 'group-in-use'],
  async handle({ deps: { pool }, params: { name }, response }) {
    const deleted = await deleteGroup(pool, name);
    if (!deleted) throw noGroup(name);
    const { usedBy } = deleted;
    if (usedBy.length > 0) {
      throw new Problem('group-in-use', {
        detail: `The group ${name} is used by ${usedBy.join(', ')}. It was not deleted.`,
        errors: [{ parameter: 'name', message: `is used by ${usedBy.join(', ')}` }],
        extensions: { usedBy },
      });
    }
    response.status(204).end();
  },
});

const check = defineRoute({
  method: 'post',
  path: `${BASE}/rules/check`,
  operationId: 'checkRule',
  tag: 'groups',
  summary: 'Check a rule and count its terminals',
  body: ruleCheckRequest,
  replies: { 200: { description: 'The rule can be used.', schema: ruleChecked } },
  problems: ['rule-invalid'],
  async handle({ deps: { pool }, body }) {
    const { text: expanded } = await readRule(pool, body.rule, '/rule');
    const terminals = await countTargets(pool, { rule: body.rule, expanded });
    return { status: 200, body: { canonical: printRule(parseRule(body.rule)), expanded, terminals } };
  },
});

function toGroup(row: TargetGroupRow): Record<string, unknown> {
  return { ...row, links: { self: `${PATH}/${encodeURIComponent(row.name)}` } };
}

function noGroup(name: string): Problem {
  return new Problem('not-found', {
    detail: `There is no group ${name}.`,
    errors: [{ parameter: 'name', message: 'is no group' }],
  });
}

export const groupRoutes: Route[] = [list, read, save, remove, check];
