/** Counts of the projections in the shapes of the API. */
import type { FinalChange, HeatStep } from '../projections/campaign-statistics.ts';
import { DURATION_BOUNDS, quantile } from '../projections/durations.ts';
import type { Dimension, DurationCount, Ranking, WaveCount } from '../projections/statistics.ts';
import type { ProjectionState } from '../projections/state.ts';
import { FINAL_TPE_STATUSES, isFinalTpeStatus, TPE_STATUSES } from '../workflows/status.ts';
import type { CampaignStatistics, Statistics } from './schemas/statistics.ts';

type Outcomes = CampaignStatistics['outcomes'];
type Durations = CampaignStatistics['durations'];
type OfValue = Durations['byStatus'][number];

export function toAsOf({ position, at, lag }: ProjectionState): CampaignStatistics['asOf'] {
  return {
    position,
    at: at?.toISOString() ?? null,
    lagEvents: lag.events,
    lagSeconds: round(lag.seconds, 3),
  };
}

/** All terminals, those that are final, and the terminals of each status. */
export function toTerminals(counts: readonly WaveCount[]): Statistics['terminals'] {
  const byStatus = zeros(TPE_STATUSES);
  for (const { status, terminals } of counts) byStatus[status] += terminals;
  return {
    total: sum(counts.map(({ terminals }) => terminals)),
    final: sum(counts.map(({ status, terminals }) => (isFinalTpeStatus(status) ? terminals : 0))),
    byStatus,
  };
}

/** @param names of the waves that there are, by number; one that has terminals is given in any case */
export function toWaves(
  counts: readonly WaveCount[],
  names: ReadonlyMap<number, string>,
): CampaignStatistics['byWave'] {
  const waves = new Set([...names.keys(), ...counts.map(({ wave }) => wave)]);
  return [...waves]
    .sort((a, b) => a - b)
    .map((wave) => ({
      wave,
      name: names.get(wave) ?? '',
      ...toTerminals(counts.filter((each) => each.wave === wave)),
    }));
}

/** A count for every key, 0 where there is none. */
export function zeros<const K extends string>(keys: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
}

export function toOutcomes(rankings: Record<Dimension, Ranking>): Outcomes {
  const { items, others } = rankings.tms;
  const all = [...items, others];
  const failures = sum(all.map((each) => each.failures));
  return {
    total: toRate({ successes: sum(all.map(({ successes }) => successes)), failures }),
    byReason: {
      items: rankings.reason.items.map((item) => ({
        reason: item.value || null,
        failures: item.failures,
        percent: percentOf(item.failures, failures),
      })),
      others: {
        reasons: rankings.reason.others.values,
        failures: rankings.reason.others.failures,
        percent: percentOf(rankings.reason.others.failures, failures),
      },
    },
    byModel: toRanking(rankings.model),
    bySite: toRanking(rankings.site),
    byTms: toRanking(rankings.tms),
  };
}

function toRanking({ items, others }: Ranking): Outcomes['byModel'] {
  return {
    items: items.map(({ value, ...counts }) => ({ value: value || null, ...toRate(counts) })),
    others: { values: others.values, ...toRate(others) },
  };
}

function toRate({ successes, failures }: { successes: number; failures: number }): Outcomes['total'] {
  const ended = successes + failures;
  return { ended, successes, failures, successPercent: percentOf(successes, ended) };
}

export function toDurations(counts: readonly DurationCount[]): Durations {
  const successes = counts.filter(({ status }) => status === 'SUCCESS');
  return {
    bounds: [...DURATION_BOUNDS],
    all: addUp(counts),
    byStatus: addUpBy(counts, ({ status }) => status),
    byModel: addUpBy(successes, ({ model }) => model),
    byTms: addUpBy(successes, ({ tms }) => tms),
  };
}

function addUpBy(counts: readonly DurationCount[], valueOf: (count: DurationCount) => string): OfValue[] {
  return [...Map.groupBy(counts, valueOf)]
    .map(([value, group]) => ({ value: value || null, ...addUp(group) }))
    .sort((a, b) => b.terminals - a.terminals || (a.value ?? '').localeCompare(b.value ?? ''));
}

function addUp(counts: readonly DurationCount[]): Durations['all'] {
  const histogram = Array.from({ length: DURATION_BOUNDS.length + 1 }, (_empty, i) =>
    sum(counts.map((each) => each.histogram[i] ?? 0)),
  );
  const terminals = sum(histogram);
  const at = (q: number): number | null => {
    const estimate = quantile(histogram, q);
    return estimate === null ? null : round(estimate, 1);
  };
  return {
    terminals,
    meanSeconds:
      terminals === 0
        ? null
        : round(sum(counts.map(({ milliseconds }) => milliseconds)) / terminals / 1_000, 1),
    p50Seconds: at(0.5),
    p90Seconds: at(0.9),
    p99Seconds: at(0.99),
    histogram,
  };
}

export function toHeatMap(stepSeconds: number, steps: readonly HeatStep[]): CampaignStatistics['heatMap'] {
  const most = steps.reduce((max, { counts }) => Math.max(max, ...counts), 0);
  return {
    stepSeconds,
    bounds: [...DURATION_BOUNDS],
    most,
    steps: steps.map(({ at, counts }) => ({ at: at.toISOString(), counts })),
  };
}

/** @param changes in order of time; they are added up */
export function toProgress(
  stepSeconds: number,
  changes: readonly FinalChange[],
): CampaignStatistics['progress'] {
  const byStatus = zeros(FINAL_TPE_STATUSES);
  return {
    stepSeconds,
    steps: changes.map(({ at, changes: change }) => {
      for (const status of FINAL_TPE_STATUSES) byStatus[status] += change[status] ?? 0;
      return { at: at.toISOString(), final: sum(Object.values(byStatus)), byStatus: { ...byStatus } };
    }),
  };
}

/** Rounded down, so that 100 means all. */
export function percentOf(part: number, whole: number): number | null {
  return whole > 0 ? Math.floor((part / whole) * 1_000) / 10 : null;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
