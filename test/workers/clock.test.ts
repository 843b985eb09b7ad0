import { afterEach, expect, test, vi } from 'vitest';
import { clockSetBack } from '../../workers/clock.ts';

afterEach(() => vi.useRealTimers());

test('a clock that is set back is noticed, one that is kept right or set ahead is not', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setInterval', 'clearInterval'] });
  const seen: string[] = [];
  void clockSetBack().then((text) => seen.push(text));
  for (const aheadMs of [0, 3_600_000, -1_000, 0]) {
    vi.setSystemTime(Date.now() + aheadMs);
    await vi.advanceTimersByTimeAsync(2_000);
  }
  expect(seen).toEqual([]);
  vi.setSystemTime(Date.now() - 600_000);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(seen).toEqual(['the clock was set back by 600 s']);
});
