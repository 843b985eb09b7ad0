/** Rate, failure threshold and end of a campaign: as a form has them, and as the API takes a change of them. */
import type { StoreValue } from 'nanostores';
import { answer, api } from '../../api/client.ts';
import type { Policy, PolicyChangeRequest } from '../../api/schema.ts';
import type { Given } from '../../components/confirm-action.tsx';
import type { Format } from '../../i18n/format.ts';
import type { messages } from './en.ts';

/** As they stand in the fields; empty: no limit, no threshold, no end. */
export interface Draft {
  perMinute: string;
  failurePercent: string;
  /** `2026-11-27T18:00`, by the clock of the browser. */
  endAt: string;
}

type Changeable = Pick<Policy, 'rate' | 'failureThreshold' | 'endAt'>;
export type PolicyChange = Pick<PolicyChangeRequest, 'rate' | 'failureThreshold' | 'endAt'>;

export function draftOf({ rate, failureThreshold, endAt }: Changeable): Draft {
  return {
    perMinute: rate === null ? '' : String(rate.perMinute),
    failurePercent: failureThreshold === null ? '' : String(failureThreshold.percent),
    endAt: endAt === null ? '' : localTime(new Date(endAt)),
  };
}

function localTime(moment: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${day}T${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

export type Faults = Partial<Record<keyof Draft, true>>;

/** Fields that make no sense; the API has the last word. */
export function faultsOf({ perMinute, failurePercent, endAt }: Draft, now: number): Faults {
  const faults: Faults = {};
  if (perMinute !== '' && !within(perMinute, 0.1, 1_000_000)) faults.perMinute = true;
  if (failurePercent !== '' && !within(failurePercent, 0, 100)) faults.failurePercent = true;
  if (endAt !== '' && !(Date.parse(endAt) > now)) faults.endAt = true;
  return faults;
}

function within(text: string, least: number, most: number): boolean {
  const value = Number(text);
  return text.trim() !== '' && value >= least && value <= most;
}

/**
 * What is to change; a part that stays as it is is left out. Each part is sent whole, so that what the form does not
 * show (growth of the rate, what a threshold does) is taken from the policy.
 */
export function changeOf(policy: Changeable, draft: Draft): PolicyChange {
  const before = draftOf(policy);
  const change: PolicyChange = {};
  if (draft.perMinute !== before.perMinute) {
    const perMinute = Number(draft.perMinute);
    const most = policy.rate?.maxPerMinute ?? null;
    change.rate =
      draft.perMinute === ''
        ? null
        : { ...policy.rate, perMinute, maxPerMinute: most === null ? null : Math.max(most, perMinute) };
  }
  if (draft.failurePercent !== before.failurePercent) {
    change.failureThreshold =
      draft.failurePercent === ''
        ? null
        : { ...policy.failureThreshold, percent: Number(draft.failurePercent) };
  }
  if (draft.endAt !== before.endAt) {
    change.endAt = draft.endAt === '' ? null : new Date(draft.endAt).toISOString();
  }
  return change;
}

/** A sentence for each part that changes: what it was, what it will be. */
export function changeInWords(
  t: StoreValue<typeof messages>,
  format: Format,
  policy: Changeable,
  change: PolicyChange,
): string[] {
  const words: string[] = [];
  const rate = (value: { perMinute: number } | null | undefined): string =>
    value ? t.ratePerMinute({ n: format.number(value.perMinute) }) : t.noRate;
  const threshold = (value: { percent?: number } | null | undefined): string =>
    value?.percent === undefined ? t.noThreshold : format.percent(value.percent);
  const end = (value: string | null | undefined): string => (value ? format.dateTime(value) : t.noEnd);
  if (change.rate !== undefined) {
    words.push(t.rateChanges({ before: rate(policy.rate), after: rate(change.rate) }));
  }
  if (change.failureThreshold !== undefined) {
    const [before, after] = [threshold(policy.failureThreshold), threshold(change.failureThreshold)];
    words.push(t.thresholdChanges({ before, after }));
  }
  if (change.endAt !== undefined) {
    words.push(t.endChanges({ before: end(policy.endAt), after: end(change.endAt) }));
  }
  return words;
}

/** @throws ApiProblem, ApiUnreachable */
export async function changePolicy(campaignId: string, change: PolicyChange, given: Given): Promise<void> {
  await answer(
    api.PATCH('/api/v1/campaigns/{campaignId}/policy', {
      params: { path: { campaignId } },
      body: { ...change, ...given },
    }),
  );
}
