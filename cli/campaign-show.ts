/** `tpe campaign show`. */
import type { Command } from 'commander';
import { setup } from './options.ts';
import { fields, moment, print, printJson, table } from './output.ts';
import { statusTable } from './status-table.ts';
import type { CampaignDetail } from './types.ts';

export async function showCampaign(campaignId: string, _options: unknown, command: Command): Promise<void> {
  const { api, options } = setup(command);
  const campaign = await api.call<CampaignDetail>(`campaigns/${encodeURIComponent(campaignId)}`);
  if (options.json) return printJson(campaign);
  const { lastCommand: last, policyTemplate: template, waitingFor: waiting, approvedBy } = campaign;
  print(
    fields([
      ['campaign', campaign.campaignId],
      ['name', campaign.name],
      ['version', campaign.targetVersion],
      ['status', campaign.status + (campaign.rollingBack ? ', rolling back' : '')],
      ['waits for', waiting && waiting.what + (waiting.until ? `, until ${moment(waiting.until)}` : '')],
      ['created', `${moment(campaign.createdAt)} by ${campaign.createdBy}`],
      ['retry of', campaign.retryOf],
      ['template', template && `${template.name}, version ${template.version}`],
      ['approved', approvedBy && `${moment(campaign.approvedAt)} by ${approvedBy}`],
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
  print('');
  print(waveTable(campaign.waves));
  const compensations = Object.entries(campaign.compensations);
  if (compensations.length === 0) return;
  print('');
  print(
    table(compensations, [
      { title: 'ROLL-BACK', value: ([state]) => state },
      { title: 'TERMINALS', value: ([, count]) => count, align: 'right' },
    ]),
  );
}

function waveTable(waves: CampaignDetail['waves']): string {
  return table(waves, [
    { title: 'WAVE', value: ({ wave }) => wave, align: 'right' },
    { title: 'NAME', value: ({ name }) => name },
    { title: 'STATE', value: ({ state }) => state },
    { title: 'TERMINALS', value: ({ total }) => total, align: 'right' },
    { title: 'SUCCESS', value: ({ counts }) => counts.SUCCESS ?? 0, align: 'right' },
    { title: 'FAILED', value: ({ counts }) => (counts.FAILED ?? 0) + (counts.TIMEOUT ?? 0), align: 'right' },
    { title: 'STARTED', value: ({ startedAt }) => moment(startedAt) },
    { title: 'DETAIL', value: ({ detail }) => detail },
  ]);
}
