/** `tpe stats`: statistics of a campaign, or over campaigns. */
import { InvalidArgumentError, type Command } from 'commander';
import type { CampaignStatistics, Statistics } from '../api/schemas/statistics.ts';
import { positive, setup } from './options.ts';
import { fields, moment, print, printJson, table } from './output.ts';
import { statusTable } from './status-table.ts';

type Outcomes = Statistics['outcomes'];
type Durations = Statistics['durations'];

interface StatsOptions {
  top: number;
  step?: number;
  from?: string;
  to?: string;
}

export function addStatisticsCommand(program: Command): void {
  program
    .command('stats')
    .description('statistics: of a campaign, or of all that were created in a period')
    .argument('[campaignId]')
    .option('--top <n>', 'most rows of each ranking', positive, 10)
    .option('--step <seconds>', 'of the series in the JSON, for a campaign: a multiple of 60', positive)
    .option('--from <time>', 'campaigns created from then on; default 30 days back', parseTime)
    .option('--to <time>', 'campaigns created before then; default now', parseTime)
    .action(showStatistics);
}

async function showStatistics(
  campaignId: string | undefined,
  { top, step, from, to }: StatsOptions,
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  if (campaignId !== undefined) {
    const path = `campaigns/${encodeURIComponent(campaignId)}/statistics`;
    const statistics = await api.call<CampaignStatistics>(path, { query: { top, step } });
    return options.json ? printJson(statistics) : printCampaign(statistics);
  }
  const statistics = await api.call<Statistics>('statistics', { query: { top, from, to } });
  return options.json ? printJson(statistics) : printOverall(statistics);
}

function parseTime(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('It must be a date, for example 2026-11-01.');
  return at.toISOString();
}

function printCampaign({ byStatus, byWave, byCompensation, total, ...rest }: CampaignStatistics): void {
  printAsOf(rest.asOf);
  print(`\n${statusTable(present(byStatus), total)}`);
  const waves = table(byWave, [
    { title: 'WAVE', value: ({ wave }) => wave, align: 'right' },
    { title: 'NAME', value: ({ name }) => name || null },
    { title: 'TERMINALS', value: (wave) => wave.total, align: 'right' },
    { title: 'FINAL', value: ({ final }) => final, align: 'right' },
    { title: 'SUCCESS', value: (wave) => wave.byStatus.SUCCESS, align: 'right' },
    { title: 'FAILED', value: (wave) => wave.byStatus.FAILED + wave.byStatus.TIMEOUT, align: 'right' },
  ]);
  print(`\n${waves}`);
  const compensations = Object.entries(present(byCompensation));
  if (compensations.length > 0)
    print(`\n${fields(compensations.map(([state, count]) => [`rolled back: ${state}`, count]))}`);
  printOutcomes(rest.outcomes);
  printDurations(rest.durations);
}

function printOverall({ asOf, from, to, campaigns, terminals, outcomes, durations }: Statistics): void {
  printAsOf(asOf);
  print(`campaigns created from ${moment(from)} to ${moment(to)}\n`);
  print(
    table(
      [...Object.entries(present(campaigns.byStatus)), ['total', campaigns.total] as const],
      [
        { title: 'STATUS', value: ([status]) => status },
        { title: 'CAMPAIGNS', value: ([, count]) => count, align: 'right' },
      ],
    ),
  );
  print(`\n${statusTable(present(terminals.byStatus), terminals.total)}`);
  printOutcomes(outcomes);
  printDurations(durations);
}

function printAsOf({ position, at, lagEvents, lagSeconds }: Statistics['asOf']): void {
  const behind = lagEvents > 0 ? `; ${lagEvents} events behind, for ${Math.round(lagSeconds)} s` : '';
  print(`as of event ${position}${at ? `, ${moment(at)}` : ''}${behind}`);
}

function printOutcomes({ total, byReason, byModel, bySite, byTms }: Outcomes): void {
  const of = total.successPercent === null ? '' : ` (${total.successPercent} % success)`;
  print(`\n${total.ended} updates have ended${of}, ${total.failures} of them failed`);
  if (byReason.items.length > 0) {
    const { others } = byReason;
    const rest = others.reasons > 0 ? [{ ...others, reason: `others (${others.reasons})` }] : [];
    print('');
    print(
      table(
        [...byReason.items, ...rest],
        [
          { title: 'REASON', value: ({ reason }) => reason },
          { title: 'FAILED', value: ({ failures }) => failures, align: 'right' },
          { title: '%', value: ({ percent }) => percent, align: 'right' },
        ],
      ),
    );
  }
  for (const [title, ranking] of Object.entries({ MODEL: byModel, SITE: bySite, TMS: byTms })) {
    if (ranking.items.length > 0) print(`\n${rankingTable(title, ranking)}`);
  }
}

function rankingTable(title: string, { items, others }: Outcomes['byModel']): string {
  const rest = others.values > 0 ? [{ ...others, value: `others (${others.values})` }] : [];
  return table(
    [...items, ...rest],
    [
      { title, value: ({ value }) => value },
      { title: 'FAILED', value: ({ failures }) => failures, align: 'right' },
      { title: 'ENDED', value: ({ ended }) => ended, align: 'right' },
      { title: '% SUCCESS', value: ({ successPercent }) => successPercent, align: 'right' },
    ],
  );
}

function printDurations({ all, byStatus }: Durations): void {
  if (all.terminals === 0) return;
  print('');
  print(
    table(
      [...byStatus, { value: 'all', ...all }],
      [
        { title: 'DURATION OF', value: ({ value }) => value },
        { title: 'TERMINALS', value: ({ terminals }) => terminals, align: 'right' },
        { title: 'MEAN', value: ({ meanSeconds }) => span(meanSeconds), align: 'right' },
        { title: 'P50', value: ({ p50Seconds }) => span(p50Seconds), align: 'right' },
        { title: 'P90', value: ({ p90Seconds }) => span(p90Seconds), align: 'right' },
        { title: 'P99', value: ({ p99Seconds }) => span(p99Seconds), align: 'right' },
      ],
    ),
  );
}

/** Those that are not 0. */
function present(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

/** Seconds as people say them: `45 s`, `12 min`, `3.5 h`. */
function span(seconds: number | null): string | null {
  if (seconds === null) return null;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
