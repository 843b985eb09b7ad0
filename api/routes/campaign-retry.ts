/** Tries terminals of an ended campaign again, as a new campaign. */
import { findRetriable, findStrangers, type RetrySelection } from '../../db/campaign-retry.ts';
import { findCampaign, type CampaignDetailRow } from '../../db/campaign.ts';
import { DEFAULT_WAVES } from '../../workflows/policy/defaults.ts';
import type { CampaignPolicy } from '../../workflows/policy/types.ts';
import { isFinalCampaignStatus } from '../../workflows/status.ts';
import { actorOf, type ApiDependencies, type RequestContext } from '../context.ts';
import { Problem, type ProblemCode } from '../errors.ts';
import { creationHeaders, creationReplies, launchCampaign } from '../launch-campaign.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Reply, type Route } from '../route.ts';
import { campaignRetryRequest, CREATE_LIMIT, RETRIABLE, tpeRetryRequest } from '../schemas/campaign.ts';
import { uuid } from '../schemas/common.ts';
import { campaignParams, noCampaign } from './campaigns.ts';

/** How many terminals an error names. */
const NAMED = 20;
const MAX_NAME = 200;

const PROBLEMS: readonly ProblemCode[] = [
  'not-found',
  'command-not-possible',
  'empty-targets',
  'unknown-terminals',
  'terminals-busy',
  'tms-not-configured',
  'idempotency-key-reused',
];

const DESCRIPTION =
  'Creates a new campaign, with the version and the policy of the ended one, and starts it. It has one wave, starts at once and has no end; four eyes stay four eyes.';

const retryCampaign = defineRoute({
  method: 'post',
  path: `${BASE}/campaigns/{campaignId}/retry`,
  operationId: 'retryCampaign',
  tag: 'campaigns',
  summary: 'Try the failed terminals of an ended campaign again',
  description: `${DESCRIPTION} Terminals that another campaign is updating by now are SKIPPED; where \`tpeIds\` lists them, the request is refused.`,
  params: campaignParams,
  headers: creationHeaders,
  body: campaignRetryRequest,
  bodyKind: 'optional-json',
  bodyLimit: CREATE_LIMIT,
  replies: creationReplies,
  problems: PROBLEMS,
  handle({ deps, context, params: { campaignId }, headers, body }) {
    const { tpeIds = null, statuses = ['FAILED', 'TIMEOUT'], reasons = null } = body;
    return retry(deps, context, {
      campaignId,
      key: headers['idempotency-key'],
      asked: { retryOf: campaignId, ...body },
      selection: { tpeIds, statuses, reasons },
      ...body,
    });
  },
});

const retryTpe = defineRoute({
  method: 'post',
  path: `${BASE}/campaigns/{campaignId}/tpes/{tpeId}/retry`,
  operationId: 'retryCampaignTpe',
  tag: 'campaigns',
  summary: 'Try one terminal of an ended campaign again',
  description: `${DESCRIPTION} The terminal is FAILED, TIMEOUT or CANCELLED.`,
  params: campaignParams.extend({ tpeId: uuid }),
  headers: creationHeaders,
  body: tpeRetryRequest,
  bodyKind: 'optional-json',
  replies: creationReplies,
  problems: PROBLEMS,
  handle({ deps, context, params: { campaignId, tpeId }, headers, body }) {
    return retry(deps, context, {
      campaignId,
      key: headers['idempotency-key'],
      asked: { retryOf: campaignId, tpeId, ...body },
      selection: { tpeIds: [tpeId], statuses: RETRIABLE, reasons: null },
      inPath: true,
      ...body,
    });
  },
});

interface Retry {
  campaignId: string;
  key: string | undefined;
  asked: unknown;
  selection: RetrySelection;
  /** The terminal stands in the path: no fault can point at it in the body. */
  inPath?: boolean;
  name?: string | undefined;
  createdBy?: string | undefined;
}

function retry(
  deps: ApiDependencies,
  context: RequestContext,
  { campaignId, key, asked, selection, inPath = false, name, createdBy }: Retry,
): Promise<Reply> {
  return launchCampaign(deps, context, {
    idempotencyKey: key ?? null,
    asked,
    listed: { tpeIds: (inPath ? null : selection.tpeIds) ?? [], below: '' },
    async plan() {
      const campaign = await findEnded(deps, campaignId);
      const { targetVersion, policy, policyTemplate } = campaign;
      return {
        name: name ?? `Retry of ${campaign.name}`.slice(0, MAX_NAME),
        targetVersion,
        targets: { tpeIds: await readRetriable(deps, campaignId, selection, inPath) },
        busy: selection.tpeIds ? 'refuse' : 'skip',
        policy: retryPolicy(policy),
        policyTemplate,
        retryOf: campaignId,
        createdBy: actorOf(context, createdBy),
      };
    },
  });
}

async function findEnded({ pool }: ApiDependencies, campaignId: string): Promise<CampaignDetailRow> {
  const campaign = await findCampaign(pool, campaignId);
  if (!campaign) throw noCampaign(campaignId);
  if (isFinalCampaignStatus(campaign.status)) return campaign;
  throw new Problem('command-not-possible', {
    detail: `Campaign ${campaignId} is ${campaign.status}: only what has ended can be tried again.`,
    extensions: { campaignStatus: campaign.status },
  });
}

async function readRetriable(
  { pool }: ApiDependencies,
  campaignId: string,
  selection: RetrySelection,
  inPath: boolean,
): Promise<string[]> {
  const strangers = selection.tpeIds ? await findStrangers(pool, campaignId, selection.tpeIds, NAMED) : [];
  if (strangers.length > 0 && inPath) {
    throw new Problem('not-found', {
      detail: `The terminal is not in campaign ${campaignId}.`,
      errors: [{ parameter: 'tpeId', message: 'is no terminal of the campaign' }],
    });
  }
  if (strangers.length > 0) {
    throw new Problem('unknown-terminals', {
      detail: `Terminals are not in campaign ${campaignId}; the first is ${strangers[0]?.tpeId}.`,
      errors: strangers.map(({ tpeId, index }) => ({
        pointer: `/tpeIds/${index}`,
        message: `${tpeId} is not in the campaign`,
      })),
    });
  }
  const tpeIds = await findRetriable(pool, campaignId, selection);
  if (tpeIds.length > 0) return tpeIds;
  const reasons = selection.reasons ? ` for ${selection.reasons.join(', ')}` : '';
  throw new Problem('empty-targets', {
    detail: `None of the terminals of campaign ${campaignId} asked for is ${selection.statuses.join(', ')}${reasons}: there is nothing to try again.`,
  });
}

/** Its times are over, and what has failed is no longer worth several waves: `given` keeps them one. */
function retryPolicy(policy: CampaignPolicy): CampaignPolicy {
  return {
    ...policy,
    waves: DEFAULT_WAVES,
    order: { ...policy.order, by: 'given' },
    startAt: null,
    endAt: null,
    membership: 'static',
  };
}

export const campaignRetryRoutes: Route[] = [retryCampaign, retryTpe];
