/** What must hold between the parts of a policy; what concerns one part alone is in its schema. */
import type { PollingWindow } from '../workflows/policy/polling.ts';
import type { CampaignPolicy } from '../workflows/policy/types.ts';
import { nextOpening } from '../workflows/policy/windows.ts';

/** A fault of a policy as a whole. */
export interface PolicyFault {
  /** The field that is to blame. */
  path: [keyof CampaignPolicy, ...(string | number)[]];
  /** The parts that contradict one another. */
  parts: (keyof CampaignPolicy)[];
  message: string;
}

const DAY = 86_400_000;
/** Days that a campaign that takes up new terminals may last. */
const DYNAMIC_DAYS = 90;
const HOUR = DAY / 24;
/** How far the clocks of the world are before and behind UTC: where sites are is not known here. */
const AHEAD = 14 * HOUR;
const BEHIND = 12 * HOUR;

/**
 * The faults of a complete policy.
 * @param now epoch ms
 */
export function checkPolicy(policy: CampaignPolicy, now: number): PolicyFault[] {
  const startAt = policy.startAt === null ? now : Date.parse(policy.startAt);
  const span = {
    from: Math.max(startAt, now),
    to: policy.endAt === null ? Infinity : Date.parse(policy.endAt),
  };
  const faults = [...checkEnd(policy, span, now), ...checkStall(policy), ...checkDynamic(policy, span)];
  // Nothing fits between a beginning and an end that are wrong themselves.
  return span.to > span.from
    ? [...faults, ...checkSoaks(policy, span), ...checkOpenings(policy, span)]
    : faults;
}

/** Of a campaign, epoch ms. */
interface Span {
  from: number;
  to: number;
}

function checkEnd({ startAt, endAt }: CampaignPolicy, { from, to }: Span, now: number): PolicyFault[] {
  if (endAt !== null && to <= now)
    return [{ path: ['endAt'], parts: ['endAt'], message: `is already past: ${endAt}` }];
  if (to > from) return [];
  return [{ path: ['endAt'], parts: ['startAt', 'endAt'], message: `must be after startAt, ${startAt}` }];
}

function checkStall({ stallSeconds, polling, deadlineSeconds }: CampaignPolicy): PolicyFault[] {
  const longest = longestInterval(polling, deadlineSeconds);
  if (stallSeconds === null || stallSeconds > longest) return [];
  return [
    {
      path: ['stallSeconds'],
      parts: ['stallSeconds', 'polling', 'deadlineSeconds'],
      message: `must be longer than the longest polling interval, ${longest} s: with no news between two looks, it would always fire`,
    },
  ];
}

/** Seconds between two looks, in the windows that begin before the deadline. */
function longestInterval(polling: readonly PollingWindow[], deadlineSeconds: number): number {
  let begins = 0;
  let longest = 0;
  for (const { everySeconds, attempts } of polling) {
    if (begins < deadlineSeconds) longest = Math.max(longest, everySeconds);
    begins += everySeconds * attempts;
  }
  return longest;
}

function checkDynamic({ membership, endAt }: CampaignPolicy, { from, to }: Span): PolicyFault[] {
  if (membership === 'static') return [];
  const parts: PolicyFault['parts'] = ['membership', 'endAt', 'startAt'];
  if (endAt === null) {
    const message = 'needs endAt: until then terminals that come to match join, and it can not be forever';
    return [{ path: ['membership'], parts, message }];
  }
  if (to - from <= DYNAMIC_DAYS * DAY) return [];
  const message = `must be at most ${DYNAMIC_DAYS} days after the start of a campaign with dynamic membership`;
  return [{ path: ['endAt'], parts, message }];
}

/** The last wave's gate is without meaning: there is nothing behind it. */
function checkSoaks({ waves }: CampaignPolicy, { from, to }: Span): PolicyFault[] {
  let soaked = 0;
  for (const [index, { gate }] of waves.slice(0, -1).entries()) {
    soaked += gate.soakSeconds;
    if (soaked * 1000 < to - from) continue;
    const message = `can not be over before endAt: the waves up to this one wait for ${soaked} s, and the campaign lasts ${Math.floor((to - from) / 1000)} s`;
    return [{ path: ['waves', index, 'gate', 'soakSeconds'], parts: ['waves', 'startAt', 'endAt'], message }];
  }
  return [];
}

function checkOpenings({ maintenance, endAt }: CampaignPolicy, { from, to }: Span): PolicyFault[] {
  if (maintenance === null) return [];
  const fault = (message: string): PolicyFault[] => [
    { path: ['maintenance'], parts: ['maintenance', 'startAt', 'endAt'], message },
  ];
  const { timeZone } = maintenance;
  // What the clock of some site shows between `from` and `to`, the clock of UTC shows within this longer time.
  const [begin, end] = timeZone === null ? [from - BEHIND, to + AHEAD] : [from, to];
  const first = nextOpening(maintenance, timeZone ?? 'UTC', begin);
  if (first === null) return fault('never opens: there is no opening within 400 days');
  return first < end ? [] : fault(`does not open before endAt, ${endAt}`);
}
