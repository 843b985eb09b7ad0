/** What invariants are about, and how a breach is told. */
import type { TpeStatus } from '../../workflows/status.ts';
import { untilDone } from '../support/persistence.ts';

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

/** Everything runs again when this is asked, but a server may have only just come back. */
export function withinPatience<T>(ask: () => Promise<T>): Promise<T> {
  return untilDone(ask, 30_000);
}
