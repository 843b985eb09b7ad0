import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../cli/http.ts';
import { statusTable } from '../cli/status-table.ts';
import type { CampaignDetail, CampaignTpe } from '../cli/types.ts';
import type { Config } from '../config.ts';
import { readTopic } from '../events/consume.ts';
import type { StatusData } from '../events/messages.ts';
import type { SimulatorStats } from '../tms/simulator/admin-routes.ts';
import { type CampaignStatus, isFinalTpeStatus, type StatusCounts } from '../workflows/status.ts';
import { columns } from './addresses.ts';
import type { Stack } from './stack.ts';

/** What the demo ends with; with `--json` its last line. */
export interface DemoResult {
  campaignId: string;
  status: CampaignStatus;
  terminals: number;
  byStatus: StatusCounts;
  /** Milliseconds from sending the HTTP request to the TMS's last update call. */
  triggerMs: number | null;
  /** Terminals that the TMS really updated twice in one attempt. */
  duplicates: number;
  /** Terminals of the campaign whose last message in the topic has a final status. */
  kafkaStatuses: number;
  /** From the HTTP request to the campaign's end. */
  seconds: number;
}

/** How long the relay may take for what the campaign's last terminals have left in the outbox. */
const KAFKA_TIMEOUT_MS = 30_000;

export async function collectResult(
  campaign: CampaignDetail,
  requestedAt: number,
  stack: Stack,
  config: Config,
): Promise<DemoResult> {
  const seconds = Math.round((Date.now() - requestedAt) / 100) / 10;
  const response = await fetch(`http://127.0.0.1:${stack.ports.simulatorTms}/stats`);
  const stats = (await response.json()) as SimulatorStats;
  return {
    campaignId: campaign.campaignId,
    status: campaign.status,
    terminals: campaign.total,
    byStatus: campaign.counts,
    triggerMs: stats.lastUpdateCallAt === null ? null : stats.lastUpdateCallAt - requestedAt,
    duplicates: stats.duplicates,
    kafkaStatuses: await countOnKafka(config, campaign),
    seconds,
  };
}

async function countOnKafka(config: Config, { campaignId, final }: CampaignDetail): Promise<number> {
  for (const deadline = Date.now() + KAFKA_TIMEOUT_MS; ; await sleep(500)) {
    const { latest } = await readTopic(config, 'tpe.update.status');
    const statuses = [...latest.values()].map(({ data }) => data as StatusData);
    const count = statuses.filter(
      (data) => data.campaignId === campaignId && isFinalTpeStatus(data.status),
    ).length;
    if (count >= final || Date.now() > deadline) return count;
  }
}

/** What keeps the demo from having succeeded, as sentences. */
export function shortcomings({ terminals, byStatus, duplicates, kafkaStatuses }: DemoResult): string[] {
  const final = Object.entries(byStatus)
    .filter(([status]) => isFinalTpeStatus(status as keyof StatusCounts))
    .reduce((sum, [, count]) => sum + count, 0);
  return [
    final === terminals ? '' : `${terminals - final} terminals have no final status.`,
    duplicates === 0 ? '' : `The TMS has updated ${duplicates} terminals twice.`,
    kafkaStatuses === final ? '' : `Kafka has ${kafkaStatuses} final statuses, the database ${final}.`,
  ].filter(Boolean);
}

/** The result as people read it, with where to look. */
export async function describeResult(result: DemoResult, stack: Stack, api: ApiClient): Promise<string> {
  const base = `http://127.0.0.1:${stack.ports.api}`;
  const ui = `${stack.env.TEMPORAL_UI_URL}/namespaces/${stack.env.TEMPORAL_NAMESPACE}`;
  const query = encodeURIComponent(`CampaignId = '${result.campaignId}'`);
  const { items } = await api.call<{ items: CampaignTpe[] }>(`campaigns/${result.campaignId}/tpes`, {
    query: { limit: 1 },
  });
  return [
    statusTable(result.byStatus, result.terminals),
    `The campaign is ${result.status}.`,
    '',
    columns([
      ['from the request to the last update call', `${result.triggerMs} ms`],
      ['terminals updated twice', String(result.duplicates)],
      ['final statuses on Kafka', String(result.kafkaStatuses)],
      ['whole campaign', `${result.seconds} s`],
    ]),
    '',
    columns([
      ['Console', `${base}/campaigns/${result.campaignId}`],
      ['Campaign, as the API tells it', `${base}/api/v1/campaigns/${result.campaignId}`],
      ['API documentation', `${base}/api/v1/docs`],
      ['Its workflows', `${ui}/workflows?query=${query}`],
      ['One terminal', items[0]?.links.temporal ?? ''],
    ]),
    '',
  ].join('\n');
}
