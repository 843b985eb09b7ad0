/**
 * When terminals may be asked for, by the wall clock of each terminal's site.
 *
 * A window belongs to the day on which it begins and is open while the site's clock shows a time in it. The clock
 * is the truth also where it is set: a window from 02:00 to 03:00 does not exist on the day on which that hour is
 * skipped, and is open twice on the day on which it is repeated. A frozen day is closed from midnight to midnight,
 * the part after midnight of a window begun the day before included.
 */
import { IANAZone } from 'luxon';
import { WEEKDAYS, type MaintenancePolicy } from './types.ts';

/** An instant at which asking for terminals becomes possible, or stops being so. */
export interface WindowChange {
  /** Epoch ms. */
  at: number;
  opens: boolean;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** How far ahead a change is looked for. */
const HORIZON = 400 * DAY;
/**
 * Step by which changes of a zone's offset are looked for. Two within one step, the second undoing the first, would
 * be missed; no zone has ever had them closer than weeks.
 */
const STEP = DAY / 2;

/**
 * Whether terminals of a site may be asked for at an instant.
 * @param zone IANA name of the site's time zone; the policy's own comes before it
 * @param at epoch ms
 * @throws RangeError if there is no such zone
 */
export function isOpen(policy: MaintenancePolicy, zone: string, at: number): boolean {
  return new Calendar(policy).isOpen(at + offsetAt(zoneOf(policy, zone), at));
}

/**
 * The next instant after `at` at which open becomes closed or the reverse; null if there is none within 400 days.
 * @throws RangeError if there is no such zone
 */
export function nextChange(policy: MaintenancePolicy, zone: string, at: number): WindowChange | null {
  const iana = zoneOf(policy, zone);
  const calendar = new Calendar(policy);
  if (calendar.isConstant) return null;
  const open = calendar.isOpen(at + offsetAt(iana, at));
  let from = at;
  while (from < at + HORIZON) {
    // In each span the offset is constant, so that the site's clock can be reckoned with.
    const offset = offsetAt(iana, from);
    const to = endOfOffset(iana, from, offset);
    const change = calendar.firstWhere(!open, from + offset, to + offset);
    if (change !== null) {
      const found = change - offset;
      return found < at + HORIZON ? { at: found, opens: !open } : null;
    }
    from = to;
  }
  return null;
}

/**
 * When terminals of a site may be asked for next: `at` itself if they may now; null if not within 400 days.
 * @throws RangeError if there is no such zone
 */
export function nextOpening(policy: MaintenancePolicy, zone: string, at: number): number | null {
  return isOpen(policy, zone, at) ? at : (nextChange(policy, zone, at)?.at ?? null);
}

/**
 * Until when terminals of a site may be asked for, not included. Null if they may not now, and also if nothing closes
 * within 400 days: `isOpen` tells the two apart.
 * @throws RangeError if there is no such zone
 */
export function closesAt(policy: MaintenancePolicy, zone: string, at: number): number | null {
  return isOpen(policy, zone, at) ? (nextChange(policy, zone, at)?.at ?? null) : null;
}

function zoneOf(policy: MaintenancePolicy, zone: string): IANAZone {
  const name = policy.timeZone ?? zone;
  const iana = IANAZone.create(name);
  if (!iana.isValid) throw new RangeError(`${name} is not a time zone of the IANA database`);
  return iana;
}

/** What is to be added to an instant to have the site's clock, in ms. */
function offsetAt(zone: IANAZone, at: number): number {
  return Math.round(zone.offset(at) * MINUTE);
}

/** The instant up to which the offset that holds at `from` is known to hold: where it changes, or the next step. */
function endOfOffset(zone: IANAZone, from: number, offset: number): number {
  let same = from;
  let other = from + STEP;
  if (offsetAt(zone, other) === offset) return other;
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (offsetAt(zone, middle) === offset) same = middle;
    else other = middle;
  }
  return other;
}

/**
 * Windows and freezes on a clock without time zones: its times are ms since 1970-01-01 00:00 by the site's clock,
 * its days numbers from that day.
 */
class Calendar {
  readonly #windows: { days: ReadonlySet<number>; from: number; to: number }[];
  readonly #freezes: { from: number; to: number }[];
  /** Times of a day, in ms, at which something may change. */
  readonly #edges: number[];

  constructor({ windows, freezes }: MaintenancePolicy) {
    this.#windows = windows.map(({ days, from, to }) => ({
      days: new Set(days.map((day) => WEEKDAYS.indexOf(day))),
      from: timeOfDay(from),
      to: timeOfDay(to),
    }));
    this.#freezes = freezes.map(({ from, to }) => ({ from: dayNumber(from), to: dayNumber(to) }));
    const edges = this.#windows.flatMap(({ from, to }) => [from, to % DAY]);
    this.#edges = [...new Set([0, ...edges])].sort((a, b) => a - b);
  }

  /** Nothing is ever closed. */
  get isConstant(): boolean {
    return this.#windows.length === 0 && this.#freezes.length === 0;
  }

  isOpen(clock: number): boolean {
    const day = Math.floor(clock / DAY);
    if (this.#freezes.some(({ from, to }) => day >= from && day <= to)) return false;
    if (this.#windows.length === 0) return true;
    const time = clock - day * DAY;
    return this.#windows.some(({ days, from, to }) => {
      if (to > from) return days.has(weekday(day)) && time >= from && time < to;
      return (days.has(weekday(day)) && time >= from) || (days.has(weekday(day - 1)) && time < to);
    });
  }

  /** The first time from `from` on, and before `to`, that is open, or that is closed. */
  firstWhere(open: boolean, from: number, to: number): number | null {
    if (this.isOpen(from) === open) return from;
    for (let midnight = Math.floor(from / DAY) * DAY; midnight < to; midnight += DAY) {
      for (const edge of this.#edges) {
        const clock = midnight + edge;
        if (clock > from && clock < to && this.isOpen(clock) === open) return clock;
      }
    }
    return null;
  }
}

/** 0 is Monday, as in `WEEKDAYS`; day 0 was a Thursday. */
function weekday(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

function timeOfDay(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return (60 * hours + minutes) * MINUTE;
}

function dayNumber(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY;
}
