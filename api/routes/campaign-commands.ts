/** Pause, resume, cancel: signals to the campaign's workflow. */
import { WorkflowNotFoundError, type SignalDefinition } from '@temporalio/client';
import { findCampaign, type CampaignDetailRow } from '../../db/campaign.ts';
import { cancelSignal, pauseSignal, resumeSignal, type Command } from '../../workflows/messages.ts';
import { campaignWorkflowId } from '../../workflows/names.ts';
import { isFinalCampaignStatus, type CampaignStatus } from '../../workflows/status.ts';
import { actorOf, type ApiDependencies } from '../context.ts';
import { Problem } from '../errors.ts';
import { BASE, campaignLinks } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { commandAccepted, commandRequest } from '../schemas/campaign.ts';
import { startCampaignWorkflow } from '../start-campaign.ts';
import { temporalUnavailable, withinDeadline } from '../temporal.ts';
import { campaignParams, noCampaign } from './campaigns.ts';

interface CommandKind {
  signal: SignalDefinition<[Command?]>;
  summary: string;
  description: string;
  /** Statuses in which it makes no sense; final ones go without saying. */
  notIn: readonly CampaignStatus[];
}

// A repeated command is harmless, and what the database says may be a moment old, so that only what can not
// be meant is refused.
const COMMANDS = {
  pause: {
    signal: pauseSignal,
    summary: 'Pause a campaign',
    description: 'Stops asking for updates at once. Terminals already asked are followed to their end.',
    notIn: ['CANCELLING', 'PENDING_APPROVAL'],
  },
  resume: {
    signal: resumeSignal,
    summary: 'Resume a paused campaign',
    description: 'Goes on with the terminals that have not been asked for.',
    notIn: ['CANCELLING', 'PENDING_APPROVAL'],
  },
  cancel: {
    signal: cancelSignal,
    summary: 'Cancel a campaign',
    description:
      'Asks for no more updates and asks the TMS to cancel what it has not begun; the other terminals end by what really happens.',
    notIn: [],
  },
} as const satisfies Record<string, CommandKind>;

type CommandName = keyof typeof COMMANDS;

function commandRoute(command: CommandName): Route {
  const { summary, description, signal } = COMMANDS[command];
  return defineRoute({
    method: 'post',
    path: `${BASE}/campaigns/{campaignId}/${command}`,
    operationId: `${command}Campaign`,
    tag: 'campaigns',
    summary,
    description: `${description} The campaign's status changes when its workflow has taken the command.`,
    params: campaignParams,
    body: commandRequest,
    bodyKind: 'optional-json',
    replies: { 202: { description: 'The command was given.', schema: commandAccepted } },
    problems: ['not-found', 'command-not-possible', 'temporal-unavailable'],
    async handle({ deps, context, params: { campaignId }, body }) {
      const campaign = await findCampaign(deps.pool, campaignId);
      if (!campaign) throw noCampaign(campaignId);
      requirePossible(campaign, command);
      const by = actorOf(context, body.by);
      await send(deps, campaign, command, signal, {
        by,
        ...(body.reason !== undefined && { reason: body.reason }),
      });
      const links = campaignLinks(deps.config.temporal, campaignId);
      return { status: 202, body: { campaignId, command, by, reason: body.reason ?? null, links } };
    },
  });
}

function requirePossible(
  { campaignId, status }: Pick<CampaignDetailRow, 'campaignId' | 'status'>,
  command: CommandName,
): void {
  const notIn: readonly CampaignStatus[] = COMMANDS[command].notIn;
  if (!isFinalCampaignStatus(status) && !notIn.includes(status)) return;
  throw new Problem('command-not-possible', {
    detail: `Campaign ${campaignId} is ${status}: it can't take the command ${command}.`,
    extensions: { campaignStatus: status },
  });
}

async function send(
  { temporal, pool, config }: ApiDependencies,
  campaign: CampaignDetailRow,
  name: CommandName,
  signal: SignalDefinition<[Command?]>,
  command: Command,
): Promise<void> {
  const { campaignId } = campaign;
  const give = (): Promise<void> =>
    withinDeadline(temporal, () =>
      temporal.workflow.getHandle(campaignWorkflowId(campaignId)).signal(signal, command),
    );
  try {
    await give().catch(async (error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      // Either its start was lost, or it has ended since we looked.
      const started = await withinDeadline(temporal, () => startCampaignWorkflow(temporal, campaign));
      if (started === 'started') return give();
      const now = await findCampaign(pool, campaignId);
      if (now) requirePossible(now, name);
      throw new Problem('command-not-possible', { detail: `Campaign ${campaignId} has just ended.` });
    });
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw temporalUnavailable(error, config.temporal.address);
  }
}

export const campaignCommandRoutes: Route[] = (Object.keys(COMMANDS) as CommandName[]).map(commandRoute);
