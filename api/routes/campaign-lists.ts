/** What belongs to a campaign: its terminals and its audit trail, in pages. */
import { findCampaignStatus, listCampaignTpes } from '../../db/campaign.ts';
import { listCampaignEvents } from '../../db/event.ts';
import type { ApiDependencies } from '../context.ts';
import { decodeCursor, NUMBER_FORM, toPage, UUID_FORM } from '../cursor.ts';
import { BASE, campaignTpeLinks } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { campaignTpeFilter, campaignTpePage } from '../schemas/campaign.ts';
import { paging, z } from '../schemas/common.ts';
import { eventPage } from '../schemas/event.ts';
import { campaignParams, noCampaign } from './campaigns.ts';

const tpes = defineRoute({
  method: 'get',
  path: `${BASE}/campaigns/{campaignId}/tpes`,
  operationId: 'listCampaignTpes',
  tag: 'campaigns',
  summary: 'The terminals of a campaign and where each is',
  params: campaignParams,
  query: z.strictObject({ ...campaignTpeFilter, ...paging }),
  replies: { 200: { description: 'A page of terminals, by id.', schema: campaignTpePage } },
  problems: ['not-found'],
  async handle({ deps, params: { campaignId }, query: { status: statuses, cursor, limit, ...filter } }) {
    const [after] = decodeCursor(cursor, [UUID_FORM]) ?? [];
    const rows = await listCampaignTpes(deps.pool, campaignId, {
      statuses,
      ...filter,
      after,
      limit: limit + 1,
    });
    if (rows.length === 0) await requireCampaign(deps, campaignId);
    const page = toPage(rows, limit, (last) => [last.tpeId]);
    const items = page.items.map((row) => ({
      ...row,
      links: campaignTpeLinks(deps.config.temporal, campaignId, row.tpeId),
    }));
    return { status: 200, body: { items, nextCursor: page.nextCursor } };
  },
});

const events = defineRoute({
  method: 'get',
  path: `${BASE}/campaigns/{campaignId}/events`,
  operationId: 'listCampaignEvents',
  tag: 'campaigns',
  summary: 'Every change of a campaign and its terminals: who, when, why',
  params: campaignParams,
  query: z.strictObject({
    order: z.enum(['asc', 'desc']).default('asc').openapi({ description: 'By `seq`; desc: newest first.' }),
    ...paging,
  }),
  replies: { 200: { description: 'A page of events.', schema: eventPage } },
  problems: ['not-found'],
  async handle({ deps, params: { campaignId }, query: { order, cursor, limit } }) {
    const [after] = decodeCursor(cursor, [NUMBER_FORM]) ?? [];
    const rows = await listCampaignEvents(deps.pool, campaignId, { order, after, limit: limit + 1 });
    if (rows.length === 0) await requireCampaign(deps, campaignId);
    return { status: 200, body: toPage(rows, limit, (last) => [String(last.seq)]) };
  },
});

async function requireCampaign({ pool }: ApiDependencies, campaignId: string): Promise<void> {
  if (!(await findCampaignStatus(pool, campaignId))) throw noCampaign(campaignId);
}

export const campaignListRoutes: Route[] = [tpes, events];
