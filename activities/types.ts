/**
 * The activities as workflows see them: what they take, give and throw. Three groups, because they run in
 * different places: on the campaigns' queue, on the trackers' queue, on the queue of each TMS.
 */
import type { Taken } from '../workflows/command-desk.ts';
import type { WaveCounts, WaveRules, WaveVerdict } from '../workflows/policy/gates.ts';
import type { Batch } from '../workflows/policy/sizing.ts';
import type { CampaignPolicy, PolicyChange } from '../workflows/policy/types.ts';
import type { Observation, Verdict } from '../workflows/policy/verdict.ts';
import type { CampaignStatus, FinalTpeStatus, StatusCounts } from '../workflows/status.ts';
import type { CompensationOutcome, SagaStep, TpeReason, TrackedTpe, WaveState } from '../workflows/types.ts';

/** A wave as the campaign starts it. */
export interface PlannedWave {
  wave: number;
  name: string;
  /** Terminals, skipped ones included. */
  total: number;
  /** Its terminals by TMS, as runs of ordinals. */
  lanes: Batch[];
}

/** What a campaign needs to know to start; read from the database, where the API has put it. */
export interface CampaignPlan {
  targetVersion: string;
  policy: CampaignPolicy;
  /** Its policy asks for an approval that nobody has given. */
  needsApproval: boolean;
  /** It has been marked RUNNING. */
  started: boolean;
  createdBy: string;
  /** Seconds without an order after which it takes none any more; null: it takes none. */
  keepOpenSeconds: number | null;
  total: number;
  waves: PlannedWave[];
  /** Terminals by wave and status; a wave that has none is absent. */
  waveCounts: WaveCounts[];
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
  /** This TMS's share of the campaign's rate, above 0 to 1; the rate itself is read from the database. */
  rateShare: number;
}

export interface DispatchResult {
  /** The shards that the run has filled. */
  shards: ShardSizeOf[];
  /** Terminals of the batch still PENDING: 0, unless the run was cancelled or maintenance windows are closed. */
  remaining: number;
  /** Where windows are closed for the remaining ones: epoch ms of the first opening, null if there is none. */
  closed?: { opensAt: number | null };
}

export interface RecordInput {
  campaignId: string;
  tpeId: string;
  attempt: number;
  status: FinalTpeStatus;
  reason: TpeReason | null;
  version: string | null;
}

/** What a terminal has ended as. */
export type RecordedEnd = Pick<RecordInput, 'status' | 'reason' | 'version'>;

export interface DecisionRecord extends Taken {
  campaignId: string;
  /** The campaign's status from now on; null: as it was. */
  status: CampaignStatus | null;
}

export interface WaveRecord {
  campaignId: string;
  wave: number;
  state: WaveState;
  detail: string | null;
}

/** What the campaign's own rules have found. */
export interface Finding {
  campaignId: string;
  type: 'threshold-reached' | 'stalled';
  reason: string;
}

export interface ProgressReport {
  counts: StatusCounts;
  waves: WaveCounts[];
  /** Terminals by what became of their roll-back. */
  compensations: Record<string, number>;
}

export interface ProgressInput {
  campaignId: string;
  seen: StatusCounts;
  /** Terminals that must have moved on; 0: answer at once. */
  step: number;
  /** Epoch ms from which on any change at all will do. */
  anyChangeFrom: number;
  /** By what waves are judged; a verdict that differs from those known is answered at once. */
  rules: WaveRules[];
  verdicts: WaveVerdict[];
  /** Tell when there has been no news for so long; null: don't. */
  stall: { seconds: number; since: number } | null;
}

export interface ProgressAnswer extends ProgressReport {
  /** There was no news for as long as `stall` says, while some terminals were due. */
  stalled: boolean;
}

