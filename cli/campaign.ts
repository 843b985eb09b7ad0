/** `tpe campaign …`: update campaigns. */
import type { Command } from 'commander';
import { addControlCommands } from './campaign-control.ts';
import { createCampaign, previewCampaign } from './campaign-create.ts';
import { showCampaign } from './campaign-show.ts';
import { positive, setup } from './options.ts';
import { moment, printList } from './output.ts';
import { addTargetOptions } from './targets.ts';
import type { CampaignSummary, CampaignTpe } from './types.ts';
import { watchCampaign } from './watch.ts';

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

  addControlCommands(campaign);
}

/** Who is updated and how: the same for a campaign and its preview. */
function addPlanOptions(command: Command): Command {
  return addTargetOptions(command.requiredOption('--version <version>', 'the version to bring them to'))
    .option('--schedule <name>', 'when terminals are looked at: standard or by-age')
    .option('--policy <file>', 'JSON file with the policy; - is stdin')
    .option('--template <name>', 'policy template; parts of --policy come before its own')
    .option('--start-at <moment>', 'nothing is asked for before: 2026-11-21T22:00:00+01:00');
}

async function listCampaigns(
  { status, limit }: { status?: string; limit: number },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const items = await api.list<CampaignSummary>('campaigns', { status }, limit);
  printList(items, { json: options.json, none: 'No campaign.' }, [
    { title: 'CAMPAIGN', value: (row) => row.campaignId },
    { title: 'NAME', value: (row) => row.name },
    { title: 'VERSION', value: (row) => row.targetVersion },
    { title: 'STATUS', value: (row) => row.status },
    { title: 'FINAL', value: (row) => `${row.percentFinal} %`, align: 'right' },
    { title: 'TERMINALS', value: (row) => row.total, align: 'right' },
    { title: 'CREATED', value: (row) => moment(row.createdAt) },
  ]);
}

async function listCampaignTpes(
  campaignId: string,
  { status, limit }: { status?: string; limit: number },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const path = `campaigns/${encodeURIComponent(campaignId)}/tpes`;
  const items = await api.list<CampaignTpe>(path, { status }, limit);
  printList(items, { json: options.json, none: 'No terminal.' }, [
    { title: 'TPE', value: (row) => row.tpeId },
    { title: 'TMS', value: (row) => row.tms },
    { title: 'MODEL', value: (row) => row.model },
    { title: 'SITE', value: (row) => row.site },
    { title: 'FROM', value: (row) => row.fromVersion },
    { title: 'RUNS', value: (row) => row.version },
    { title: 'STATUS', value: (row) => row.status },
    { title: 'REASON', value: (row) => row.reason },
    { title: 'WAVE', value: (row) => row.wave, align: 'right' },
    { title: 'ROLL-BACK', value: (row) => row.compensation },
    { title: 'LAST UPDATE', value: (row) => moment(row.lastUpdate) },
  ]);
}
