/** Whether terminals may be asked for at this moment, by the maintenance windows of their sites and the campaign's end. */
import { clockFrom } from '../db/clock.ts';
import type { CampaignRules } from '../db/campaign-run.ts';
import { closesAt, isOpen, nextOpening } from '../workflows/policy/windows.ts';

export interface OpeningHours {
  /** Epoch ms, by the clock that they go by. */
  now(): number;
  /** @param timeZone of the terminal's site; null where none was set */
  isOpen(timeZone: string | null): boolean;
  /** Epoch ms of the next opening, now if it is open; null if there is none within 400 days. */
  nextOpening(timeZone: string | null): number | null;
}

/**
 * They go by the database's clock, from when the rules were read: a worker whose own is wrong keeps them, too.
 * @param defaultZone time zone of sites that none was set for
 */
export function openingHours(
  { policy: { maintenance, endAt }, now: readAt }: Pick<CampaignRules, 'policy' | 'now'>,
  defaultZone: string,
): OpeningHours {
  const clock = clockFrom(readAt);
  const end = endAt === null ? Infinity : Date.parse(endAt);
  /** Until when a zone is known to be open, epoch ms: thousands of terminals share a few zones. */
  const openUntil = new Map<string, number>();
  return {
    now: clock,
    isOpen(timeZone) {
      const now = clock();
      if (now >= end) return false;
      if (!maintenance) return true;
      const zone = timeZone ?? defaultZone;
      if (now < (openUntil.get(zone) ?? 0)) return true;
      if (!isOpen(maintenance, zone, now)) return false;
      openUntil.set(zone, closesAt(maintenance, zone, now) ?? Infinity);
      return true;
    },
    nextOpening(timeZone) {
      const now = clock();
      const at = maintenance ? nextOpening(maintenance, timeZone ?? defaultZone, now) : now;
      return at === null || at >= end ? null : at;
    },
  };
}
