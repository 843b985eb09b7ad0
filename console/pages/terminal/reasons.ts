/** Why a terminal ended as it did: the platform's codes in words. */
import type { StoreValue } from 'nanostores';
import type { messages } from './en.ts';

type Words = StoreValue<typeof messages>;

const CODES = {
  unverified: 'reasonUnverified',
  unreachable: 'reasonUnreachable',
  forgotten: 'reasonForgotten',
  'not-settled': 'reasonNotSettled',
  cancelled: 'reasonCancelled',
  'cancel-unconfirmed': 'reasonCancelUnconfirmed',
  'campaign-ended': 'reasonCampaignEnded',
  'rolled-back': 'reasonRolledBack',
  'already-there': 'reasonAlreadyThere',
  inactive: 'reasonInactive',
  'unknown-to-tms': 'reasonUnknownToTms',
  'tms-not-configured': 'reasonTmsNotConfigured',
  'in-another-campaign': 'reasonInAnotherCampaign',
  'no-previous-version': 'reasonNoPreviousVersion',
  unchanged: 'reasonUnchanged',
  'called-off': 'reasonCalledOff',
} as const satisfies Record<string, keyof Words>;

/** After a colon stand the TMS's own words, which are shown as they are. */
export function reasonInWords(t: Words, code: string): string {
  const own = /^(?:rejected|failed):(.+)$/s.exec(code)?.[1];
  if (own !== undefined) return own;
  return isKnown(code) ? t[CODES[code]] : code;
}

function isKnown(code: string): code is keyof typeof CODES {
  return Object.hasOwn(CODES, code);
}
