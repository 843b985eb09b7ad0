/** `tpe campaign …`: update campaigns. */
import type { Command } from 'commander';
import { createCampaign, previewCampaign } from './campaign-create.ts';
import { positive, setup } from './options.ts';
import { fields, moment, print, printJson, table } from './output.ts';
import { statusTable } from './status-table.ts';
import { addTargetOptions } from './targets.ts';
import type { CampaignDetail, CampaignSummary, CampaignTpe, CommandAccepted } from './types.ts';
import { watchCampaign } from './watch.ts';

const COMMANDS = {
  pause: 'stop asking for updates; terminals already asked are followed to their end',
  resume: 'go on with the terminals that have not been asked for',
  cancel: 'end the campaign; the TMS is asked to cancel what it has not begun',
} as const;

export function addCampaignCommands(program: Command): void {
  const campaign = program.command('campaign').description('update campaigns');

  addPlanOptions(campaign.command('create').description('bring terminals to a version'))
    .option('--name <name>', 'name of the campaign')
    .option('--by <who>', 'who asks')
    .option('--idempotency-key <key>', 'a repeated command with the same key creates nothing')
    .option('--watch', 'watch it to its end')
    .action(createCampaign);

  addPlanOptions(
    campaign.command('preview').description('what a campaign would do, without creating it'),
  ).action(previewCampaign);

  campaign
    .command('list')
    .description('list campaigns, newest first')
    .option('--status <status>')
    .option('--limit <n>', 'most campaigns to show', positive, 20)
    .action(listCampaigns);

  campaign
    .command('show')
    .description('a campaign and its terminals by status')
    .argument('<campaignId>')
    .action(showCampaign);

  campaign
    .command('tpes')
    .description('the terminals of a campaign')
    .argument('<campaignId>')
    .option('--status <status>')
    .option('--limit <n>', 'most terminals to show', positive, 50)
    .action(listCampaignTpes);

  campaign
    .command('watch')
    .description('watch a campaign to its end')
    .argument('<campaignId>')
    .action(async (campaignId: string, _options: unknown, command: Command) => {
      const { api, options } = setup(command);
      await watchCampaign(api, campaignId, { json: options.json ?? false });
    });

  for (const [name, description] of Object.entries(COMMANDS)) {
    campaign
      .command(name)
      .description(description)
      .argument('<campaignId>')
      .option('--reason <text>', 'why; kept in the audit trail')
      .option('--by <who>', 'who; kept in the audit trail')
      .action(giveCommand);
  }
}

/** Who is updated and how: the same for a campaign and its preview. */
function addPlanOptions(command: Command): Command {
  return addTargetOptions(
    command.requiredOption('--version <version>', 'the version to bring them to'),
  ).option('--schedule <name>', 'when terminals are looked at: standard or by-age');
}

async function listCampaigns(
  { status, limit }: { status?: string; limit: number },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const items = await api.list<CampaignSummary>('campaigns', { status }, limit);
  if (options.json) return printJson({ items });
  if (items.length === 0) return print('No campaign.');
  print(
    table(items, [
      { title: 'CAMPAIGN', value: (row) => row.campaignId },
      { title: 'NAME', value: (row) => row.name },
      { title: 'VERSION', value: (row) => row.targetVersion },
      { title: 'STATUS', value: (row) => row.status },
      { title: 'FINAL', value: (row) => `${row.percentFinal} %`, align: 'right' },
      { title: 'TERMINALS', value: (row) => row.total, align: 'right' },
      { title: 'CREATED', value: (row) => moment(row.createdAt) },
    ]),
  );
}

async function showCampaign(campaignId: string, _options: unknown, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const campaign = await api.call<CampaignDetail>(`campaigns/${encodeURIComponent(campaignId)}`);
  if (options.json) return printJson(campaign);
  const { lastCommand: last } = campaign;
  print(
    fields([
      ['campaign', campaign.campaignId],
      ['name', campaign.name],
      ['version', campaign.targetVersion],
      ['status', campaign.status],
      ['created', `${moment(campaign.createdAt)} by ${campaign.createdBy}`],
      ['started', moment(campaign.startedAt)],
      ['dispatched', moment(campaign.dispatchedAt)],
      ['ended', moment(campaign.endedAt)],
      [
        'last command',
        last && `${last.command} by ${last.by}${last.reason ? ` (${last.reason})` : ''}, ${moment(last.at)}`,
      ],
      ['Temporal', campaign.links.temporal],
    ]),
  );
  print('');
  print(statusTable(campaign.counts, campaign.total));
}

async function listCampaignTpes(
  campaignId: string,
  { status, limit }: { status?: string; limit: number },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const path = `campaigns/${encodeURIComponent(campaignId)}/tpes`;
  const items = await api.list<CampaignTpe>(path, { status }, limit);
  if (options.json) return printJson({ items });
  if (items.length === 0) return print('No terminal.');
  print(
    table(items, [
      { title: 'TPE', value: (row) => row.tpeId },
      { title: 'TMS', value: (row) => row.tms },
      { title: 'MODEL', value: (row) => row.model },
      { title: 'SITE', value: (row) => row.site },
      { title: 'FROM', value: (row) => row.fromVersion },
      { title: 'RUNS', value: (row) => row.version },
      { title: 'STATUS', value: (row) => row.status },
      { title: 'REASON', value: (row) => row.reason },
      { title: 'LAST UPDATE', value: (row) => moment(row.lastUpdate) },
    ]),
  );
}

async function giveCommand(
  campaignId: string,
  { reason, by }: { reason?: string; by?: string },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const accepted = await api.call<CommandAccepted>(
    `campaigns/${encodeURIComponent(campaignId)}/${command.name()}`,
    {
      method: 'POST',
      body: { reason, by },
    },
  );
  if (options.json) return printJson(accepted);
  print(`Campaign ${campaignId} was told to ${command.name()}.`);
}
