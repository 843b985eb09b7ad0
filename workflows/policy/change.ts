/** What of a running campaign's policy can be changed. The API checks more; this holds for every other caller too. */
import { CHANGEABLE, type PolicyChange } from './types.ts';

/** Why a change is refused; undefined where it is not. */
export function refuseChange(change: PolicyChange | undefined): string | undefined {
  const keys = Object.keys(change ?? {});
  if (keys.length === 0) return `nothing to change: give at least one of ${CHANGEABLE.join(', ')}`;
  const fixed = keys.find((key) => !(CHANGEABLE as readonly string[]).includes(key));
  if (fixed)
    return `${fixed} is fixed when the campaign starts; what can be changed is ${CHANGEABLE.join(', ')}`;
  const { rate, failureThreshold, stallSeconds, endAt } = change as PolicyChange;
  if (rate && !(rate.perMinute > 0 && rate.growthFactor >= 1 && rate.growEvery >= 1)) {
    return 'rate needs perMinute above 0, growthFactor and growEvery of at least 1';
  }
  if (failureThreshold && !(failureThreshold.percent >= 0 && failureThreshold.percent <= 100)) {
    return 'failureThreshold.percent must be 0 to 100';
  }
  if (stallSeconds != null && !(stallSeconds > 0)) return 'stallSeconds must be above 0';
  if (endAt != null && Number.isNaN(Date.parse(endAt))) return 'endAt must be an ISO 8601 time';
  return undefined;
}
