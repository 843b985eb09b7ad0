/** The signals and queries of our workflows: the contract with OPS's scripts, the API and the Temporal CLI. */
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { CampaignProgress, TpeState } from './types.ts';

/** Who sends a command and why. Optional, so that a bare signal from the Temporal CLI works. */
export interface Command {
  by?: string;
  reason?: string;
}

/** Stops dispatch at once; terminals already asked are tracked on. */
export const pauseSignal = defineSignal<[Command?]>('pause');
/** Goes on with what a pause has left. */
export const resumeSignal = defineSignal<[Command?]>('resume');
/** Ends the campaign: nothing more is dispatched, the TMS is asked to cancel what it has not begun. */
export const cancelSignal = defineSignal<[Command?]>('cancel');
export const progressQuery = defineQuery<CampaignProgress>('progress');

/** The TMS has called back about this terminal: look at once. */
export const statusReportedSignal = defineSignal<[{ state?: string; at?: string }?]>('statusReported');
/** Somebody wants to know: look at once. */
export const observeNowSignal = defineSignal<[Command?]>('observeNow');
/** Ask the TMS to cancel this terminal's update; it ends by what really happened. */
export const cancelTpeSignal = defineSignal<[Command?]>('cancel');
export const stateQuery = defineQuery<TpeState>('state');
