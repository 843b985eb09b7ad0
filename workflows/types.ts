/** What workflows are given and give back. All of it travels as JSON through Temporal. */
import type { CampaignPolicy } from './policy/types.ts';
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
  /** The TMS's own id of the update operation, if it gave one. */
  operationId: string | null;
  /** When the TMS accepted the request, in ms since the epoch: the start of the terminal's clock. */
  requestedAt: number;
}

export interface ShardInput {
  campaignId: string;
  shard: number;
  targetVersion: string;
  policy: CampaignPolicy;
}

export interface TpeUpdateInput {
  campaignId: string;
  targetVersion: string;
  tpe: TrackedTpe;
  policy: Pick<CampaignPolicy, 'polling' | 'deadlineSeconds'>;
  /** The campaign was being cancelled before this tracker started. */
  cancelRequested?: boolean;
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

/** What the `state` query of a `tpeUpdate` workflow answers. */
export interface TpeState {
  tpeId: string;
  campaignId: string;
  targetVersion: string;
  status: TpeStatus;
  reason: TpeReason | null;
  attempt: number;
  /** What it waits for, in words. */
  waitingFor: string;
  /** ISO 8601. */
  deadline: string;
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
  shards: { started: number; finished: number };
  /** Terminals that became final per minute, since the campaign started. */
  ratePerMinute: number;
  /** ISO 8601; null while nothing is final yet, and when the campaign has ended. */
  estimatedEnd: string | null;
  /** Who paused or cancelled it last, and why. */
  lastCommand: { command: string; by: string; reason: string | null; at: string } | null;
}
