/** Pause, resume, cancel, approve, reject, start the next wave: signals to the campaign's workflow. */
import type { SignalDefinition } from '@temporalio/client';
import { findCampaign, listCampaignWaves, type CampaignDetailRow } from '../../db/campaign.ts';
import {
  approveSignal,
  cancelSignal,
  pauseSignal,
  rejectSignal,
  resumeSignal,
  startNextWaveSignal,
  type CancelCommand,
} from '../../workflows/messages.ts';
import { isFinalCampaignStatus } from '../../workflows/status.ts';
import { actorOf, commandIds, type ApiDependencies, type RequestContext } from '../context.ts';
import { Problem, type ProblemCode } from '../errors.ts';
import { BASE, campaignLinks } from '../links.ts';
import { reachCampaign } from '../reach-campaign.ts';
import { defineRoute, type Route } from '../route.ts';
import { cancelRequest, commandAccepted, commandRequest, type COMMAND_NAMES } from '../schemas/campaign.ts';
import type { z } from '../schemas/common.ts';
import { campaignParams, noCampaign } from './campaigns.ts';

type CommandName = (typeof COMMAND_NAMES)[number];
type CommandBody = z.output<typeof cancelRequest>;

interface Asked {
  deps: ApiDependencies;
  campaign: CampaignDetailRow;
  body: CommandBody;
  context: RequestContext;
}

interface CommandKind {
  signal: SignalDefinition<[CancelCommand?]>;
  operationId: string;
  summary: string;
  description: string;
  body: typeof commandRequest | typeof cancelRequest;
  /** Whether the campaign, which has not ended, can take it. */
  possible: (asked: Asked) => boolean | Promise<boolean>;
  /** Problems of this command alone. */
  problems?: readonly ProblemCode[];
}

/** Only while a roll-back runs is there something to pause in a campaign that is being ended. */
const canPause = ({ campaign: { status, rollingBack } }: Asked): boolean =>
  status !== 'PENDING_APPROVAL' && (status !== 'CANCELLING' || rollingBack);

// A repeated command is harmless, and what the database says may be a moment old, so that only what can not
// be meant is refused.
const COMMANDS: Record<CommandName, CommandKind> = {
  pause: {
    signal: pauseSignal,
    operationId: 'pauseCampaign',
    summary: 'Pause a campaign',
    description:
      'Stops asking for updates at once. Terminals already asked are followed to their end. A roll-back can be paused too.',
    body: commandRequest,
    possible: canPause,
  },
  resume: {
    signal: resumeSignal,
    operationId: 'resumeCampaign',
    summary: 'Resume a paused campaign',
    description:
      'Goes on with the terminals that have not been asked for; after a gate that was not passed, with the next wave.',
    body: commandRequest,
    possible: canPause,
  },
  cancel: {
    signal: cancelSignal,
    operationId: 'cancelCampaign',
    summary: 'Cancel a campaign',
    description:
      'Asks for no more updates and asks the TMS to cancel what it has not begun; the other terminals end by what really happens. While the campaign rolls back, a cancel calls the roll-back off.',
    body: cancelRequest,
    // A second request to roll back would call off the first.
    possible: ({ campaign: { status }, body }) => status !== 'CANCELLING' || body.rollBack !== true,
  },
  approve: {
    signal: approveSignal,
    operationId: 'approveCampaign',
    summary: 'Approve a campaign, or the gate that it waits at',
    description:
      'Four eyes: for a campaign that waits to be started it counts only with a name other than that of its author.',
    body: commandRequest,
    possible: canApprove,
    problems: ['approval-refused'],
  },
  reject: {
    signal: rejectSignal,
    operationId: 'rejectCampaign',
    summary: 'Refuse to approve a campaign',
    description: 'The campaign is cancelled before it has begun.',
    body: commandRequest,
    possible: ({ campaign: { status } }) => status === 'PENDING_APPROVAL',
  },
  'next-wave': {
    signal: startNextWaveSignal,
    operationId: 'startNextWave',
    summary: 'Start the next wave without waiting for the gate before it',
    description: 'Without effect where there is no further wave.',
    body: commandRequest,
    possible: ({ campaign: { status } }) => status === 'RUNNING' || status === 'PAUSED',
  },
};

function commandRoute(command: CommandName): Route {
  const { operationId, summary, description, body: schema, problems = [] } = COMMANDS[command];
  return defineRoute({
    method: 'post',
    path: `${BASE}/campaigns/{campaignId}/${command}`,
    operationId,
    tag: 'campaigns',
    summary,
    description: `${description} The campaign's status changes when its workflow has taken the command.`,
    params: campaignParams,
    body: schema,
    bodyKind: 'optional-json',
    replies: { 202: { description: 'The command was given.', schema: commandAccepted } },
    problems: ['not-found', 'command-not-possible', 'temporal-unavailable', ...problems],
    async handle({ deps, context, params: { campaignId }, body }) {
      const campaign = await findCampaign(deps.pool, campaignId);
      if (!campaign) throw noCampaign(campaignId);
      await requirePossible(command, { deps, campaign, body, context });
      const by = actorOf(context, body.by);
      const given: CancelCommand = { ...body, by, ...commandIds(context) };
      await reachCampaign(deps, campaign, (handle) => handle.signal(COMMANDS[command].signal, given));
      const links = campaignLinks(deps.config.temporal, campaignId);
      return { status: 202, body: { campaignId, command, by, reason: body.reason ?? null, links } };
    },
  });
}

async function requirePossible(command: CommandName, asked: Asked): Promise<void> {
  const { campaignId, status } = asked.campaign;
  if (!isFinalCampaignStatus(status) && (await COMMANDS[command].possible(asked))) return;
  throw new Problem('command-not-possible', {
    detail: `Campaign ${campaignId} is ${status}: it can't take the command ${command}.`,
    extensions: { campaignStatus: status },
  });
}

/** @throws Problem `approval-refused` */
async function canApprove({ deps, campaign, body, context }: Asked): Promise<boolean> {
  const { campaignId, status, createdBy } = campaign;
  if (status !== 'PENDING_APPROVAL') {
    const waves = await listCampaignWaves(deps.pool, campaignId);
    return waves.some(({ state }) => state === 'AWAITING_APPROVAL');
  }
  const name = body.by ?? context.actor;
  if (name !== null && name !== createdBy) return true;
  throw new Problem('approval-refused', {
    detail:
      name === null
        ? `Campaign ${campaignId} needs an approval with a name: give \`by\`, or the header X-Actor.`
        : `Campaign ${campaignId} was created by ${createdBy}: somebody else must approve it.`,
  });
}

export const campaignCommandRoutes: Route[] = (Object.keys(COMMANDS) as CommandName[]).map(commandRoute);
