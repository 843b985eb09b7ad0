/** Which attempts are tried again, and when. */
import type { TpeOutcome } from '../types.ts';
import type { RetryPolicy } from './types.ts';

/** Whether a reason is covered by a code: `failed` and `failed:battery-low` cover `failed:battery-low`. */
function covers(code: string, reason: string): boolean {
  return reason === code || reason.startsWith(`${code}:`);
}

/** Whether the policy tries a terminal again that ended like this in attempt `attempt`. */
export function isRetried(
  policy: RetryPolicy,
  { status, reason }: Pick<TpeOutcome, 'status' | 'reason'>,
  attempt: number,
): boolean {
  if (attempt >= policy.attempts || (status !== 'FAILED' && status !== 'TIMEOUT')) return false;
  if (policy.reasons === null) return !covers('rejected', reason ?? '');
  return policy.reasons.some((code) => covers(code, reason ?? ''));
}

/** Seconds from the end of attempt `attempt` until the next one; at most a week. */
export function backoffSeconds(policy: RetryPolicy, attempt: number): number {
  return Math.min(policy.backoffSeconds * policy.backoffFactor ** (attempt - 1), 7 * 86_400);
}
