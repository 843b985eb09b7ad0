/** How far each wave is from its gate. */
import type { Campaign, CampaignWave, Policy, StatusCounts } from '../../api/schema.ts';

export type Gate = Policy['waves'][number]['gate'];

export interface WaveView extends CampaignWave {
  /** What must hold before the next wave; undefined for the last one, whose gate means nothing. */
  gate: Gate | undefined;
  /** Terminals that are updated among those that an update makes sense for, 0 to 100; undefined where there are none. */
  successPercent: number | undefined;
  /** When its soak time is over; undefined while it does not soak. */
  soaksUntil: string | undefined;
}

export function wavesOf({ waves, policy }: Pick<Campaign, 'waves' | 'policy'>): WaveView[] {
  return waves.map((wave, index) => ({
    ...wave,
    gate: index < waves.length - 1 ? policy.waves?.[wave.wave - 1]?.gate : undefined,
    successPercent: successPercentOf(wave.counts),
    soaksUntil: wave.state === 'SOAKING' ? (wave.detail ?? undefined) : undefined,
  }));
}

/** Rounded down: a rate that is not reached does not look as if it were. */
function successPercentOf(counts: StatusCounts): number | undefined {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const scope = all - (counts.SKIPPED ?? 0);
  return scope === 0 ? undefined : Math.floor(((counts.SUCCESS ?? 0) / scope) * 1000) / 10;
}

/** The first wave that has not begun. */
export function nextWave(waves: readonly CampaignWave[]): CampaignWave | undefined {
  return waves.find(({ state }) => state === 'WAITING');
}

/** The wave whose end, soak time or approval is waited for. */
export function currentWave(waves: readonly CampaignWave[]): CampaignWave | undefined {
  return waves.findLast(({ state }) => state !== 'WAITING' && state !== 'PASSED' && state !== 'CANCELLED');
}
