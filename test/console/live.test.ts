// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { $connection } from '../../console/live/connection.ts';
import { openStream } from '../../console/live/event-stream.ts';

/** Takes the place of the browser's. */
class FakeSource extends EventTarget {
  static all: FakeSource[] = [];
  closed = false;
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
    FakeSource.all.push(this);
  }

  close(): void {
    this.closed = true;
  }

  tell(event: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(event, { data: JSON.stringify(data) }));
  }
}

const open = (): FakeSource[] => FakeSource.all.filter(({ closed }) => !closed);
const newest = (): FakeSource => FakeSource.all.at(-1) as FakeSource;
let hidden = false;

function hide(now: boolean): void {
  hidden = now;
  document.dispatchEvent(new Event('visibilitychange'));
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeSource);
  vi.stubGlobal('fetch', () => Promise.resolve({ ok: false }));
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
  FakeSource.all = [];
  $connection.set({ state: 'reached' });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function listen(): { told: unknown[]; close: () => void } {
  const told: unknown[] = [];
  const close = openStream({
    url: '/stream',
    events: { progress: (data: unknown) => told.push(data), end: (data: unknown) => told.push(data) },
    last: 'end',
  });
  return { told, close };
}

describe('a stream', () => {
  test('gives what comes, and is closed after the last event for good', () => {
    const { told } = listen();
    newest().tell('progress', { n: 1 });
    newest().tell('end', { n: 2 });
    expect(told).toEqual([{ n: 1 }, { n: 2 }]);
    expect(open()).toEqual([]);
    hide(true);
    hide(false);
    window.dispatchEvent(new Event('online'));
    expect(FakeSource.all).toHaveLength(1);
  });

  test('that breaks is opened again, ever more rarely, and says that it is lost', () => {
    const { told, close } = listen();
    const waits: number[] = [];
    for (let n = 0; n < 8; n++) {
      newest().dispatchEvent(new Event('error'));
      expect($connection.get().state).toBe('lost');
      const count = FakeSource.all.length;
      let waited = 0;
      for (; FakeSource.all.length === count; waited += 100) vi.advanceTimersByTime(100);
      waits.push(waited);
    }
    expect(waits[0]).toBeLessThanOrEqual(1_300);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(22_500);
    expect(waits.at(-1)).toBeLessThanOrEqual(37_600);
    newest().dispatchEvent(new Event('open'));
    expect($connection.get().state).toBe('reached');
    newest().tell('progress', { n: 1 });
    expect(told).toEqual([{ n: 1 }]);
    expect(open()).toHaveLength(1);
    close();
  });

  test('on which nothing comes, not even a ping, is taken for dead', () => {
    const { close } = listen();
    for (let n = 0; n < 10; n++) {
      vi.advanceTimersByTime(15_000);
      newest().tell('ping', {});
    }
    expect(FakeSource.all).toHaveLength(1);
    vi.advanceTimersByTime(45_000);
    expect(FakeSource.all.length).toBeGreaterThan(1);
    close();
  });

  test('tells nothing of a connection that it has given up', () => {
    const { told, close } = listen();
    const old = newest();
    old.dispatchEvent(new Event('error'));
    old.tell('progress', { n: 1 });
    expect(told).toEqual([]);
    close();
  });

  test('is let go while nobody looks for long, and there again when somebody does', () => {
    const { close } = listen();
    hide(true);
    vi.advanceTimersByTime(30_000);
    expect(open()).toHaveLength(1);
    hide(false);
    expect(FakeSource.all).toHaveLength(1);
    newest().tell('ping', {});
    hide(true);
    vi.advanceTimersByTime(61_000);
    expect(open()).toHaveLength(0);
    hide(false);
    expect(open()).toHaveLength(1);
    close();
    expect(open()).toHaveLength(0);
  });

  test('does not wait when the browser is back on the line', () => {
    const { close } = listen();
    newest().dispatchEvent(new Event('error'));
    expect(open()).toHaveLength(0);
    window.dispatchEvent(new Event('online'));
    expect(open()).toHaveLength(1);
    vi.advanceTimersByTime(5_000);
    expect(FakeSource.all).toHaveLength(2);
    close();
  });
});
