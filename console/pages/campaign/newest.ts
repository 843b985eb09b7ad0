/**
 * One state of a campaign, made of what was asked for and of what two streams tell. Each tells the truth of some moment;
 * which is later must be known, so that nothing newer is overwritten by something older that took longer on its way.
 */
import type { Campaign, CampaignSummary, Progress } from '../../api/schema.ts';

/** What was told, and when (epoch ms). Of an answer: when it was asked for, as it is not older than that. */
export interface Heard<T> {
  value: T;
  at: number;
}

/** @param asked the whole campaign; what the streams do not tell (waves, policy) is taken from it in any case */
export function newest(
  asked: Heard<Campaign>,
  progress: Heard<Progress> | undefined,
  summary: Heard<CampaignSummary> | undefined,
): Campaign {
  const told: Heard<Partial<Campaign>>[] = [{ value: summaryOf(asked.value), at: asked.at }];
  if (summary) told.push(summary);
  if (progress) told.push({ value: withRates(progress.value), at: progress.at });
  told.sort((a, b) => a.at - b.at);
  return Object.assign({ ...asked.value }, ...told.map(({ value }) => value)) as Campaign;
}

function summaryOf(campaign: Campaign): Partial<Campaign> {
  const { status, counts, total, final, percentFinal, failurePercent } = campaign;
  const { startedAt, dispatchedAt, endedAt, lastCommand, waitingFor, rollingBack } = campaign;
  return {
    status,
    counts,
    total,
    final,
    percentFinal,
    failurePercent,
    startedAt,
    dispatchedAt,
    endedAt,
    lastCommand,
    waitingFor,
    rollingBack,
  };
}

/** The shares that the API makes of the counts: what is done is rounded down, what has failed up. */
function withRates({ status, counts, total, final }: Progress): Partial<Campaign> {
  const { SUCCESS = 0, FAILED = 0, TIMEOUT = 0 } = counts;
  const tried = SUCCESS + FAILED + TIMEOUT;
  return {
    status,
    counts,
    total,
    final,
    percentFinal: Math.floor((final / Math.max(total, 1)) * 1000) / 10,
    failurePercent: tried === 0 ? null : Math.ceil(((FAILED + TIMEOUT) / tried) * 1000) / 10,
  };
}
