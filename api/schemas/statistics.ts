/** Statistics, and the projections that they are read from. */
import { COMPENSATIONS } from '../../db/campaign.ts';
import { DURATION_BOUNDS } from '../../projections/durations.ts';
import { REBUILD_STATES } from '../../projections/rebuild-requests.ts';
import { CAMPAIGN_STATUSES, FINAL_TPE_STATUSES, TPE_STATUSES } from '../../workflows/status.ts';
import { instant, label, orNull, uuid, z } from './common.ts';

const count = z.number().int();
const percent = z.number().nullable().openapi({ description: '0 to 100, one decimal; null without any.' });
const seconds = z.number().nullable().openapi({ description: 'Null without any.' });

/** A count for every status, 0 included: a chart needs no special cases. */
function everyOf<const K extends string>(
  keys: readonly K[],
): z.ZodRecord<z.ZodEnum<{ [P in K]: P }>, typeof count> {
  return z.record(z.enum(keys), count);
}

const top = z.coerce
  .number()
  .int()
  .min(1)
  .max(100)
  .default(10)
  .openapi({ description: 'Most items of each ranking, 1 to 100.' });

export const campaignStatisticsQuery = z.strictObject({
  top,
  step: z.coerce
    .number()
    .int()
    .min(60)
    .max(86_400)
    .multipleOf(60, 'must be a multiple of 60')
    .optional()
    .openapi({
      description:
        'Seconds per step of `heatMap` and `progress`, a multiple of 60 up to 86400; longer where there were more than 1,000 steps. Default: so that there are about 120.',
    }),
});

const moment = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 date and time with offset' })
  .openapi({ format: 'date-time', example: '2026-11-01T00:00:00Z' });

export const statisticsQuery = z.strictObject({
  top,
  from: moment
    .optional()
    .openapi({ description: 'Campaigns created from then on; default 30 days before `to`.' }),
  to: moment.optional().openapi({ description: 'Campaigns created before then; default now.' }),
});

export const asOf = z
  .object({
    position: count.openapi({ description: 'Of the last event that is counted; 0 before the first.' }),
    at: instant.nullable().openapi({ description: 'When that event happened.' }),
    lagEvents: count.openapi({ description: 'Events that are not counted yet, up to 100,000.' }),
    lagSeconds: z.number().openapi({ description: 'Age of the oldest of them; 0 when there is none.' }),
  })
  .openapi('AsOf');

const rate = {
  ended: count.openapi({ description: 'SUCCESS, FAILED and TIMEOUT.' }),
  successes: count,
  failures: count.openapi({ description: 'FAILED and TIMEOUT.' }),
  successPercent: percent,
};

const rated = z
  .object({
    value: z.string().nullable().openapi({ description: 'Null where the events name none.' }),
    ...rate,
  })
  .openapi('OutcomeOfValue');

const ranking = z
  .object({
    items: z.array(rated).openapi({ description: 'Those with the most failures first.' }),
    others: z
      .object({
        values: count.openapi({ description: 'Number of values that are not in `items`.' }),
        ...rate,
      })
      .openapi({ description: 'All values that are not in `items` together.' }),
  })
  .openapi('OutcomeRanking');

const reasons = z
  .object({
    items: z.array(
      z.object({
        reason: z.string().nullable().openapi({ example: 'failed:battery-low' }),
        failures: count,
        percent: percent.openapi({ description: 'Of all failures.' }),
      }),
    ),
    others: z.object({ reasons: count, failures: count, percent }),
  })
  .openapi('FailureReasons');

const outcomes = {
  total: z.object(rate).openapi({ description: 'All terminals together.' }),
  byReason: reasons,
  byModel: ranking,
  bySite: ranking,
  byTms: ranking,
};

const duration = {
  terminals: count,
  meanSeconds: seconds,
  p50Seconds: seconds,
  p90Seconds: seconds,
  p99Seconds: seconds,
  histogram: z
    .array(count)
    .openapi({ description: 'A count for each of `bounds`, and one more for what took longer.' }),
};
const durationOf = z.object({ value: z.string().nullable(), ...duration }).openapi('DurationsOfValue');

const bounds = z
  .array(z.number())
  .openapi({ description: 'Upper bounds in seconds, each included.', example: [...DURATION_BOUNDS] });

