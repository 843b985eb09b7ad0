/** The signals, queries and updates of our workflows: the contract with OPS's scripts, the API and the Temporal CLI. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { PolicyChange, RatePolicy } from './policy/types.ts';
import type { CampaignProgress, TpeState } from './types.ts';

/** Who sends a command and why. Optional, so that a bare signal from the Temporal CLI works. */
export interface Command {
  by?: string;
  reason?: string;
  /** Of the request that carries it; absent: those of the campaign are put on its record. */
  correlationId?: string;
  /** W3C trace context of the same. */
  traceparent?: string;
}

export interface CancelCommand extends Command {
  /** Waits for no TMS and no terminal: what is open is settled by what is known. */
  force?: boolean;
  /** Rolls back what the campaign has changed, newest wave first; the campaign ends ABORTED. */
  rollBack?: boolean;
}

/** Stops dispatch at once; terminals already asked are tracked on. */
export const pauseSignal = defineSignal<[Command?]>('pause');
/** Goes on with what a pause has left; after a gate that was not passed, with the next wave. */
export const resumeSignal = defineSignal<[Command?]>('resume');
/** Ends the campaign: nothing more is dispatched, the TMS is asked to cancel what it has not begun. */
export const cancelSignal = defineSignal<[CancelCommand?]>('cancel');
/**
 * Approves the campaign, or the gate that it waits at. Four eyes: for the campaign it counts only with a name that
 * is not its author's.
 */
export const approveSignal = defineSignal<[Command?]>('approve');
/** Refuses to approve the campaign: it is cancelled before it has begun. */
export const rejectSignal = defineSignal<[Command?]>('reject');
/** Starts the next wave without waiting for the gate before it. */
export const startNextWaveSignal = defineSignal<[Command?]>('startNextWave');
export const progressQuery = defineQuery<CampaignProgress>('progress');

export interface PolicyChangeRequest extends Command {
  change: PolicyChange;
}
/**
 * Changes the rate, the failure threshold, the stall limit, the maintenance windows or the end of a running campaign.
 * Anything else is refused with the reason. Answers the names of what was changed.
 */
export const changePolicyUpdate = defineUpdate<string[], [PolicyChangeRequest]>('changePolicy');

/** What a campaign tells its waves. `reload`: the policy has changed, look at it again. */
export type WaveCommand = 'pause' | 'resume' | 'stop' | 'reload';
export const waveCommandSignal = defineSignal<[WaveCommand, { rate: RatePolicy | null }?]>('command');

/** What a wave tells its campaign. */
export interface WaveNews {
  run: number;
  /** Every terminal of it has been asked for, or never will be. */
  dispatched: boolean;
  /** Outside the maintenance windows: epoch ms of the next opening; null if it waits for none. */
  opensAt: number | null;
}
export const waveNewsSignal = defineSignal<[WaveNews]>('waveNews');

/** A shard tells its wave that all its terminals have a tracker. */
export const shardBegunSignal = defineSignal<[shard: number]>('shardBegun');

/** Terminals have been ordered for a campaign that takes orders; how many is read from the database. */
export const ordersAddedSignal = defineSignal('ordersAdded');

/** The TMS has called back about this terminal: look at once. */
export const statusReportedSignal = defineSignal<[{ state?: string; at?: string }?]>('statusReported');
/** Somebody wants to know: look at once. */
export const observeNowSignal = defineSignal<[Command?]>('observeNow');
/** Ask the TMS to cancel this terminal's update; it ends by what really happened, with `force` by what is known. */
export const cancelTpeSignal = defineSignal<[CancelCommand?]>('cancel');
export const stateQuery = defineQuery<TpeState>('state');
