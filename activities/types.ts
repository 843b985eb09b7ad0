/**
 * The activities as workflows see them: what they take, give and throw. Three groups, because they run in
 * different places: on the campaigns' queue, on the trackers' queue, on the queue of each TMS.
 */
import type { Batch } from '../workflows/policy/sizing.ts';
import type { Observation, Verdict } from '../workflows/policy/verdict.ts';
import type { CampaignStatus, FinalTpeStatus, StatusCounts } from '../workflows/status.ts';
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import type { TpeReason, TrackedTpe } from '../workflows/types.ts';

/** What a campaign needs to know to start; read from the database, where the API has put it. */
export interface CampaignPlan {
  targetVersion: string;
  policy: CampaignPolicy;
  total: number;
  /** Terminals per TMS, those that need no update included. */
  lanes: { tms: string; terminals: number }[];
  counts: StatusCounts;
}

export interface ShardSizeOf {
  shard: number;
  /** Terminals in it that are to be tracked. */
  terminals: number;
}

export interface DispatchInput extends Batch {
  campaignId: string;
  targetVersion: string;
  /** Numbers of the shards that terminals dispatched by this run are put into: `firstShard`, and on. */
  firstShard: number;
  shardSize: number;
}

export interface DispatchResult {
  /** The shards that the run has filled. */
  shards: ShardSizeOf[];
  /** Terminals of the batch still PENDING: 0, unless the run was cancelled. */
  remaining: number;
}

export interface RecordInput {
  campaignId: string;
  tpeId: string;
  attempt: number;
  status: FinalTpeStatus;
  reason: TpeReason | null;
  version: string | null;
}

export interface CommandRecord {
  campaignId: string;
  command: 'pause' | 'resume' | 'cancel';
  by: string;
  reason: string | null;
}

export interface CampaignActivities {
  /** Marks the campaign RUNNING (once) and reads its plan. */
  openCampaign(campaignId: string): Promise<CampaignPlan>;
  /** Makes a command visible: the campaign's status, who, when and why. */
  recordCommand(input: CommandRecord): Promise<void>;
  /**
   * The shards of a dispatch run that was cut off before it could answer.
   * @param range first shard included, last not
   */
  findShards(campaignId: string, range: { from: number; to: number }): Promise<ShardSizeOf[]>;
  /** Marks the moment at which every terminal of the campaign had been asked for. */
  markDispatched(campaignId: string): Promise<void>;
  /**
   * The campaign's counts, once they differ enough from those given.
   * @throws ApplicationFailure (benign, to be retried) while they don't
   */
  awaitProgress(input: ProgressInput): Promise<StatusCounts>;
  /** CANCELLED for every terminal that has not been asked for. */
  cancelPending(campaignId: string): Promise<void>;
  /** Signals `cancel` to the tracker of each terminal that was asked for and is not known to be final. */
  cancelTrackers(campaignId: string): Promise<void>;
  /** Ends the campaign: its final status, its counts. */
  closeCampaign(campaignId: string, status: CampaignStatus): Promise<StatusCounts>;
}

export interface TrackingActivities {
  /** The terminals of a shard that are to be followed. */
  loadShard(campaignId: string, shard: number): Promise<TrackedTpe[]>;
  /** Writes a terminal's final status; grouped with others into one transaction. */
  record(input: RecordInput): Promise<void>;
}

export interface ProgressInput {
  campaignId: string;
  seen: StatusCounts;
  /** Terminals that must have moved on. */
  step: number;
  /** Epoch ms from which on any change at all will do. */
  anyChangeFrom: number;
}

/** One look at a terminal and what it means. */
export interface Look {
  observation: Observation;
  verdict: Verdict;
}

export interface LookInput {
  campaignId: string;
  targetVersion: string;
  tpe: TrackedTpe;
  /** Milliseconds from the first attempt, which only begins the wait, until the first look; absent: look at once. */
  firstAfterMs?: number;
  /** Answer what was seen instead of throwing when nothing is final. */
  last?: boolean;
}

export interface TmsActivities {
  /** Asks the TMS to update every terminal of a batch that has not been asked for yet. */
  dispatch(input: DispatchInput): Promise<DispatchResult>;
  /**
   * Looks at one terminal.
   * @throws ApplicationFailure of type `NotSettled` (benign, to be retried by the polling schedule)
   */
  observe(input: LookInput): Promise<Look>;
  /** Asks the TMS to cancel one terminal's update; true if it will not happen. */
  cancelUpdate(input: { campaignId: string; tpe: TrackedTpe }): Promise<boolean>;
  /** Asks the TMS to cancel whatever it has not begun of a campaign, in bulk. */
  cancelUpdates(campaignId: string, tms: string): Promise<void>;
}
