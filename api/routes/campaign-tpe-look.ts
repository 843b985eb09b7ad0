/** Somebody wants to know about one terminal now: a signal to its tracker. */
import { WorkflowNotFoundError } from '@temporalio/client';
import { findAskable } from '../../db/campaign-tpe.ts';
import { observeNowSignal, type Command } from '../../workflows/messages.ts';
import { tpeWorkflowId } from '../../workflows/names.ts';
import { actorOf, commandIds, type ApiDependencies } from '../context.ts';
import { Problem } from '../errors.ts';
import { BASE, campaignTpeLinks } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { commandRequest } from '../schemas/campaign.ts';
import { uuid } from '../schemas/common.ts';
import { lookAccepted } from '../schemas/tpe.ts';
import { temporalUnavailable, withinDeadline } from '../temporal.ts';
import { campaignParams } from './campaigns.ts';

const look = defineRoute({
  method: 'post',
  path: `${BASE}/campaigns/{campaignId}/tpes/{tpeId}/look`,
  operationId: 'lookAtCampaignTpe',
  tag: 'campaigns',
  summary: 'Look at a terminal that is being updated or rolled back, now',
  description:
    'Its tracker asks its TMS and the terminal at once, instead of at the next look that is due. What it finds is recorded as of any other look; nothing is recorded where nothing is new.',
  params: campaignParams.extend({ tpeId: uuid }),
  body: commandRequest,
  bodyKind: 'optional-json',
  replies: { 202: { description: 'The tracker was told.', schema: lookAccepted } },
  problems: ['not-found', 'command-not-possible', 'temporal-unavailable'],
  async handle({ deps, context, params: { campaignId, tpeId }, body }) {
    if (!(await findAskable(deps.pool, campaignId, tpeId))) throw notInCampaign(campaignId, tpeId);
    const by = actorOf(context, body.by);
    await tellTracker(deps, { campaignId, tpeId }, { ...body, by, ...commandIds(context) });
    const links = campaignTpeLinks(deps.config.temporal, campaignId, tpeId);
    return { status: 202, body: { campaignId, tpeId, by, reason: body.reason ?? null, links } };
  },
});

/** @throws Problem `command-not-possible` where no tracker runs */
async function tellTracker(
  { temporal, config }: ApiDependencies,
  { campaignId, tpeId }: { campaignId: string; tpeId: string },
  command: Command,
): Promise<void> {
  const tracker = temporal.workflow.getHandle(tpeWorkflowId(campaignId, tpeId));
  try {
    await withinDeadline(temporal, () => tracker.signal(observeNowSignal, command));
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw temporalUnavailable(error, config.temporal.address);
    throw new Problem(
      'command-not-possible',
      {
        detail: `Terminal ${tpeId} is not being tracked in campaign ${campaignId}: it has not been asked for yet, or it is done.`,
      },
      error,
    );
  }
}

function notInCampaign(campaignId: string, tpeId: string): Problem {
  return new Problem('not-found', {
    detail: `There is no terminal ${tpeId} in campaign ${campaignId}.`,
    errors: [{ parameter: 'tpeId', message: 'is no terminal of the campaign' }],
  });
}

export const campaignTpeLookRoutes: Route[] = [look];