const durations = z
  .object({
    bounds,
    all: z.object(duration).openapi({ description: 'Whatever the status.' }),
    byStatus: z.array(durationOf),
    byModel: z.array(durationOf).openapi({ description: 'Of SUCCESS, the models with the most first.' }),
    byTms: z.array(durationOf).openapi({ description: 'Of SUCCESS, the TMSs with the most first.' }),
  })
  .openapi('Durations', {
    description:
      'From the request of the last attempt to the final status. Percentiles are estimated from the histogram; above the last bound they are that bound.',
  });

const heatMap = z
  .object({
    stepSeconds: count,
    bounds,
    most: count.openapi({ description: 'The largest of all counts.' }),
    steps: z.array(
      z.object({ at: instant.openapi({ description: 'When the step begins.' }), counts: z.array(count) }),
    ),
  })
  .openapi('HeatMap', {
    description:
      'Terminals by when they ended and how long they took: `counts` are as those of a histogram. Steps without any are left out.',
  });

const progress = z
  .object({
    stepSeconds: count,
    steps: z.array(
      z.object({
        at: instant.openapi({ description: 'When the step begins; the counts are those at its end.' }),
        final: count,
        byStatus: everyOf(FINAL_TPE_STATUSES),
      }),
    ),
  })
  .openapi('ProgressOverTime', { description: 'Steps in which nothing changed are left out.' });

export const campaignStatistics = z
  .object({
    campaignId: uuid,
    asOf,
    total: count.openapi({ description: 'Number of terminals.' }),
    final: count,
    byStatus: everyOf(TPE_STATUSES),
    byWave: z.array(
      z.object({
        wave: count,
        name: z.string(),
        total: count,
        final: count,
        byStatus: everyOf(TPE_STATUSES),
      }),
    ),
    byCompensation: everyOf(COMPENSATIONS),
    outcomes: z.object(outcomes),
    durations,
    heatMap,
    progress,
  })
  .openapi('CampaignStatistics');
export type CampaignStatistics = z.output<typeof campaignStatistics>;

export const statistics = z
  .object({
    asOf,
    from: instant,
    to: instant,
    campaigns: z.object({ total: count, byStatus: everyOf(CAMPAIGN_STATUSES) }),
    terminals: z.object({ total: count, final: count, byStatus: everyOf(TPE_STATUSES) }),
    outcomes: z.object(outcomes),
    durations,
  })
  .openapi('Statistics');
export type Statistics = z.output<typeof statistics>;

export const rebuild = z
  .object({
    rebuildId: uuid,
    state: z.enum(REBUILD_STATES),
    by: z.string(),
    reason: z.string().nullable(),
    requestedAt: instant,
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
    seconds: z.number().nullable().openapi({ description: 'Since it has begun, or that it took.' }),
    position: count.openapi({ description: 'Of the last event that was counted anew.' }),
    targetPosition: count.nullable().openapi({ description: 'How far it has to go, as known now.' }),
    percent: z.number().openapi({ description: '0 to 100, one decimal.' }),
    events: count,
    skipped: count.openapi({ description: 'Events that should count but lack what it takes.' }),
    identical: z.boolean().nullable().openapi({
      description: 'Whether the projections that were in use were the same; null until they were compared.',
    }),
    differences: z
      .array(
        z.object({
          projection: z.string().openapi({ example: 'terminal_status' }),
          rows: count.openapi({ description: 'Number of rows that were different.' }),
          examples: z.array(z.record(z.string(), z.unknown())).openapi({ description: 'Up to 5 of them.' }),
        }),
      )
      .nullable()
      .openapi({ description: 'Null until they were compared.' }),
    failures: count.openapi({ description: 'Times that it was broken off; after 5 it is FAILED.' }),
    error: z.string().nullable().openapi({ description: 'Why it was broken off last.' }),
  })
  .openapi('ProjectionRebuild');
export type RebuildBody = z.output<typeof rebuild>;

export const replayRequest = z
  .strictObject({
    by: label(100).optional().openapi({ description: 'Who asks; default the header X-Actor, else "api".' }),
    reason: label(500).optional(),
  })
  .openapi('ProjectionReplayRequest');

export const projections = z
  .object({
    asOf,
    events: count.openapi({ description: 'Events read so far.' }),
    skipped: count.openapi({ description: 'Of them: should count but lack what it takes.' }),
    lastRebuild: orNull(rebuild),
  })
  .openapi('Projections');
