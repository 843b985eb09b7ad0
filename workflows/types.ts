/** What workflows are given and give back. All of it travels as JSON through Temporal. */
import type { Batch } from './policy/sizing.ts';
import type { CampaignPolicy, RatePolicy } from './policy/types.ts';
import type { CampaignStatus, FinalTpeStatus, StatusCounts, TpeStatus } from './status.ts';

export interface CampaignInput {
  campaignId: string;
}

/** A terminal as its tracker sees it: one row of a shard. */
export interface TrackedTpe {
  tpeId: string;
  /** The id that its TMS gives the terminal. */
  idTms: string;
  tms: string;
  model: string;
  site: string;
  /** The version that it ran when the campaign was created; null if never seen. */
  fromVersion: string | null;
  /** Counts from 1; part of the idempotency key. */
  attempt: number;
  status: TpeStatus;
  /** Why the attempt before this one failed, where this one has not been asked for yet; else null. */
  pending: TpeReason | null;
  /** The TMS's own id of the update operation, if it gave one. */
  operationId: string | null;
  /** When the TMS accepted the request, in ms since the epoch: the start of the terminal's clock. */
  requestedAt: number;
}

/** What a terminal is brought to: the campaign's version, or back to the one that it ran before. */
export type SagaStep = 'update' | 'roll-back';

/** What a tracker needs to know of the campaign's policy. */
export type TrackingPolicy = Pick<CampaignPolicy, 'polling' | 'deadlineSeconds' | 'retry' | 'onFailure'>;

export interface WaveInput {
  campaignId: string;
  wave: number;
  name: string;
  /** Number of the run among all that the campaign has started, from 0. */
  run: number;
  targetVersion: string;
  lanes: Batch[];
  /** Terminals of the whole campaign: by it shards are sized. */
  campaignTotal: number;
  step: SagaStep;
  rate: RatePolicy | null;
  /** Whether maintenance windows may close on it; absent in waves that were started before 2026-11-25. */
  windowed?: boolean;
  paused: boolean;
  policy: TrackingPolicy;
}

export interface ShardInput {
  campaignId: string;
  shard: number;
  targetVersion: string;
  step: SagaStep;
  policy: TrackingPolicy;
  /** Whether its wave waits for it to begin; absent in shards that were started before 2026-11-30. */
  inTurn?: boolean;
}

export interface TpeUpdateInput {
  campaignId: string;
  targetVersion: string;
  tpe: TrackedTpe;
  step: SagaStep;
  policy: TrackingPolicy;
}

/** Why a terminal ended as it did; a stable code that other systems may rely on. */
export type TpeReason =
  /** The TMS says done, the terminal never reported the target version. */
  | 'unverified'
  /** Neither the TMS nor the terminal answered at the last look. */
  | 'unreachable'
  /** The TMS has no operation for a terminal that it had accepted. */
  | 'forgotten'
  /** The TMS was still at it at the deadline. */
  | 'not-settled'
  /** The TMS refused the request (the text after the colon is its own). */
  | `rejected:${string}`
  /** The TMS reports a failed installation (the text after the colon is its own). */
  | `failed:${string}`
  | 'cancelled'
  /** The campaign was cancelled, and neither its TMS nor the terminal said in time what became of it. */
  | 'cancel-unconfirmed'
  /** The campaign's end came before its turn. */
  | 'campaign-ended'
  /** It had been updated, and was brought back to its previous version. */
  | 'rolled-back'
  | 'already-there'
  | 'inactive'
  | (string & {});

/** How a terminal's update ended. */
export interface TpeOutcome {
  tpeId: string;
  status: FinalTpeStatus;
  reason: TpeReason | null;
  /** The version that the Hardware-API reported last; null if it never answered. */
  version: string | null;
}

/** How the roll-back of a terminal ended. */
export interface CompensationOutcome {
  tpeId: string;
  /** `LEFT`: it was not begun, because the roll-back was called off. */
  state: 'ROLLED_BACK' | 'FAILED' | 'LEFT';
  reason: TpeReason | null;
  version: string | null;
}

/** What the `state` query of a `tpeUpdate` workflow answers. */
export interface TpeState {
  tpeId: string;
  campaignId: string;
  targetVersion: string;
  status: TpeStatus;
  reason: TpeReason | null;
  attempt: number;
  step: SagaStep;
  /** What it waits for, in words. */
  waitingFor: string;
  /** ISO 8601. */
  deadline: string;
}

/** Where a wave is. */
export type WaveState =
  | 'WAITING'
  | 'RUNNING'
  /** Its success rate is reached; the soak time before the next wave runs. */
  | 'SOAKING'
  | 'AWAITING_APPROVAL'
  /** Its gate is open: the next wave may start, or has. */
  | 'PASSED'
  /** All its terminals are final and too few are SUCCESS. */
  | 'FAILED'
  /** The campaign was stopped before it had passed. */
  | 'CANCELLED';

export interface WaveProgress {
  wave: number;
  name: string;
  state: WaveState;
  total: number;
  counts: StatusCounts;
}

/** What the `progress` query of a `campaign` workflow answers. */
export interface CampaignProgress {
  campaignId: string;
  status: CampaignStatus;
  targetVersion: string;
  total: number;
  counts: StatusCounts;
  /** Terminals whose status is final. */
  final: number;
  /** The wave being worked on and the number of waves. */
  wave: { current: number; of: number };
  waves: WaveProgress[];
  /** What the campaign waits for, in words, and until when (ISO 8601) where that is known. */
  waitingFor: { what: string; until: string | null } | null;
  /** Terminals by what became of their roll-back; absent where nothing is rolled back. */
  compensations?: Record<string, number>;
  /** Terminals that became final per minute, since the campaign started. */
  ratePerMinute: number;
  /** ISO 8601; null while nothing is final yet, and when the campaign has ended. */
  estimatedEnd: string | null;
  /** Who paused or cancelled it last, and why. */
  lastCommand: { command: string; by: string; reason: string | null; at: string } | null;
}
