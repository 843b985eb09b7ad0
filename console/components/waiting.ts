/** What a campaign waits for, in the reader's language. */
import type { StoreValue } from 'nanostores';
import type { CampaignSummary } from '../api/schema.ts';
import type { shared } from '../i18n/en.ts';
import type { Format } from '../i18n/format.ts';

type Words = StoreValue<typeof shared>;
type WaitingFor = NonNullable<CampaignSummary['waitingFor']>;

/** The workflow's own words (workflows/campaign.ts), and what stands for them; what is in none of these is shown as it is. */
const KNOWN: readonly [RegExp, (words: Words, found: RegExpExecArray) => string][] = [
  [/^the approval of somebody other than its author$/, (t) => t.waitApprovalOfOther],
  [/^its time to start$/, (t) => t.waitStart],
  [/^a decision: (.+)$/, (t, [, why = '']) => t.waitDecision({ why })],
  [/^wave (\d+) of (\d+), soaking /, (t, [, wave = '', waves = '']) => t.waitSoak({ wave, waves })],
  [/^somebody's approval of wave (\d+)$/, (t, [, wave = '']) => t.waitWaveApproval({ wave })],
  [/^what is under way to end$/, (t) => t.waitEnd],
  [/^the roll-back of what it has changed$/, (t) => t.waitRollBack],
  [/^the maintenance windows to open$/, (t) => t.waitWindows],
];

/** A sentence, with until when where that is known. */
export function waitingInWords(t: Words, format: Format, { what, until }: WaitingFor): string {
  const words = knownWords(t, what) ?? t.waitOther({ what });
  return until === null ? words : `${words}, ${t.until({ when: format.dateTime(until) })}`;
}

function knownWords(t: Words, what: string): string | undefined {
  for (const [form, say] of KNOWN) {
    const found = form.exec(what);
    if (found) return say(t, found);
  }
  return undefined;
}

/** Whether nothing goes on until a person says so. */
export function waitsForPerson({
  status,
  waitingFor,
}: Pick<CampaignSummary, 'status' | 'waitingFor'>): boolean {
  return (
    status === 'PAUSED' ||
    status === 'PENDING_APPROVAL' ||
    /^(a decision|somebody's approval|the approval)/.test(waitingFor?.what ?? '')
  );
}
