/** Campaigns: create, list, read. */
import { createHash, randomUUID } from 'node:crypto';
import {
  createCampaign,
  findReplay,
  type CreatedCampaign,
  type CreateOutcome,
} from '../../db/campaign-create.ts';
import { countStatuses, findCampaign, listCampaigns, type CampaignRow } from '../../db/campaign.ts';
import { countFinal, type StatusCounts } from '../../workflows/status.ts';
import { readPlan } from '../campaign-plan.ts';
import { refusal } from '../campaign-refusals.ts';
import { actorOf, type ApiDependencies } from '../context.ts';
import { decodeCursor, INSTANT_FORM, toPage, UUID_FORM } from '../cursor.ts';
import { Problem } from '../errors.ts';
import { BASE, campaignLinks } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  campaignCreated,
  campaignDetail,
  campaignPage,
  campaignRequest,
  campaignStatus,
  CREATE_LIMIT,
  type CampaignRequest,
} from '../schemas/campaign.ts';
import { paging, uuid, z } from '../schemas/common.ts';
import { startCampaignWorkflow } from '../start-campaign.ts';
import { withinDeadline } from '../temporal.ts';

export const campaignParams = z.strictObject({ campaignId: uuid });

const create = defineRoute({
  method: 'post',
  path: `${BASE}/campaigns`,
  operationId: 'createCampaign',
  tag: 'campaigns',
  summary: 'Bring terminals to a version',
  description:
    'Creates a campaign and starts it. Terminals that need no update, or can not have one now, are SKIPPED at once, with the reason. If Temporal is away, the campaign stays SCHEDULED and starts when it is back.',
  headers: z.object({
    'idempotency-key': z
      .string()
      .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable ASCII characters without spaces')
      .optional()
      .openapi({
        description:
          'A key of your choice, for example a UUID. A request that is repeated with it creates nothing and has the first answer again.',
      }),
    'x-actor': z.string().optional().openapi({ description: 'Who asks; kept in the audit trail.' }),
    'x-correlation-id': z
      .string()
      .optional()
      .openapi({ description: 'Kept on the campaign and its events.' }),
  }),
  body: campaignRequest,
  bodyLimit: CREATE_LIMIT,
  replies: {
    201: {
      description: 'Created, or created before under the same idempotency key.',
      schema: campaignCreated,
      headers: {
        Location: 'Address of the campaign.',
        'Idempotency-Replayed': '"true" if this is the answer to an earlier request.',
      },
    },
  },
  problems: [
    'terminals-busy',
    'unknown-terminals',
    'empty-targets',
    'tms-not-configured',
    'rule-invalid',
    'unknown-template',
    'idempotency-key-reused',
  ],
  async handle({ deps, context, body, headers }) {
    const { config, pool } = deps;
    const tmsNames = config.tms.map(({ name }) => name);
    const request = { idempotencyKey: headers['idempotency-key'] ?? null, requestHash: hashOf(body) };
    // Before its groups and its template, which may be other ones by now.
    const outcome = (await findReplay(pool, request)) ?? (await createNew());
    if (!('campaign' in outcome)) throw refusal(outcome, body.targets.tpeIds ?? [], tmsNames);
    const { campaign } = outcome;
    if (outcome.outcome === 'created') await start(deps, campaign);
    const links = campaignLinks(config.temporal, campaign.campaignId);
    return {
      status: 201,
      headers: {
        location: links.self,
        ...(outcome.outcome === 'replayed' && { 'idempotency-replayed': 'true' }),
      },
      body: {
        campaignId: campaign.campaignId,
        name: campaign.name,
        status: campaign.status,
        targetVersion: campaign.targetVersion,
        targets: campaign.total,
        links,
      },
    };

    async function createNew(): Promise<CreateOutcome> {
      const { targets, policy, template, busy } = await readPlan(pool, body);
      return createCampaign(
        pool,
        {
          campaignId: randomUUID(),
          name: body.name ?? `Update to ${body.targetVersion}`,
          targetVersion: body.targetVersion,
          targets,
          busy,
          policy,
          policyTemplate: template,
          retryOf: null,
          createdBy: actorOf(context, body.createdBy),
          correlationId: context.correlationId,
          traceparent: context.traceparent,
          ...request,
        },
        { topicPrefix: config.kafka.topicPrefix, tmsNames },
      );
    }
  },
});

/** The schema gives every object its keys in one order, so that equal requests have equal hashes. */
function hashOf(body: CampaignRequest): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

/** The campaign exists from its commit on: if it can't be started now, the orchestrator does it later. */
async function start({ temporal, logger }: ApiDependencies, campaign: CreatedCampaign): Promise<void> {
  try {
    await withinDeadline(temporal, () => startCampaignWorkflow(temporal, campaign));
  } catch (error) {
    logger.error(
      { err: error, campaignId: campaign.campaignId },
      'the campaign is created but could not be started; the orchestrator will start it',
    );
  }
}

const list = defineRoute({
  method: 'get',
  path: `${BASE}/campaigns`,
  operationId: 'listCampaigns',
  tag: 'campaigns',
  summary: 'List campaigns, newest first',
  query: z.strictObject({ status: campaignStatus.optional(), ...paging }),
  replies: { 200: { description: 'A page of campaigns.', schema: campaignPage } },
  async handle({ deps: { pool, config }, query: { status, cursor, limit } }) {
    const after = decodeCursor(cursor, [INSTANT_FORM, UUID_FORM]);
    const rows = await listCampaigns(pool, { status, after, limit: limit + 1 });
    const page = toPage(rows, limit, (last) => [last.createdAtExact, last.campaignId]);
    const counts = await countStatuses(
      pool,
      page.items.map(({ campaignId }) => campaignId),
    );
    const items = page.items.map((row) => ({
      ...summarise(row, counts.get(row.campaignId) ?? {}),
      links: campaignLinks(config.temporal, row.campaignId),
    }));
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
    const [row, counts] = await Promise.all([
      findCampaign(pool, campaignId),
      countStatuses(pool, [campaignId]),
    ]);
    if (!row) throw noCampaign(campaignId);
    const { targets, policy, correlationId, lastCommand } = row;
    return {
      status: 200,
      body: {
        ...summarise(row, counts.get(campaignId) ?? {}),
        targets,
        policy,
        correlationId,
        lastCommand,
        links: campaignLinks(config.temporal, campaignId),
      },
    };
  },
});

function summarise(row: CampaignRow, counts: StatusCounts): Record<string, unknown> {
  const final = countFinal(counts);
  return {
    campaignId: row.campaignId,
    name: row.name,
    status: row.status,
    targetVersion: row.targetVersion,
    total: row.total,
    counts,
    final,
    // Rounded down: 100 means all of them.
    percentFinal: Math.floor((final / Math.max(row.total, 1)) * 1000) / 10,
    createdBy: row.createdBy,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    dispatchedAt: row.dispatchedAt,
    endedAt: row.endedAt,
  };
}

export function noCampaign(campaignId: string): Problem {
  return new Problem('not-found', {
    detail: `There is no campaign ${campaignId}.`,
    errors: [{ parameter: 'campaignId', message: 'is no campaign' }],
  });
}

export const campaignRoutes: Route[] = [create, list, read];
