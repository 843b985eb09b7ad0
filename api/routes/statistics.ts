/** Statistics of a campaign and over campaigns, read from the projections. */
import { COMPENSATIONS } from '../../db/campaign.ts';
import { databaseNow } from '../../db/clock.ts';
import { inSnapshot, type Pool } from '../../db/pool.ts';
import {
  chooseStep,
  findWaveNames,
  readFinalChanges,
  readHeatMap,
} from '../../projections/campaign-statistics.ts';
import { readState } from '../../projections/state.ts';
import {
  countCampaigns,
  countCompensations,
  countDurations,
  countTerminals,
  rankOutcomes,
} from '../../projections/statistics.ts';
import { CAMPAIGN_STATUSES } from '../../workflows/status.ts';
import { Problem } from '../errors.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  campaignStatistics,
  campaignStatisticsQuery,
  statistics,
  statisticsQuery,
  type CampaignStatistics,
  type Statistics,
} from '../schemas/statistics.ts';
import {
  toAsOf,
  toDurations,
  toHeatMap,
  toOutcomes,
  toProgress,
  toTerminals,
  toWaves,
  zeros,
} from '../statistics.ts';
import { campaignParams, noCampaign } from './campaigns.ts';

const DAY_MS = 24 * 3_600 * 1_000;
const DEFAULT_DAYS = 30;

const ofCampaign = defineRoute({
  method: 'get',
  path: `${BASE}/campaigns/{campaignId}/statistics`,
  operationId: 'getCampaignStatistics',
  tag: 'statistics',
  summary: 'Statistics of a campaign',
  description:
    'Terminals by wave and status, failures by reason, model, site and TMS, durations, and how it went over time. Counted from the events, a moment after they happen: `asOf` says how far.',
  params: campaignParams,
  query: campaignStatisticsQuery,
  replies: { 200: { description: 'The statistics.', schema: campaignStatistics } },
  problems: ['not-found'],
  async handle({ deps: { pool }, params: { campaignId }, query }) {
    const body = await readCampaignStatistics(pool, campaignId, query);
    if (!body) throw noCampaign(campaignId);
    return { status: 200, body };
  },
});

const overCampaigns = defineRoute({
  method: 'get',
  path: `${BASE}/statistics`,
  operationId: 'getStatistics',
  tag: 'statistics',
  summary: 'Statistics over campaigns',
  description: 'Of the campaigns that were created in a period, by default in the last 30 days.',
  query: statisticsQuery,
  replies: { 200: { description: 'The statistics.', schema: statistics } },
  async handle({ deps: { pool }, query: { from, to, top } }) {
    const before = new Date(to ?? (await databaseNow(pool)));
    const since = from === undefined ? new Date(before.getTime() - DEFAULT_DAYS * DAY_MS) : new Date(from);
    if (since >= before) throw noPeriod();
    return { status: 200, body: await readStatistics(pool, { from: since, to: before }, top) };
  },
});

function readCampaignStatistics(
  pool: Pool,
  campaignId: string,
  { top, step: asked }: { top: number; step?: number | undefined },
): Promise<CampaignStatistics | undefined> {
  return inSnapshot(pool, async (db) => {
    const state = await readState(db);
    const names = await findWaveNames(db, campaignId);
    if (!names) return undefined;
    const counts = await countTerminals(db, { campaignId });
    const step = await chooseStep(db, campaignId, asked);
    return {
      campaignId,
      asOf: toAsOf(state),
      ...toTerminals(counts),
      byWave: toWaves(counts, names),
      byCompensation: { ...zeros(COMPENSATIONS), ...(await countCompensations(db, { campaignId })) },
      outcomes: toOutcomes(await rankOutcomes(db, { campaignId }, top)),
      durations: toDurations(await countDurations(db, { campaignId })),
      heatMap: toHeatMap(step, await readHeatMap(db, campaignId, step)),
      progress: toProgress(step, await readFinalChanges(db, campaignId, step)),
    };
  });
}

function readStatistics(pool: Pool, period: { from: Date; to: Date }, top: number): Promise<Statistics> {
  return inSnapshot(pool, async (db) => {
    const state = await readState(db);
    const campaigns = await countCampaigns(db, period);
    return {
      asOf: toAsOf(state),
      from: period.from.toISOString(),
      to: period.to.toISOString(),
      campaigns: {
        total: campaigns.reduce((total, each) => total + each.campaigns, 0),
        byStatus: {
          ...zeros(CAMPAIGN_STATUSES),
          ...Object.fromEntries(campaigns.map((each) => [each.status, each.campaigns])),
        },
      },
      terminals: toTerminals(await countTerminals(db, period)),
      outcomes: toOutcomes(await rankOutcomes(db, period, top)),
      durations: toDurations(await countDurations(db, period)),
    };
  });
}

function noPeriod(): Problem {
  return new Problem('invalid-parameters', {
    detail: 'from: must be before to.',
    errors: [{ parameter: 'from', message: 'must be before `to`, which is now where it is not given' }],
  });
}

export const statisticsRoutes: Route[] = [ofCampaign, overCampaigns];
