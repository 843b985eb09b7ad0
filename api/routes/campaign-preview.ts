/** What a campaign would do, before it is created. */
import { findUnknown } from '../../db/campaign-create.ts';
import { previewCampaign, type CampaignPreview } from '../../db/campaign-preview.ts';
import { readPlan, type CampaignPlan } from '../campaign-plan.ts';
import { refusal } from '../campaign-refusals.ts';
import type { ProblemCode } from '../errors.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { campaignRequest, CREATE_LIMIT } from '../schemas/campaign.ts';
import { campaignPreview } from '../schemas/campaign-preview.ts';

const preview = defineRoute({
  method: 'post',
  path: `${BASE}/campaigns/preview`,
  operationId: 'previewCampaign',
  tag: 'campaigns',
  summary: 'What a campaign would do, without creating it',
  description: 'Takes what `POST /api/v1/campaigns` takes and writes nothing.',
  body: campaignRequest,
  bodyLimit: CREATE_LIMIT,
  replies: { 200: { description: 'Who would be updated, who not and why.', schema: campaignPreview } },
  problems: ['unknown-terminals', 'rule-invalid', 'unknown-template'],
  async handle({ deps: { pool, config }, body }) {
    const plan = await readPlan(pool, body);
    const tmsNames = config.tms.map(({ name }) => name);
    const found = await previewCampaign(pool, { ...plan, targetVersion: body.targetVersion, tmsNames });
    const { targets } = plan;
    if ('tpeIds' in targets && found.total < targets.tpeIds.length) {
      const unknown = await findUnknown(pool, targets.tpeIds);
      throw refusal(
        { outcome: 'unknown', ...unknown },
        { tpeIds: targets.tpeIds, below: '/targets' },
        tmsNames,
      );
    }
    return { status: 200, body: { ...found, refusals: refusalsOf(found, plan, tmsNames) } };
  },
});

/** The codes with which the creation would be refused. */
function refusalsOf(
  { total, excluded, byTms }: CampaignPreview,
  { targets, busy }: CampaignPlan,
  tmsNames: readonly string[],
): ProblemCode[] {
  const codes: ProblemCode[] = [];
  if (total === 0) codes.push('empty-targets');
  if (busy === 'refuse' && excluded.some(({ reason }) => reason === 'in-another-campaign'))
    codes.push('terminals-busy');
  if ('tpeIds' in targets && byTms.some(({ value }) => value !== null && !tmsNames.includes(value)))
    codes.push('tms-not-configured');
  return codes;
}

export const campaignPreviewRoutes: Route[] = [preview];
