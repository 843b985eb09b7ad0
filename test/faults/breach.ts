/** What invariants are about, and how a breach is told. */
import type { TpeStatus } from '../../workflows/status.ts';
import { untilDone } from '../support/persistence.ts';
import { inTime } from './in-time.ts';

/** Milliseconds for what is still on its way when a campaign has ended: messages, seals, counts. */
export const SETTLE_MS = 90_000;
/** Of one kind of breach only so many are told one by one. */
const EXAMPLES = 3;

/** A campaign that has run, and what it was to be about. */
export interface Ran {
  campaignId: string;
  tpeIds: readonly string[];
}

/** A row of `campaign_tpe` with its events. */
export interface Row {
  tpeId: string;
  status: TpeStatus;
  attempt: number;
  sequence: number;
  asked: boolean;
  /** Of the terminal's time when its status last changed; null where it was not asked for. */
  secondsLeft: number | null;
  /** `to/attempt` of each event, in the order of writing. */
  events: string[];
}

/** "12 terminals …": a breach, how often, and the first of them. */
export function told(what: string, all: readonly string[]): string[] {
  if (all.length === 0) return [];
  return [
    `${all.length} × ${what}: ${all.slice(0, EXAMPLES).join('; ')}${all.length > EXAMPLES ? ' …' : ''}`,
  ];
}

export function nameOf({ tpeId, status, events }: Row): string {
  return `${tpeId} ${status} [${events.join()}]`;
}

/** Milliseconds until an answer that never comes counts as none: Temporal's client waits for ever. */
const ANSWER_MS = 180_000;

/**
 * Everything runs again when this is asked, but a server may have only just come back.
 * @param what is asked for
 */
export function withinPatience<T>(what: string, ask: () => Promise<T>): Promise<T> {
  return inTime(what, untilDone(ask, 30_000), ANSWER_MS);
}
