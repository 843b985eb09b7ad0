/**
 * How a campaign is carried out. OPS give as much of it as they want over the API, which fills in every default
 * (`api/schemas/policy.ts`); what is stored and what workflows see is always complete.
 */
import type { PollingWindow } from './polling.ts';

export interface CampaignPolicy {
  /** When each terminal is looked at. */
  polling: PollingWindow[];
  /** Seconds from the request of a terminal's update until that attempt ends in TIMEOUT. */
  deadlineSeconds: number;
  /** Seconds between two looks at the campaign's counts; they feed the `progress` query, gates and thresholds. */
  progressEverySeconds: number;
  /** The slices of the campaign, in their order; at least one. */
  waves: WavePolicy[];
  order: WaveOrder;
  /** Terminals asked for per minute; null: as fast as the TMSs take it. */
  rate: RatePolicy | null;
  /** What too many failures lead to; null: nothing. */
  failureThreshold: FailureThreshold | null;
  /** Seconds without any news, while some are due, that pause the campaign and raise an alert; null: never. */
  stallSeconds: number | null;
  /** ISO 8601; nothing is asked for before. Null: at once. */
  startAt: string | null;
  /** ISO 8601; nothing is asked for from then on, what was asked for is followed to its end. Null: no end. */
  endAt: string | null;
  /** When terminals may be asked for; null: at any time. */
  maintenance: MaintenancePolicy | null;
  /** `four-eyes`: somebody who is not its author must approve the campaign before it starts. */
  approval: 'none' | 'four-eyes';
  retry: RetryPolicy;
  /** What is done with a terminal whose update has failed or timed out for good. */
  onFailure: 'leave' | 'roll-back';
  /** Seconds after a cancel or abort until what is still open is settled by what is known. */
  cancelWithinSeconds: number;
  /** `static`: fixed at launch. `dynamic`: terminals that come to match join the last wave until `endAt`. */
  membership: 'static' | 'dynamic';
}

export interface WavePolicy {
  /** What OPS call it: "canary". */
  name: string;
  size: WaveSize;
  /** What must hold before the next wave starts; without meaning for the last wave. */
  gate: GatePolicy;
}

export type WaveSize =
  /** Of all terminals of the campaign, above 0 to 100. */
  | { percent: number }
  /** Terminals. */
  | { count: number }
  /** Terminals that meet a rule (targeting language, groups expanded) and are in no earlier wave. */
  | { rule: string }
  /** All that are left; the last wave only. */
  | { rest: true };

export interface WaveOrder {
  /**
   * `given`: as listed (or by id, where a rule selects). `random`: shuffled, the same for the same seed. `site`:
   * shuffled and spread so that a site with several terminals never has all of them in one wave.
   */
  by: 'given' | 'random' | 'site';
  seed: number;
}

export interface GatePolicy {
  /** Share of the wave's terminals (skipped ones left out) that must be SUCCESS, 0 to 100. */
  minSuccessPercent: number;
  /** Seconds to wait after the success rate is reached. */
  soakSeconds: number;
  /** Somebody must say `approve` (or start the next wave). */
  approval: boolean;
  /** What happens when all terminals of the wave are final and too few are SUCCESS. */
  onFailure: FailureAction;
}

export type FailureAction = 'pause' | 'abort' | 'roll-back';

export interface FailureThreshold {
  /** Fires when more than this share of the terminals asked for in a wave has failed, 0 to 100. */
  percent: number;
  /** Terminals of the wave that must have been asked for before it can fire. */
  minSample: number;
  /** Count TIMEOUT like FAILED. */
  countTimeouts: boolean;
  action: FailureAction;
}

/** A rate that grows with success: starts at `perMinute`, is multiplied by `growthFactor` at each `growEvery` successes. */
export interface RatePolicy {
  perMinute: number;
  /** At least 1; 1 is a constant rate. */
  growthFactor: number;
  /** Successes per step of growth. */
  growEvery: number;
  /** Null: no limit. */
  maxPerMinute: number | null;
}

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export interface MaintenancePolicy {
  /** Open by the wall clock of each terminal's site; empty: always open, apart from the freezes. */
  windows: MaintenanceWindow[];
  /** Days on which nothing is asked for, whatever the windows say. */
  freezes: FreezePeriod[];
  /** IANA name, for every terminal; null: that of each terminal's site. */
  timeZone: string | null;
}

export interface MaintenanceWindow {
  /** The days on which the window begins. */
  days: Weekday[];
  /** `HH:MM`, included. */
  from: string;
  /** `HH:MM`, not included; `24:00` is midnight. Not after `from`: the window ends on the next day. */
  to: string;
}

/** Whole days by the site's calendar, both included: `YYYY-MM-DD`. */
export interface FreezePeriod {
  from: string;
  to: string;
  reason: string | null;
}

export interface RetryPolicy {
  /** Attempts per terminal, the first included; 1: no retry. */
  attempts: number;
  /** Seconds before the second attempt. */
  backoffSeconds: number;
  /** Multiplies the pause before each further attempt, at least 1. */
  backoffFactor: number;
  /**
   * Reason codes that are retried, by their beginning: `failed` covers `failed:battery-low`. Null: every FAILED and
   * TIMEOUT but `rejected`, which asking again does not change.
   */
  reasons: string[] | null;
}

/** What can be changed while the campaign runs. */
export type PolicyChange = Partial<
  Pick<CampaignPolicy, 'rate' | 'failureThreshold' | 'stallSeconds' | 'maintenance' | 'endAt'>
>;
export const CHANGEABLE = ['rate', 'failureThreshold', 'stallSeconds', 'maintenance', 'endAt'] as const;
