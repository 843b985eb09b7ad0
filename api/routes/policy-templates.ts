/** Policies with a name, to start campaigns with. */
import { databaseNow } from '../../db/clock.ts';
import {
  listPolicyTemplates,
  listPolicyTemplateVersions,
  savePolicyTemplate,
  type PolicyTemplateRow,
} from '../../db/policy-template.ts';
import { actorOf } from '../context.ts';
import { decodeCursor, NUMBER_FORM, toPage } from '../cursor.ts';
import { Problem } from '../errors.ts';
import { BASE } from '../links.ts';
import { resolvePolicy } from '../policy.ts';
import { defineRoute, type Route } from '../route.ts';
import { paging, z } from '../schemas/common.ts';
import {
  policyTemplate,
  policyTemplatePage,
  templateName,
  templateRequest,
} from '../schemas/policy-template.ts';

const PATH = `${BASE}/policy-templates`;
const NAME_FORM = /^[a-z0-9-]{1,63}$/;
const params = z.strictObject({ name: templateName });

/** A policy with its rules, windows and freezes is a few KB. */
const SAVE_LIMIT = 256 * 1024;

const list = defineRoute({
  method: 'get',
  path: PATH,
  operationId: 'listPolicyTemplates',
  tag: 'policies',
  summary: 'List policy templates, the newest version of each',
  query: z.strictObject(paging),
  replies: { 200: { description: 'A page of templates, by name.', schema: policyTemplatePage } },
  async handle({ deps: { pool }, query: { cursor, limit } }) {
    const [after] = decodeCursor(cursor, [NAME_FORM]) ?? [];
    const page = toPage(await listPolicyTemplates(pool, { after, limit: limit + 1 }), limit, (last) => [
      last.name,
    ]);
    return { status: 200, body: { items: page.items.map(toTemplate), nextCursor: page.nextCursor } };
  },
});

const read = defineRoute({
  method: 'get',
  path: `${PATH}/{name}`,
  operationId: 'getPolicyTemplate',
  tag: 'policies',
  summary: 'The versions of a policy template, newest first',
  params,
  query: z.strictObject(paging),
  replies: { 200: { description: 'A page of versions.', schema: policyTemplatePage } },
  problems: ['not-found'],
  async handle({ deps: { pool }, params: { name }, query: { cursor, limit } }) {
    const [before] = decodeCursor(cursor, [NUMBER_FORM]) ?? [];
    const rows = await listPolicyTemplateVersions(pool, name, { before, limit: limit + 1 });
    if (rows.length === 0 && before === undefined) {
      throw new Problem('not-found', {
        detail: `There is no policy template ${name}.`,
        errors: [{ parameter: 'name', message: 'is no policy template' }],
      });
    }
    const page = toPage(rows, limit, (last) => [String(last.version)]);
    return { status: 200, body: { items: page.items.map(toTemplate), nextCursor: page.nextCursor } };
  },
});

const save = defineRoute({
  method: 'put',
  path: `${PATH}/{name}`,
  operationId: 'savePolicyTemplate',
  tag: 'policies',
  summary: 'Save a policy template as its next version',
  description:
    'The policy is checked as that of a campaign is. Saving what the newest version has already makes no new one. Campaigns keep the version that they were started with.',
  params,
  headers: z.object({
    'x-actor': z.string().optional().openapi({ description: 'Who saves it; kept with the version.' }),
  }),
  body: templateRequest,
  bodyLimit: SAVE_LIMIT,
  replies: {
    200: { description: 'The newest version has it already.', schema: policyTemplate },
    201: { description: 'Saved as a new version.', schema: policyTemplate },
  },
  async handle({ deps: { pool }, context, params: { name }, body: { policy, description, by } }) {
    // For its refusals: what is kept is what was asked for, so that defaults are those of the day it is used.
    resolvePolicy(policy, await databaseNow(pool));
    const { template, isNew } = await savePolicyTemplate(pool, {
      name,
      policy,
      description: description ?? null,
      createdBy: actorOf(context, by),
    });
    return { status: isNew ? 201 : 200, body: toTemplate(template) };
  },
});

function toTemplate(row: PolicyTemplateRow): Record<string, unknown> {
  return { ...row, links: { self: `${PATH}/${row.name}` } };
}

export const policyTemplateRoutes: Route[] = [list, read, save];
