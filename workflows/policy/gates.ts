/**
 * What the counts of a wave mean: whether its gate is reached, whether too many have failed. Judged in two places
 * by the same code: where the counts are read, to know whether the campaign must hear of them, and in the campaign.
 */
import { countFinal, type StatusCounts, type TpeStatus } from '../status.ts';
import type { FailureThreshold, GatePolicy } from './types.ts';

export interface WaveCounts {
  wave: number;
  counts: StatusCounts;
}

/** The counts of all waves together. */
export function sumOf(waves: readonly WaveCounts[]): StatusCounts {
  const sum: StatusCounts = {};
  for (const { counts } of waves) {
    for (const [status, count] of Object.entries(counts) as [TpeStatus, number][]) {
      sum[status] = (sum[status] ?? 0) + count;
    }
  }
  return sum;
}

/** By what a wave is judged. */
export interface WaveRules {
  wave: number;
  gate: Pick<GatePolicy, 'minSuccessPercent'>;
  threshold: FailureThreshold | null;
  /** Failures that somebody has accepted by resuming: the threshold fires when as many again have failed. */
  forgiven: number;
}

export interface WaveVerdict {
  wave: number;
  /** `reached`: enough are SUCCESS, whatever the others do. `short`: all are final and too few are SUCCESS. */
  gate: 'open' | 'reached' | 'short';
  /** Every terminal is final. */
  settled: boolean;
  /** More have failed than the threshold allows. */
  over: boolean;
}

/** Terminals of the wave that an update makes sense for. */
function inScope(counts: StatusCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0) - (counts.SKIPPED ?? 0);
}

/** Terminals that the TMS was asked for, or is done with; those that were cancelled before or after are left out. */
function askedFor({ REQUESTED, INSTALLING, SUCCESS, FAILED, TIMEOUT }: StatusCounts): number {
  return [REQUESTED, INSTALLING, SUCCESS, FAILED, TIMEOUT].reduce<number>(
    (sum, count) => sum + (count ?? 0),
    0,
  );
}

export function failures(
  counts: StatusCounts,
  { countTimeouts }: Pick<FailureThreshold, 'countTimeouts'>,
): number {
  return (counts.FAILED ?? 0) + (countTimeouts ? (counts.TIMEOUT ?? 0) : 0);
}

/**
 * The share of failures is of the terminals asked for, not of those that are final: an update fails sooner than it
 * succeeds, so that the first results are always the bad ones, and what has been asked for can't be stopped anyway.
 */
function judgeWave({ wave, gate, threshold, forgiven }: WaveRules, counts: StatusCounts): WaveVerdict {
  const scope = inScope(counts);
  const settled = countFinal(counts) - (counts.SKIPPED ?? 0) >= scope;
  const reached =
    (counts.SUCCESS ?? 0) * 100 >= gate.minSuccessPercent * scope && (scope === 0 || isEnough());
  return { wave, gate: reached ? 'reached' : settled ? 'short' : 'open', settled, over: isOver() };

  /** A gate that asks for no success still waits until the wave is over. */
  function isEnough(): boolean {
    return gate.minSuccessPercent > 0 || settled;
  }

  function isOver(): boolean {
    if (!threshold) return false;
    const asked = askedFor(counts);
    const counted = failures(counts, threshold) - forgiven;
    return asked >= threshold.minSample && counted > 0 && counted * 100 > threshold.percent * asked;
  }
}

/** The verdicts of all waves that have rules; a wave without terminals, absent from `waves`, is reached. */
export function judgeWaves(rules: readonly WaveRules[], waves: readonly WaveCounts[]): WaveVerdict[] {
  return rules.map((rule) => judgeWave(rule, waves.find(({ wave }) => wave === rule.wave)?.counts ?? {}));
}

/** "6 of 80 terminals FAILED (7.5 %), over 5 %": why a threshold has fired. */
export function describeFailures(threshold: FailureThreshold, counts: StatusCounts): string {
  const asked = askedFor(counts);
  const failed = failures(counts, threshold);
  const what = threshold.countTimeouts ? 'FAILED or TIMEOUT' : 'FAILED';
  return `${failed} of ${asked} terminals ${what} (${percentOf(failed, asked)} %), over ${threshold.percent} %`;
}

/** "88.9 % of 90 terminals SUCCESS, 95 % needed": why a gate is not passed. */
export function describeShortfall(gate: Pick<GatePolicy, 'minSuccessPercent'>, counts: StatusCounts): string {
  const scope = inScope(counts);
  return `${percentOf(counts.SUCCESS ?? 0, scope)} % of ${scope} terminals SUCCESS, ${gate.minSuccessPercent} % needed`;
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((1000 * part) / whole) / 10;
}
