import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import {
  WEEKDAYS,
  type FreezePeriod,
  type MaintenancePolicy,
  type MaintenanceWindow,
} from '../../workflows/policy/types.ts';
import { closesAt, isOpen, nextChange, nextOpening } from '../../workflows/policy/windows.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const policy = (
  windows: MaintenanceWindow[],
  freezes: FreezePeriod[] = [],
  timeZone: string | null = null,
): MaintenancePolicy => ({ windows, freezes, timeZone });

const daily = (from: string, to: string): MaintenanceWindow => ({ days: [...WEEKDAYS], from, to });
const freeze = (from: string, to: string): FreezePeriod => ({ from, to, reason: null });
const utc = (text: string): number => Date.parse(text);

/** Every change from one instant to another, as UTC. */
function changes(maintenance: MaintenancePolicy, zone: string, from: string, to: string): string[] {
  const found: string[] = [];
  let at = utc(from);
  for (;;) {
    const next = nextChange(maintenance, zone, at);
    if (!next || next.at >= utc(to)) return found;
    found.push(`${new Date(next.at).toISOString().slice(0, 16)} ${next.opens ? 'opens' : 'closes'}`);
    at = next.at;
  }
}

/** The definition, by luxon's own calendar, one instant at a time. */
function openByDefinition(
  { windows, freezes, timeZone }: MaintenancePolicy,
  zone: string,
  at: number,
): boolean {
  const local = DateTime.fromMillis(at, { zone: timeZone ?? zone });
  const date = local.toISODate() ?? '';
  if (freezes.some(({ from, to }) => date >= from && date <= to)) return false;
  const today = local.weekday - 1;
  const time = local.toFormat('HH:mm');
  const begins = ({ days }: MaintenanceWindow, day: number): boolean =>
    days.some((name) => WEEKDAYS.indexOf(name) === (day + 7) % 7);
  return (
    windows.length === 0 ||
    windows.some((window) =>
      window.to > window.from
        ? begins(window, today) && time >= window.from && time < window.to
        : (begins(window, today) && time >= window.from) || (begins(window, today - 1) && time < window.to),
    )
  );
}

describe('a maintenance window', () => {
  const nights = policy([{ days: ['fri'], from: '22:00', to: '05:00' }]);

  it('is open from its beginning, included, to its end, not included, by the clock of the site', () => {
    const mornings = policy([{ days: ['mon'], from: '06:00', to: '07:30' }]);
    // A Monday; Paris is at +1, India at +5:30.
    expect(isOpen(mornings, 'Europe/Paris', utc('2026-11-23T05:00:00Z'))).toBe(true);
    expect(isOpen(mornings, 'Europe/Paris', utc('2026-11-23T04:59:59.999Z'))).toBe(false);
    expect(isOpen(mornings, 'Europe/Paris', utc('2026-11-23T06:29:59.999Z'))).toBe(true);
    expect(isOpen(mornings, 'Europe/Paris', utc('2026-11-23T06:30:00Z'))).toBe(false);
    expect(isOpen(mornings, 'Europe/Paris', utc('2026-11-24T05:00:00Z'))).toBe(false);
    expect(isOpen(mornings, 'Asia/Kolkata', utc('2026-11-23T00:30:00Z'))).toBe(true);
    expect(isOpen(mornings, 'Asia/Kolkata', utc('2026-11-23T00:29:00Z'))).toBe(false);
  });

  it('belongs to the day on which it begins, where it goes past midnight', () => {
    expect(changes(nights, 'Indian/Reunion', '2026-11-16T00:00Z', '2026-11-30T00:00Z')).toEqual([
      '2026-11-20T18:00 opens',
      '2026-11-21T01:00 closes',
      '2026-11-27T18:00 opens',
      '2026-11-28T01:00 closes',
    ]);
  });

  it('ends at midnight with 24:00, and joins the one that begins there', () => {
    const evening: MaintenanceWindow = { days: ['sat'], from: '20:00', to: '24:00' };
    const all = (windows: MaintenanceWindow[]): string[] =>
      changes(policy(windows), 'Asia/Kolkata', '2026-11-16T00:00Z', '2026-11-23T06:00Z');
    expect(all([evening])).toEqual(['2026-11-21T14:30 opens', '2026-11-21T18:30 closes']);
    expect(all([{ ...evening, to: '00:00' }])).toEqual(all([evening]));
    expect(all([evening, { days: ['sun'], from: '00:00', to: '06:00' }])).toEqual([
      '2026-11-21T14:30 opens',
      '2026-11-22T00:30 closes',
    ]);
  });

  it('is by the zone of the policy where it has one', () => {
    const at = utc('2026-11-20T21:30Z');
    expect(isOpen(nights, 'Asia/Kolkata', at)).toBe(true);
    expect(isOpen({ ...nights, timeZone: 'Europe/Paris' }, 'Asia/Kolkata', at)).toBe(true);
    expect(isOpen({ ...nights, timeZone: 'America/New_York' }, 'Asia/Kolkata', at)).toBe(false);
  });

  it('is never closed without windows and freezes, and never changes', () => {
    const always = policy([]);
    const at = utc('2026-11-20T21:30Z');
    expect(isOpen(always, 'Europe/Paris', at)).toBe(true);
    expect(nextOpening(always, 'Europe/Paris', at)).toBe(at);
    expect(nextChange(always, 'Europe/Paris', at)).toBeNull();
    expect(closesAt(always, 'Europe/Paris', at)).toBeNull();
    const whole = policy([daily('00:00', '24:00')]);
    expect(isOpen(whole, 'Europe/Paris', at)).toBe(true);
    expect(nextChange(whole, 'Europe/Paris', at)).toBeNull();
  });

  it('says when it opens next and when it closes', () => {
    const thursday = utc('2026-11-19T12:00Z');
    const friday = utc('2026-11-20T22:00Z');
    expect(nextOpening(nights, 'Europe/Paris', thursday)).toBe(utc('2026-11-20T21:00Z'));
    expect(closesAt(nights, 'Europe/Paris', thursday)).toBeNull();
    expect(nextOpening(nights, 'Europe/Paris', friday)).toBe(friday);
    expect(closesAt(nights, 'Europe/Paris', friday)).toBe(utc('2026-11-21T04:00Z'));
  });

  it('refuses a zone that there is not', () => {
    expect(() => isOpen(nights, 'Europe/Lyon', 0)).toThrow('Europe/Lyon is not a time zone');
    expect(() => nextChange({ ...nights, timeZone: 'Mars' }, 'Europe/Paris', 0)).toThrow(RangeError);
  });
});

