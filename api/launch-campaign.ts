/** Creates a campaign and starts it: the same for a new one and for one that tries again. */
import { createHash, randomUUID } from 'node:crypto';
import { createCampaign, findReplay, type CreateOutcome, type NewCampaign } from '../db/campaign-create.ts';
import { refusal, type Listed } from './campaign-refusals.ts';
import type { ApiDependencies, RequestContext } from './context.ts';
import { campaignLinks } from './links.ts';
import type { Reply, RouteSpec } from './route.ts';
import { campaignCreated } from './schemas/campaign.ts';
import { withoutCardNumber, z } from './schemas/common.ts';
import { startCampaignWorkflow, type CampaignToStart } from './start-campaign.ts';
import { withinDeadline } from './temporal.ts';

/** The headers that a request which creates a campaign may have. */
export const creationHeaders = z.object({
  'idempotency-key': withoutCardNumber(
    z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 printable ASCII characters without spaces'),
  )
    .optional()
    .openapi({
      description:
        'A key of your choice, for example a UUID. A request that is repeated with it creates nothing and has the first answer again.',
    }),
  'x-actor': z.string().optional().openapi({ description: 'Who asks; kept in the audit trail.' }),
  'x-correlation-id': z.string().optional().openapi({ description: 'Kept on the campaign and its events.' }),
});

export const creationReplies = {
  201: {
    description: 'Created, or created before under the same idempotency key.',
    schema: campaignCreated,
    headers: {
      Location: 'Address of the campaign.',
      'Idempotency-Replayed': '"true" if this is the answer to an earlier request.',
    },
  },
} satisfies RouteSpec<undefined, undefined, undefined, undefined>['replies'];

/** What the request decides of a campaign; the rest is told by its context. */
export type PlannedCampaign = Omit<
  NewCampaign,
  'campaignId' | 'correlationId' | 'traceparent' | 'idempotencyKey' | 'requestHash'
>;

export interface LaunchRequest {
  idempotencyKey: string | null;
  /**
   * What tells this request from another one under the same key. The schema gives every object its keys in one
   * order, so that equal requests have equal hashes.
   */
  asked: unknown;
  listed: Listed;
  /** Asked only where the key has not been used: by then groups and templates may be other ones. */
  plan: () => Promise<PlannedCampaign>;
}

/**
 * @returns the answer 201, of the earlier request where the idempotency key is known
 * @throws Problem that says why nothing was created
 */
export async function launchCampaign(
  deps: ApiDependencies,
  { correlationId, traceparent }: RequestContext,
  { idempotencyKey, asked, listed, plan }: LaunchRequest,
): Promise<Reply> {
  const { config, pool } = deps;
  const tmsNames = config.tms.map(({ name }) => name);
  const requestHash = createHash('sha256').update(JSON.stringify(asked)).digest('hex');
  const request = { idempotencyKey, requestHash };
  const outcome = (await findReplay(pool, request)) ?? (await createNew());
  if (!('campaign' in outcome)) throw refusal(outcome, listed, tmsNames);
  const { campaign } = outcome;
  if (outcome.outcome === 'created') await start(deps, { ...campaign, correlationId });
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
    return createCampaign(
      pool,
      { ...(await plan()), campaignId: randomUUID(), correlationId, traceparent, ...request },
      { topicPrefix: config.kafka.topicPrefix, tmsNames },
    );
  }
}

/** The campaign exists from its commit on: if it can't be started now, the orchestrator does it later. */
async function start({ temporal, logger }: ApiDependencies, campaign: CampaignToStart): Promise<void> {
  try {
    await withinDeadline(temporal, () => startCampaignWorkflow(temporal, campaign));
  } catch (error) {
    logger.error(
      { err: error, campaignId: campaign.campaignId },
      'the campaign is created but could not be started; the orchestrator will start it',
    );
  }
}