export interface CampaignActivities {
  /** Reads the campaign's plan; marks it RUNNING if it may start now, which happens once. */
  openCampaign(campaignId: string): Promise<CampaignPlan>;
  /** Makes a decision visible: the campaign's status, who, when and why. */
  recordDecision(input: DecisionRecord): Promise<void>;
  recordWave(input: WaveRecord): Promise<void>;
  /** Makes visible what the campaign waits for. */
  recordWaiting(campaignId: string, waitingFor: { what: string; until: string | null } | null): Promise<void>;
  /** Makes visible, and counts as an alert, what the campaign's rules have found. */
  raiseAlert(finding: Finding): Promise<void>;
  changePolicy(input: {
    campaignId: string;
    change: PolicyChange;
    by: string;
    reason: string | null;
    correlationId?: string;
    traceparent?: string;
  }): Promise<void>;
  /**
   * The shards of a dispatch run that was cut off before it could answer.
   * @param range first shard included, last not
   */
  findShards(campaignId: string, range: { from: number; to: number }): Promise<ShardSizeOf[]>;
  /** Marks the moment at which every terminal of the campaign had been asked for. */
  markDispatched(campaignId: string): Promise<void>;
  /**
   * When terminals of a wave may be asked for: null now, at least for some; else epoch ms of the first opening, or
   * `never`.
   */
  nextOpening(campaignId: string, wave: number): Promise<number | 'never' | null>;
  /**
   * Terminals that have come to match the campaign's targets, added to its last wave.
   * @throws ApplicationFailure (benign, to be retried) while there are none
   */
  awaitJoiners(campaignId: string): Promise<Batch[]>;
  /** What has been ordered beyond `taken` (the next ordinal by TMS), and whether no more is taken from now on. */
  takeOrders(
    campaignId: string,
    taken: Record<string, number>,
    close: 'never' | 'if-none' | 'always',
  ): Promise<{ lanes: Batch[]; closed: boolean }>;
  /**
   * The campaign's counts, once they say something new (see `ProgressInput`).
   * @throws ApplicationFailure (benign, to be retried) while they don't
   */
  awaitProgress(input: ProgressInput): Promise<ProgressAnswer>;
  /** CANCELLED for every terminal that has not been asked for. */
  cancelPending(campaignId: string, reason: 'cancelled' | 'campaign-ended'): Promise<void>;
  /** Signals `cancel` to the tracker of each terminal that was asked for and is not known to be final. */
  cancelTrackers(campaignId: string, force: boolean): Promise<void>;
  /** Marks what the campaign has changed in a wave to be rolled back, in shards of its own. */
  beginRollBack(input: {
    campaignId: string;
    wave: number;
    firstShard: number;
    shardSize: number;
  }): Promise<ShardSizeOf[]>;
  /**
   * Resolves once every terminal of a wave that is rolled back has been asked for.
   * @throws ApplicationFailure (benign, to be retried) until then
   */
  awaitRollBackAsked(campaignId: string, wave: number): Promise<void>;
  /** Leaves what has not been asked to roll back as it is. */
  callOffRollBack(campaignId: string): Promise<void>;
  /** Ends the campaign: its final status, its counts. What is still open is settled as unknown. */
  closeCampaign(campaignId: string, status: CampaignStatus): Promise<ProgressReport>;
}

export interface TrackingActivities {
  /** The terminals of a shard that are to be followed. */
  loadShard(campaignId: string, shard: number, step: SagaStep): Promise<TrackedTpe[]>;
  /**
   * Writes a terminal's final status; grouped with others into one transaction.
   * @returns what stands instead, where the terminal's attempt had come to an end before; it is not changed
   */
  record(input: RecordInput): Promise<RecordedEnd | undefined>;
  /** Begins the next attempt of a terminal: PENDING again, the failed one kept in its events. */
  beginRetry(input: { campaignId: string; tpeId: string; attempt: number; reason: TpeReason }): Promise<void>;
  /** Begins the roll-back of one terminal as an attempt of its own. */
  beginTpeRollBack(input: { campaignId: string; tpeId: string; attempt: number }): Promise<void>;
  /** Writes how the roll-back of a terminal ended. */
  recordCompensation(input: CompensationOutcome & { campaignId: string; attempt: number }): Promise<void>;
}

/** One look at a terminal and what it means. */
export interface Look {
  observation: Observation;
  verdict: Verdict;
  /** The success that it has found is recorded. */
  recorded?: boolean;
}

export interface LookInput {
  campaignId: string;
  targetVersion: string;
  tpe: TrackedTpe;
  /** What the terminal is followed through; absent: a look that records no end. */
  step?: SagaStep;
  /** Milliseconds from the first attempt, which only begins the wait, until the first look; absent: look at once. */
  firstAfterMs?: number;
  /** Milliseconds from the request until its first look is due, together with those of its campaign; absent: no first look. */
  dueAfterMs?: number;
  /** Answer what was seen instead of throwing when nothing is final. */
  last?: boolean;
}

export interface AskInput {
  campaignId: string;
  tpe: TrackedTpe;
  step: SagaStep;
  /** The version to bring the terminal to. */
  version: string;
}

export type AskResult =
  | { outcome: 'accepted'; operationId: string; requestedAt: number }
  | { outcome: 'rejected'; reason: string }
  /** Not asked for: the campaign has been stopped, or its roll-back called off. */
  | { outcome: 'left' };

export interface TmsActivities {
  /** Asks the TMS to update every terminal of a batch that has not been asked for yet. */
  dispatch(input: DispatchInput): Promise<DispatchResult>;
  /**
   * Asks the TMS to bring one terminal to a version: a further attempt, or a roll-back.
   * @throws ApplicationFailure (benign, to be retried) while the campaign is paused or outside its windows
   */
  ask(input: AskInput): Promise<AskResult>;
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
