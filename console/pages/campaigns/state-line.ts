/** Why a campaign is as it is, in a sentence: who has paused it, what it waits for. */
import type { StoreValue } from 'nanostores';
import type { CampaignSummary } from '../../api/schema.ts';
import { waitingInWords } from '../../components/waiting.ts';
import type { shared } from '../../i18n/en.ts';
import type { Format } from '../../i18n/format.ts';
import type { messages } from './en.ts';

export interface Words {
  t: StoreValue<typeof messages>;
  common: StoreValue<typeof shared>;
  format: Format;
}

/** Undefined where the status says it all. */
export function stateLine(
  { t, common, format }: Words,
  { status, waitingFor, lastCommand }: CampaignSummary,
): string | undefined {
  // What it waits for says more than the last command, which may be of before.
  const waits = waitingFor && waitingInWords(common, format, waitingFor);
  if (status === 'PAUSED' && lastCommand) {
    return waits ?? withReason(t, t.pausedBy({ by: lastCommand.by }), lastCommand.reason);
  }
  if ((status === 'CANCELLING' || status === 'CANCELLED' || status === 'ABORTED') && lastCommand) {
    return withReason(t, t.cancelledBy({ by: lastCommand.by }), lastCommand.reason);
  }
  return waits ?? undefined;
}

function withReason(t: Words['t'], what: string, reason: string | null): string {
  return reason === null ? what : t.withReason({ what, reason });
}
