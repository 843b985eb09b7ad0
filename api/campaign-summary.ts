/** What lists and the live stream say about a campaign. */
import type { z } from 'zod';
import type { Config } from '../config.ts';
import type { CampaignRow } from '../db/campaign.ts';
import { countFinal, type StatusCounts } from '../workflows/status.ts';
import { campaignLinks } from './links.ts';
import type { campaignSummary } from './schemas/campaign.ts';

/** As the schema has it, with instants that are not text yet. */
export type CampaignSummary = {
  [K in keyof z.output<typeof campaignSummary>]:
    z.output<typeof campaignSummary>[K] | (K extends `${string}At` ? Date : never);
};

export function summariseCampaign(
  config: Config['temporal'],
  row: CampaignRow,
  counts: StatusCounts,
): CampaignSummary {
  const final = countFinal(counts);
  return {
    campaignId: row.campaignId,
    name: row.name,
    status: row.status,
    targetVersion: row.targetVersion,
    total: row.total,
    counts,
    final,
    // Rounded down: 100 means all of them.
    percentFinal: Math.floor((final / Math.max(row.total, 1)) * 1000) / 10,
    failurePercent: failurePercent(counts),
    createdBy: row.createdBy,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    dispatchedAt: row.dispatchedAt,
    endedAt: row.endedAt,
    lastCommand: row.lastCommand,
    waitingFor: row.waitingFor,
    rollingBack: row.rollingBack,
    links: campaignLinks(config, row.campaignId),
  };
}

/** Rounded up: 0 means none. */
function failurePercent({ SUCCESS = 0, FAILED = 0, TIMEOUT = 0 }: StatusCounts): number | null {
  const tried = SUCCESS + FAILED + TIMEOUT;
  return tried === 0 ? null : Math.ceil(((FAILED + TIMEOUT) / tried) * 1000) / 10;
}