describe('on the days on which clocks are set', () => {
  const night = policy([daily('02:00', '03:00')]);

  it.each([
    // The hour from 2 to 3 does not exist on March 29, and comes twice on October 25.
    [
      'Europe/Paris',
      '2026-03-28T00:00Z',
      '2026-03-31T00:00Z',
      ['28T01:00', '28T02:00', '30T00:00', '30T01:00'],
    ],
    [
      'Europe/Paris',
      '2026-10-24T12:00Z',
      '2026-10-26T12:00Z',
      ['25T00:00', '25T02:00', '26T01:00', '26T02:00'],
    ],
    [
      'America/New_York',
      '2026-03-07T00:00Z',
      '2026-03-10T00:00Z',
      ['07T07:00', '07T08:00', '09T06:00', '09T07:00'],
    ],
    // Clocks go back from 2 to 1: two o'clock comes once, an hour later.
    [
      'America/New_York',
      '2026-10-31T12:00Z',
      '2026-11-02T12:00Z',
      ['01T07:00', '01T08:00', '02T07:00', '02T08:00'],
    ],
    // Half an hour: on October 4 the window has its second half only; on April 5 1:30 to 2:00 comes twice.
    [
      'Australia/Lord_Howe',
      '2026-10-03T00:00Z',
      '2026-10-05T00:00Z',
      ['03T15:30', '03T16:00', '04T15:00', '04T16:00'],
    ],
    [
      'Australia/Lord_Howe',
      '2026-04-04T00:00Z',
      '2026-04-06T00:00Z',
      ['04T15:30', '04T16:30', '05T15:30', '05T16:30'],
    ],
  ])(
    'the window from 02:00 to 03:00 goes by what the clock of %s shows from %s',
    (zone, from, to, expected) => {
      expect(changes(night, zone, from, to).map((text) => text.slice(8, 16))).toEqual(expected);
    },
  );

  it('a window over an hour that is skipped is shorter, over one that is repeated longer', () => {
    const wide = policy([daily('01:00', '05:00')]);
    const hours = (from: string): number =>
      ((closesAt(wide, 'Europe/Paris', nextOpening(wide, 'Europe/Paris', utc(from)) ?? 0) ?? 0) -
        (nextOpening(wide, 'Europe/Paris', utc(from)) ?? 0)) /
      (60 * MINUTE);
    expect([hours('2026-03-27T12:00Z'), hours('2026-03-28T12:00Z'), hours('2026-10-24T12:00Z')]).toEqual([
      4, 3, 5,
    ]);
  });

  it('a window that begins in an hour that is repeated opens again', () => {
    // New York's clock goes from 1:59 back to 1:00: half past one comes twice.
    const half = policy([daily('01:30', '01:45')]);
    expect(changes(half, 'America/New_York', '2026-11-01T00:00Z', '2026-11-01T12:00Z')).toEqual([
      '2026-11-01T05:30 opens',
      '2026-11-01T05:45 closes',
      '2026-11-01T06:30 opens',
      '2026-11-01T06:45 closes',
    ]);
  });

  it('a day that a site never had has no window, what goes on after it does', () => {
    // Samoa went from Thursday, December 29, 2011 to Saturday, December 31.
    const friday = policy([{ days: ['fri'], from: '22:00', to: '02:00' }]);
    expect(changes(friday, 'Pacific/Apia', '2011-12-28T00:00Z', '2012-01-03T00:00Z')).toEqual([
      '2011-12-30T10:00 opens',
      '2011-12-30T12:00 closes',
    ]);
    const frozen = policy([], [freeze('2011-12-30', '2011-12-30')]);
    expect(changes(frozen, 'Pacific/Apia', '2011-12-28T00:00Z', '2012-01-03T00:00Z')).toEqual([]);
  });
});

