/** How far a campaign is, in numbers and words. */
import { type StatusCounts, TPE_STATUSES } from '../status.ts';
import type { CampaignProgress, WaveProgress } from '../types.ts';

/** A span of time, epoch ms. */
export interface Span {
  from: number;
  to: number;
}

/**
 * The number of terminals that must have moved on before the campaign takes note: 2 % of it. A terminal moves
 * at most three times, so there are at most 150 notes, 6 history events each, whatever the campaign's size.
 */
export function progressStep(total: number): number {
  return Math.max(1, Math.ceil(total / 50));
}

/** Terminals that have moved from one status to another between two counts. */
export function moved(before: StatusCounts, after: StatusCounts): number {
  const distance = TPE_STATUSES.reduce(
    (sum, status) => sum + Math.abs((after[status] ?? 0) - (before[status] ?? 0)),
    0,
  );
  return distance / 2;
}

/** Terminals that became final per minute, to one decimal. */
export function ratePerMinute(final: number, { from, to }: Span): number {
  const minutes = (to - from) / 60_000;
  return minutes > 0 ? Math.round((final / minutes) * 10) / 10 : 0;
}

/** When the last terminal is final if all goes on as it went: ISO 8601, null while nothing is final yet. */
export function estimateEnd({
  final,
  total,
  from,
  to,
}: Span & { final: number; total: number }): string | null {
  if (final === 0 || final >= total) return null;
  return new Date(to + ((to - from) / final) * (total - final)).toISOString();
}

/** The campaign's state as text for its page in the Temporal Web UI. */
export function describeProgress(progress: CampaignProgress): string {
  const { status, final, total, counts, lastCommand, waitingFor, waves } = progress;
  const percent = total === 0 ? 100 : Math.floor((100 * final) / total);
  const parts = TPE_STATUSES.flatMap((name) => (counts[name] ? [`${name} ${counts[name]}`] : []));
  const command = lastCommand
    ? `\n\nLast command: ${lastCommand.command} by ${lastCommand.by}${lastCommand.reason ? `, “${lastCommand.reason}”` : ''}, ${lastCommand.at}`
    : '';
  const waiting = waitingFor
    ? `\n\nWaits for ${waitingFor.what}${waitingFor.until ? `, until ${waitingFor.until}` : ''}.`
    : '';
  const table = waves.length > 1 ? `\n\n${waves.map(describeWave).join('\n\n')}` : '';
  return `**${status}** · ${final} of ${total} terminals final (${percent} %)\n\n${parts.join(' · ')}${waiting}${table}${command}`;
}

function describeWave({ wave, name, state, total, counts }: WaveProgress): string {
  const parts = TPE_STATUSES.flatMap((status) => (counts[status] ? [`${status} ${counts[status]}`] : []));
  return [`Wave ${wave}, ${name}: **${state}**`, `${total} terminals`, ...parts].join(' · ');
}
