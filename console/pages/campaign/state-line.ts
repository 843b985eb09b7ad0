/** Where a campaign is and why, in sentences: what it waits for, who has told it to, which wave is under way. */
import type { StoreValue } from 'nanostores';
import type { Campaign } from '../../api/schema.ts';
import { isEnded } from '../../components/status.ts';
import { waitingInWords } from '../../components/waiting.ts';
import type { shared } from '../../i18n/en.ts';
import type { Words } from './actions.ts';
import { currentWave } from './waves.ts';

export function stateLines(
  { t, format }: Words,
  common: StoreValue<typeof shared>,
  campaign: Campaign,
): string[] {
  const { status, waitingFor, lastCommand, waves, endedAt, createdAt, startedAt } = campaign;
  const lines: string[] = [];
  if (waitingFor) lines.push(waitingInWords(common, format, waitingFor));
  const wave = status === 'RUNNING' && !waitingFor && waves.length > 1 ? currentWave(waves) : undefined;
  if (wave) lines.push(t.waveUnderWay({ wave: wave.wave, waves: waves.length, name: wave.name }));
  const said = lastCommand && saidBy(t, campaign, lastCommand);
  if (said) lines.push(said);
  if (isEnded(status) && endedAt !== null) {
    const seconds = (Date.parse(endedAt) - Date.parse(startedAt ?? createdAt)) / 1000;
    lines.push(t.endedAfter({ when: format.dateTime(endedAt), duration: format.duration(seconds) }));
  }
  return lines;
}

/** The last command, where it is what has brought the campaign into its state. */
function saidBy(
  t: Words['t'],
  { status, waitingFor }: Campaign,
  { by, reason }: NonNullable<Campaign['lastCommand']>,
): string | undefined {
  const ending = status === 'CANCELLING' || status === 'CANCELLED' || status === 'ABORTED';
  // What is decided for lack of success says so in what is waited for.
  const paused = status === 'PAUSED' && !waitingFor?.what.startsWith('a decision');
  if (!ending && !paused) return undefined;
  const what = ending ? t.cancelledBy({ by }) : t.pausedBy({ by });
  return reason === null ? what : t.withReason({ what, reason });
}
