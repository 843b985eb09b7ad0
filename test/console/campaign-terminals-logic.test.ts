// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CampaignTpe } from '../../console/api/schema.ts';
import { isFiltered, NO_FILTER, queryOf, statusesOf } from '../../console/pages/campaign/filters.ts';
import { refresher } from '../../console/pages/campaign/refresher.ts';
import { knownTotal } from '../../console/pages/campaign/selection.ts';
import { pagesAt, readAnew, readPage } from '../../console/pages/campaign/terminal-pages.ts';

describe('reading anew', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('happens at once, then no more often than allowed, and the last change is not forgotten', async () => {
    const read = vi.fn(() => Promise.resolve());
    const { request } = refresher(read, 3_000);
    request();
    await vi.advanceTimersByTimeAsync(0);
    expect(read).toHaveBeenCalledTimes(1);
    for (let n = 0; n < 10; n++) request();
    await vi.advanceTimersByTimeAsync(2_999);
    expect(read).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(read).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(read).toHaveBeenCalledTimes(2);
  });

  test('that takes long is not begun twice, and follows once more for what changed meanwhile', async () => {
    let end = (): void => undefined;
    const read = vi.fn(() => new Promise<void>((resolve) => (end = resolve)));
    const { request } = refresher(read, 1_000);
    request();
    await vi.advanceTimersByTimeAsync(0);
    request();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(read).toHaveBeenCalledTimes(1);
    end();
    await vi.advanceTimersByTimeAsync(1);
    expect(read).toHaveBeenCalledTimes(2);
  });

  test('goes on after a failure, and stops when told', async () => {
    const read = vi.fn(() => Promise.reject(new Error('no answer')));
    const { request, stop } = refresher(read, 1_000);
    request();
    await vi.advanceTimersByTimeAsync(0);
    request();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(read).toHaveBeenCalledTimes(2);
    request();
    stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(read).toHaveBeenCalledTimes(2);
  });
});

describe('the filter of the terminals', () => {
  test('is what the API takes', () => {
    expect(queryOf(NO_FILTER)).toEqual({});
    expect(queryOf({ ...NO_FILTER, status: 'FAILED,TIMEOUT', site: ' Lyon-1 ', wave: 2, q: 'ab' })).toEqual({
      status: 'FAILED,TIMEOUT',
      site: 'Lyon-1',
      wave: 2,
      search: 'ab',
    });
    expect([isFiltered(NO_FILTER), isFiltered({ ...NO_FILTER, wave: 1 })]).toEqual([false, true]);
  });

  test('has a known number of terminals where it is of statuses alone', () => {
    const counts = { SUCCESS: 10, FAILED: 3, TIMEOUT: 2 };
    expect(knownTotal(counts, NO_FILTER)).toBe(15);
    expect(knownTotal(counts, { ...NO_FILTER, status: 'FAILED,TIMEOUT' })).toBe(5);
    expect(knownTotal(counts, { ...NO_FILTER, status: 'SKIPPED' })).toBe(0);
    expect(knownTotal(counts, { ...NO_FILTER, status: 'FAILED', site: 'Lyon-1' })).toBeUndefined();
    expect(statusesOf('')).toBeUndefined();
  });
});

describe('pages of terminals', () => {
  const row = (tpeId: string): CampaignTpe => ({ tpeId }) as CampaignTpe;
  let there: string[] = [];
  let reads = 0;
  /** Pages of two; a cursor is the last id of the page before. */
  const read = (cursor: string | null): Promise<{ items: CampaignTpe[]; nextCursor: string | null }> => {
    reads++;
    const rest = there.filter((id) => cursor === null || id > cursor);
    const items = rest.slice(0, 2);
    return Promise.resolve({
      items: items.map(row),
      nextCursor: rest.length > 2 ? (items.at(-1) ?? null) : null,
    });
  };
  const ids = ({ items }: { items: readonly CampaignTpe[] }): string =>
    items.map(({ tpeId }) => tpeId).join('');
  beforeEach(() => {
    there = ['b', 'd', 'f', 'h', 'j'];
    reads = 0;
  });

  test('keep what they span, whatever has come or gone', async () => {
    const first = await readPage(read, null);
    const second = await readPage(read, first.nextCursor);
    const third = await readPage(read, second.nextCursor);
    there = ['a', 'c', 'd', 'g', 'j', 'k'];
    expect(ids(await readAnew(read, null, first))).toBe('acd');
    expect(ids(await readAnew(read, first.nextCursor, second))).toBe('g');
    expect(ids(await readAnew(read, second.nextCursor, third))).toBe('jk');
  });

  test('that have become empty fill up again', async () => {
    const first = await readPage(read, null);
    there = ['x', 'y', 'z'];
    const empty = await readAnew(read, null, first);
    expect([ids(empty), empty.nextCursor]).toEqual(['', 'd']);
    there = ['c', 'x'];
    expect(ids(await readAnew(read, null, empty))).toBe('c');
  });

  test('take one request each where nothing has changed', async () => {
    const first = await readPage(read, null);
    await readAnew(read, null, first);
    expect(reads).toBe(2);
  });

  test('are found by the rows that are seen', () => {
    const pages = [2, 2, 1].map((length) => ({
      items: Array.from({ length }, () => row('')),
      nextCursor: '',
      end: '',
    }));
    expect(pagesAt(pages, 0, 1)).toEqual([0]);
    expect(pagesAt(pages, 1, 2)).toEqual([0, 1]);
    expect(pagesAt(pages, 900, 950)).toEqual([2]);
    expect(pagesAt([], 0, 10)).toEqual([]);
  });
});
