import { describe, expect, test } from 'vitest';
import { isTimeZone, nearestTimeZone } from '../../time-zone.ts';

describe('names of time zones', () => {
  test.each([
    ['Europe/Pariss', 'Europe/Paris'],
    ['Paris', 'Europe/Paris'],
    ['europe/pari', 'Europe/Paris'],
    ['New York', 'America/New_York'],
    ['Reunion', 'Indian/Reunion'],
    ['utc+', 'UTC'],
    ['Europe/Ljubljana-on-Sea', undefined],
    ['x'.repeat(100_000), undefined],
  ])('%s is none; %s is probably meant', (name, meant) => {
    expect(isTimeZone(name)).toBe(false);
    expect(nearestTimeZone(name)).toBe(meant);
  });

  test.each(['Europe/Paris', 'Asia/Kolkata', 'Asia/Calcutta', 'UTC', 'Pacific/Apia'])('%s is one', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });

  test('are no offsets, which know no summer', () => {
    expect(isTimeZone('+01:00')).toBe(false);
    expect(isTimeZone('')).toBe(false);
  });
});