describe('a freeze', () => {
  it('closes the week before Christmas, both days included, by the calendar of the site', () => {
    const christmas = policy([], [freeze('2026-12-18', '2026-12-26')]);
    expect(changes(christmas, 'Europe/Paris', '2026-11-01T00:00Z', '2027-06-01T00:00Z')).toEqual([
      '2026-12-17T23:00 closes',
      '2026-12-26T23:00 opens',
    ]);
    expect(changes(christmas, 'Asia/Kolkata', '2026-11-01T00:00Z', '2027-06-01T00:00Z')).toEqual([
      '2026-12-17T18:30 closes',
      '2026-12-26T18:30 opens',
    ]);
  });

  it('cuts off a window at midnight, and at the other end lets in what is left of one', () => {
    const nights = policy([daily('22:00', '04:00')], [freeze('2026-12-18', '2026-12-18')]);
    expect(changes(nights, 'Indian/Reunion', '2026-12-17T12:00Z', '2026-12-19T12:00Z')).toEqual([
      '2026-12-17T18:00 opens',
      '2026-12-17T20:00 closes',
      // Friday is frozen; the window that would have begun on it goes on after midnight.
      '2026-12-18T20:00 opens',
      '2026-12-19T00:00 closes',
    ]);
  });

  it('that covers everything leaves no opening', () => {
    const never = policy([daily('22:00', '04:00')], [freeze('2026-01-01', '2029-12-31')]);
    expect(nextOpening(never, 'Europe/Paris', utc('2026-11-01T00:00Z'))).toBeNull();
    const late = policy([], [freeze('2026-01-01', '2027-12-31')]);
    expect(nextOpening(late, 'Europe/Paris', utc('2026-11-01T00:00Z'))).toBeNull();
    expect(nextOpening(late, 'Europe/Paris', utc('2026-12-01T00:00Z'))).toBe(utc('2027-12-31T23:00Z'));
  });
});

describe('reckoning and looking minute by minute', () => {
  const clocks = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 15, 30, 59))
    .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
  const windows: fc.Arbitrary<MaintenanceWindow> = fc.record({
    days: fc.subarray([...WEEKDAYS], { minLength: 1 }),
    from: clocks,
    to: fc.oneof({ arbitrary: clocks, weight: 9 }, { arbitrary: fc.constant('24:00'), weight: 1 }),
  });
  /** Around a change of clocks, or of the calendar, each. */
  const places = fc.constantFrom(
    ['Europe/Paris', '2026-03-29'],
    ['Europe/Paris', '2026-10-25'],
    ['America/New_York', '2026-03-08'],
    ['America/New_York', '2026-11-01'],
    ['Australia/Lord_Howe', '2026-04-05'],
    ['Australia/Lord_Howe', '2026-10-04'],
    ['Pacific/Apia', '2011-12-30'],
    ['Asia/Kolkata', '2026-12-31'],
    ['Indian/Reunion', '2028-02-29'],
  );

  it('give the same, with freezes, over three days around a change of clocks', () => {
    fc.assert(
      fc.property(
        places,
        fc.array(windows, { maxLength: 3 }),
        fc.option(fc.integer({ min: -2, max: 2 })),
        fc.integer({ min: -2 * 24 * 60, max: 0 }),
        ([zone = '', date = ''], list, frozen, start) => {
          const day = (offset: number): string =>
            new Date(utc(`${date}T00:00Z`) + offset * DAY).toISOString().slice(0, 10);
          const maintenance = policy(list, frozen === null ? [] : [freeze(day(frozen), day(frozen))]);
          const from = utc(`${date}T00:00Z`) + start * MINUTE;
          const open = openByDefinition(maintenance, zone, from);
          expect(isOpen(maintenance, zone, from)).toBe(open);
          const next = nextChange(maintenance, zone, from);
          const until = Math.min(next?.at ?? Infinity, from + 3 * DAY);
          for (let at = from; at < until; at += MINUTE) {
            if (openByDefinition(maintenance, zone, at) !== open)
              expect.fail(`missed ${new Date(at).toISOString()}`);
          }
          if (next && next.at < from + 3 * DAY) {
            expect(next.opens).toBe(!open);
            expect(openByDefinition(maintenance, zone, next.at)).toBe(!open);
            expect(openByDefinition(maintenance, zone, next.at - 1)).toBe(open);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('give the same from a moment within a minute', () => {
    const night = policy([daily('02:00', '03:00')]);
    const at = utc('2026-11-20T00:59:59.999Z');
    expect(nextChange(night, 'Europe/Paris', at)).toEqual({ at: at + 1, opens: true });
    expect(nextChange(night, 'Europe/Paris', at + 1)).toEqual({ at: at + 1 + 60 * MINUTE, opens: false });
  });
});
