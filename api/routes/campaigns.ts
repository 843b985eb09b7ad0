/** Campaigns: create, list, read. */
import { countByWave } from '../../db/campaign-run.ts';
import { sumOf } from '../../workflows/policy/gates.ts';
import { countStatuses, findCampaign, listCampaigns, listCampaignWaves } from '../../db/campaign.ts';
import { countCompensations } from '../../db/compensations.ts';
import { readPlan } from '../campaign-plan.ts';
import { summariseCampaign } from '../campaign-summary.ts';
import { actorOf } from '../context.ts';
import { decodeCursor, INSTANT_FORM, toPage, UUID_FORM } from '../cursor.ts';
import { Problem } from '../errors.ts';
import { creationHeaders, creationReplies, launchCampaign } from '../launch-campaign.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  campaignDetail,
  campaignPage,
  campaignRequest,
  CREATE_LIMIT,
  statusFilter,
} from '../schemas/campaign.ts';
import { label, paging, uuid, z } from '../schemas/common.ts';

export const campaignParams = z.strictObject({ campaignId: uuid });

const create = defineRoute({
  method: 'post',
  path: `${BASE}/campaigns`,
  operationId: 'createCampaign',
  tag: 'campaigns',
  summary: 'Bring terminals to a version',
  description:
    'Creates a campaign and starts it. Terminals that need no update, or can not have one now, are SKIPPED at once, with the reason. If Temporal is away, the campaign stays SCHEDULED and starts when it is back.',
  headers: creationHeaders,
  body: campaignRequest,
  bodyLimit: CREATE_LIMIT,
  replies: creationReplies,
  problems: [
    'terminals-busy',
    'unknown-terminals',
    'empty-targets',
    'tms-not-configured',
    'rule-invalid',
    'unknown-template',
    'idempotency-key-reused',
  ],
  handle({ deps, context, body, headers }) {
    return launchCampaign(deps, context, {
      idempotencyKey: headers['idempotency-key'] ?? null,
      asked: body,
      listed: { tpeIds: body.targets.tpeIds ?? [], below: '/targets' },
      async plan() {
        const { targets, policy, template, busy } = await readPlan(deps.pool, body);
        return {
          name: body.name ?? `Update to ${body.targetVersion}`,
          targetVersion: body.targetVersion,
          targets,
          busy,
          policy,
          policyTemplate: template,
          retryOf: null,
          createdBy: actorOf(context, body.createdBy),
        };
      },
    });
  },
});

const list = defineRoute({
  method: 'get',
  path: `${BASE}/campaigns`,
  operationId: 'listCampaigns',
  tag: 'campaigns',
  summary: 'List campaigns, newest first',
  query: z.strictObject({
    status: statusFilter.optional(),
    search: label(100).optional().openapi({
      description: 'Text in the name, the version or the author, in any letters, or the beginning of the id.',
    }),
    ...paging,
  }),
  replies: { 200: { description: 'A page of campaigns.', schema: campaignPage } },
  async handle({ deps: { pool, config }, query: { status: statuses, search, cursor, limit } }) {
    const after = decodeCursor(cursor, [INSTANT_FORM, UUID_FORM]);
    const rows = await listCampaigns(pool, { statuses, search, after, limit: limit + 1 });
    const page = toPage(rows, limit, (last) => [last.createdAtExact, last.campaignId]);
    const counts = await countStatuses(
      pool,
      page.items.map(({ campaignId }) => campaignId),
    );
    const items = page.items.map((row) =>
      summariseCampaign(config.temporal, row, counts.get(row.campaignId) ?? {}),
    );
    return { status: 200, body: { items, nextCursor: page.nextCursor } };
  },
});

const read = defineRoute({
  method: 'get',
  path: `${BASE}/campaigns/{campaignId}`,
  operationId: 'getCampaign',
  tag: 'campaigns',
  summary: 'A campaign and its terminals by status',
  params: campaignParams,
  replies: { 200: { description: 'The campaign.', schema: campaignDetail } },
  problems: ['not-found'],
  async handle({ deps: { pool, config }, params: { campaignId } }) {
    const [row, waves, countsByWave, compensations] = await Promise.all([
      findCampaign(pool, campaignId),
      listCampaignWaves(pool, campaignId),
      countByWave(pool, campaignId),
      countCompensations(pool, campaignId),
    ]);
    if (!row) throw noCampaign(campaignId);
    const { targets, policy, correlationId, policyTemplate, retryOf, approvedBy, approvedAt } = row;
    const countsOf = new Map(countsByWave.map(({ wave, counts }) => [wave, counts]));
    return {
      status: 200,
      body: {
        ...summariseCampaign(config.temporal, row, sumOf(countsByWave)),
        targets,
        policy,
        policyTemplate,
        retryOf,
        correlationId,
        waves: waves.map((each) => ({ ...each, counts: countsOf.get(each.wave) ?? {} })),
        approvedBy,
        approvedAt,
        compensations,
      },
    };
  },
});

export function noCampaign(campaignId: string): Problem {
  return new Problem('not-found', {
    detail: `There is no campaign ${campaignId}.`,
    errors: [{ parameter: 'campaignId', message: 'is no campaign' }],
  });
}

export const campaignRoutes: Route[] = [create, list, read];
