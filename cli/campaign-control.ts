/** `tpe campaign pause`, `approve`, `policy`, `retry` …: what is done to a campaign that exists. */
import { Option, type Command } from 'commander';
import { printCreated, whoAmI } from './campaign-create.ts';
import { readJsonInput, withMembers } from './input.ts';
import { collect, setup } from './options.ts';
import { print, printJson } from './output.ts';
import type { CampaignCreated, CommandAccepted, PolicyChanged } from './types.ts';
import { watchCampaign } from './watch.ts';

const COMMANDS = {
  pause: 'stop asking for updates; terminals already asked are followed to their end',
  resume: 'go on with the terminals that have not been asked for',
  cancel: 'end the campaign; the TMS is asked to cancel what it has not begun',
  approve: 'approve the campaign, or the gate that it waits at',
  reject: 'refuse to approve the campaign: it is cancelled before it has begun',
  'next-wave': 'start the next wave without waiting for the gate before it',
} as const;

/** Adds them to `tpe campaign`. */
export function addControlCommands(campaign: Command): void {
  for (const [name, description] of Object.entries(COMMANDS)) {
    const command = addReason(campaign.command(name).description(description)).action(giveCommand);
    if (name !== 'cancel') continue;
    command
      .addOption(
        new Option('--force', 'wait for nothing: what is open is settled by what is known').conflicts(
          'rollBack',
        ),
      )
      .option('--roll-back', 'bring back what the campaign has changed');
  }

  addReason(campaign.command('policy').description('change the policy of a running campaign'))
    .requiredOption('--change <file>', 'JSON file with the parts to change, {"rate": …}; - is stdin')
    .action(changePolicy);

  campaign
    .command('retry')
    .description('try the failed terminals of an ended campaign again, as a new campaign')
    .argument('<campaignId>')
    .option('--tpe <tpeId...>', 'only these terminals', collect)
    .option('--status <status...>', 'FAILED, TIMEOUT or CANCELLED; default the first two', collect)
    .option('--reason-code <code...>', 'only these reasons; failed covers failed:battery-low', collect)
    .option('--name <name>', 'name of the new campaign')
    .option('--by <who>', 'who asks')
    .option('--idempotency-key <key>', 'a repeated command with the same key creates nothing')
    .option('--watch', 'watch it to its end')
    .action(retryCampaign);
}

function addReason(command: Command): Command {
  return command
    .argument('<campaignId>')
    .option('--reason <text>', 'why; kept in the audit trail')
    .option('--by <who>', 'who; kept in the audit trail');
}

interface CommandOptions {
  reason?: string;
  by?: string;
  force?: boolean;
  rollBack?: boolean;
}

async function giveCommand(
  campaignId: string,
  { reason, by, force, rollBack }: CommandOptions,
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const accepted = await api.call<CommandAccepted>(
    `campaigns/${encodeURIComponent(campaignId)}/${command.name()}`,
    { method: 'POST', body: { reason, by, force, rollBack } },
  );
  if (options.json) return printJson(accepted);
  print(`Campaign ${campaignId} was told to ${command.name()}.`);
}

async function changePolicy(
  campaignId: string,
  { change: file, reason, by }: { change: string; reason?: string; by?: string },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const answer = await api.call<PolicyChanged>(`campaigns/${encodeURIComponent(campaignId)}/policy`, {
    method: 'PATCH',
    body: withMembers(await readJsonInput(file), { ...(reason && { reason }), ...(by && { by }) }),
  });
  if (options.json) return printJson(answer);
  const { changed } = answer;
  print(changed.length > 0 ? `Changed: ${changed.join(', ')}.` : 'Nothing is different from before.');
}

interface RetryOptions {
  tpe?: string[];
  status?: string[];
  reasonCode?: string[];
  name?: string;
  by?: string;
  idempotencyKey?: string;
  watch?: boolean;
}

async function retryCampaign(campaignId: string, given: RetryOptions, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const created = await api.call<CampaignCreated>(`campaigns/${encodeURIComponent(campaignId)}/retry`, {
    method: 'POST',
    body: {
      tpeIds: given.tpe,
      statuses: given.status,
      reasons: given.reasonCode,
      name: given.name,
      createdBy: given.by ?? whoAmI(),
    },
    headers: given.idempotencyKey === undefined ? {} : { 'idempotency-key': given.idempotencyKey },
  });
  printCreated(created, options.json ?? false);
  if (given.watch) await watchCampaign(api, created.campaignId, { json: options.json ?? false });
}
