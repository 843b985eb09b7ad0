/** What stands for each status: its icon and its colours. Its word is `status…` or `campaign…` of the shared words. */
import type { CampaignStatus, CampaignSummary, StatusCounts, TpeStatus } from '../api/schema.ts';
import {
  ApprovalIcon,
  CancelIcon,
  CompletedIcon,
  FailedIcon,
  InstallingIcon,
  PauseIcon,
  PendingIcon,
  RequestedIcon,
  RollBackIcon,
  RunIcon,
  ScheduledIcon,
  SkippedIcon,
  SuccessIcon,
  TimeoutIcon,
  type Icon,
} from './icons.ts';

/** The beginning of the names in tokens.css: `--success-fill`, `--success-ink`, `--success-soft`. */
export type Tone =
  | 'success'
  | 'failed'
  | 'timeout'
  | 'installing'
  | 'requested'
  | 'pending'
  | 'cancelled'
  | 'skipped'
  | 'approval';

interface Look {
  icon: Icon;
  tone: Tone;
}

/** In the order of a bar: what is done, what went wrong, what is under way, what is to come, what never will. */
export const TPE_LOOKS: Record<TpeStatus, Look> = {
  SUCCESS: { icon: SuccessIcon, tone: 'success' },
  FAILED: { icon: FailedIcon, tone: 'failed' },
  TIMEOUT: { icon: TimeoutIcon, tone: 'timeout' },
  INSTALLING: { icon: InstallingIcon, tone: 'installing' },
  REQUESTED: { icon: RequestedIcon, tone: 'requested' },
  PENDING: { icon: PendingIcon, tone: 'pending' },
  CANCELLED: { icon: CancelIcon, tone: 'cancelled' },
  SKIPPED: { icon: SkippedIcon, tone: 'skipped' },
};
export const TPE_ORDER = Object.keys(TPE_LOOKS) as TpeStatus[];

/** A campaign that rolls back is told apart from one that is being cancelled. */
export type CampaignState = CampaignStatus | 'ROLLING_BACK';

export const CAMPAIGN_LOOKS: Record<CampaignState, Look> = {
  PENDING_APPROVAL: { icon: ApprovalIcon, tone: 'approval' },
  SCHEDULED: { icon: ScheduledIcon, tone: 'requested' },
  RUNNING: { icon: RunIcon, tone: 'installing' },
  PAUSED: { icon: PauseIcon, tone: 'timeout' },
  CANCELLING: { icon: CancelIcon, tone: 'cancelled' },
  ROLLING_BACK: { icon: RollBackIcon, tone: 'failed' },
  COMPLETED: { icon: CompletedIcon, tone: 'success' },
  CANCELLED: { icon: CancelIcon, tone: 'cancelled' },
  ABORTED: { icon: FailedIcon, tone: 'failed' },
};

export function campaignStateOf({
  status,
  rollingBack,
}: Pick<CampaignSummary, 'status' | 'rollingBack'>): CampaignState {
  return rollingBack && !isEnded(status) && status !== 'PAUSED' ? 'ROLLING_BACK' : status;
}

export function isEnded(status: CampaignStatus): boolean {
  return status === 'COMPLETED' || status === 'CANCELLED' || status === 'ABORTED';
}

/** Terminals that have been asked to update and are not done. */
export function underWay({ REQUESTED = 0, INSTALLING = 0 }: StatusCounts): number {
  return REQUESTED + INSTALLING;
}
