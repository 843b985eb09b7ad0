/** Whether terminals may be asked for at this moment, by the maintenance windows of their sites and the campaign's end. */
import type { CampaignRules } from '../db/campaign-run.ts';
import { closesAt, isOpen, nextOpening } from '../workflows/policy/windows.ts';

export interface OpeningHours {
  /** @param timeZone of the terminal's site; null where none was set */
  isOpen(timeZone: string | null): boolean;
  /** Epoch ms of the next opening, now if it is open; null if there is none within 400 days. */
  nextOpening(timeZone: string | null): number | null;
}

/** @param defaultZone time zone of sites that none was set for */
export function openingHours(
  { maintenance, endAt }: CampaignRules['policy'],
  defaultZone: string,
): OpeningHours {
  const end = endAt === null ? Infinity : Date.parse(endAt);
  /** Until when a zone is known to be open, epoch ms: thousands of terminals share a few zones. */
  const openUntil = new Map<string, number>();
  return {
    isOpen(timeZone) {
      const now = Date.now();
      if (now >= end) return false;
      if (!maintenance) return true;
      const zone = timeZone ?? defaultZone;
      if (now < (openUntil.get(zone) ?? 0)) return true;
      if (!isOpen(maintenance, zone, now)) return false;
      openUntil.set(zone, closesAt(maintenance, zone, now) ?? Infinity);
      return true;
    },
    nextOpening(timeZone) {
      const now = Date.now();
      const at = maintenance ? nextOpening(maintenance, timeZone ?? defaultZone, now) : now;
      return at === null || at >= end ? null : at;
    },
  };
}
