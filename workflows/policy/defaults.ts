/** The policy of a campaign about which nothing was said. */
import { DEFAULT_DEADLINE_SECONDS, POLLING_SCHEDULES } from './polling.ts';
import type { CampaignPolicy, FailureThreshold, GatePolicy, RetryPolicy, WavePolicy } from './types.ts';

export const DEFAULT_GATE: GatePolicy = {
  minSuccessPercent: 95,
  soakSeconds: 0,
  approval: false,
  onFailure: 'pause',
};

/** One wave with everybody. */
export const DEFAULT_WAVES: WavePolicy[] = [{ name: 'all', size: { rest: true }, gate: DEFAULT_GATE }];

export const DEFAULT_FAILURE_THRESHOLD: FailureThreshold = {
  percent: 5,
  minSample: 20,
  countTimeouts: false,
  action: 'pause',
};

export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 1,
  backoffSeconds: 300,
  backoffFactor: 2,
  reasons: null,
};

export const DEFAULT_POLICY: CampaignPolicy = {
  polling: [...POLLING_SCHEDULES.standard],
  deadlineSeconds: DEFAULT_DEADLINE_SECONDS,
  progressEverySeconds: 5,
  waves: DEFAULT_WAVES,
  order: { by: 'given', seed: 1 },
  rate: null,
  failureThreshold: DEFAULT_FAILURE_THRESHOLD,
  stallSeconds: null,
  startAt: null,
  endAt: null,
  maintenance: null,
  approval: 'none',
  retry: DEFAULT_RETRY,
  onFailure: 'leave',
  cancelWithinSeconds: 3600,
  membership: 'static',
};
