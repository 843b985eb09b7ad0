/** First looks of a campaign that fall due together are done together. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSweeps, type SweepDependencies, type Sweeps } from '../../activities/sweep.ts';
import type { Look } from '../../activities/types.ts';
import type { TrackedTpe } from '../../workflows/types.ts';

const EVERY_MS = 300_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

/** Three terminals, asked for one second after the other; the last fell due a second ago. */
class Crowd {
  readonly looks: string[] = [];
  /** Epoch ms of the last look at each. */
  readonly seenAt: Record<string, number> = {};
  readonly failing = new Set<string>();
  readonly installing = new Set<string>();
  readonly asked: { from: number; to: number }[] = [];
  readonly requestedAt = Date.now() - EVERY_MS - 3_000;
  readonly lost = new AbortController();
  held = false;
  readonly sweeps: Sweeps;
  /** Terminals that were asked for so many ms after the last of the three. */
  readonly later: Record<string, number> = {};
  private readonly done: Promise<unknown>[] = [];

  constructor(changes: Partial<SweepDependencies> = {}) {
    this.sweeps = createSweeps({
      lookAt: async ({ tpe }) => {
        this.looks.push(tpe.tpeId);
        this.seenAt[tpe.tpeId] = Date.now();
        if (this.failing.has(tpe.tpeId)) throw new Error(`no look at ${tpe.tpeId}`);
        return seen(tpe.tpeId, !this.installing.has(tpe.tpeId));
      },
      findDue: async (_, from, to) => {
        this.asked.push({ from, to });
        return ['a', 'b', 'c', ...Object.keys(this.later)]
          .map((tpeId) => this.tracked(tpeId))
          .filter(({ requestedAt }) => from <= requestedAt && requestedAt <= to);
      },
      alone: (_, work) => {
        const doing = this.held
          ? Promise.reject(new Error('held by another worker'))
          : work(this.lost.signal);
        this.done.push(doing.catch(() => undefined));
        return doing;
      },
      // Time passes in the pauses alone.
      pause: async (ms) => vi.setSystemTime(Date.now() + ms),
      ...changes,
    });
  }

  tracked(tpeId: string): TrackedTpe {
    const after = this.later[tpeId];
    const requestedAt =
      this.requestedAt + (after === undefined ? ['a', 'b', 'c'].indexOf(tpeId) * 1_000 : 2_000 + after);
    return { tpeId, tms: 'alpha', attempt: 1, requestedAt } as TrackedTpe;
  }

  /** The look of a terminal, which is due when its interval after the request is over. */
  look(tpeId: string, { isFirst = true, intervalMs = EVERY_MS } = {}): Promise<Look> {
    const tpe = this.tracked(tpeId);
    const input = { campaignId: 'x', targetVersion: '9', tpe };
    return this.sweeps.look(input, isFirst ? intervalMs : undefined);
  }

  async swept(): Promise<void> {
    await Promise.all(this.done);
  }
}

function seen(tpeId: string, settled = true): Look {
  return { observation: { tms: null, hardware: { version: tpeId } }, verdict: { settled } } as Look;
}

test('a late first look has those looked at that have fallen due, the last first', async () => {
  const crowd = new Crowd();
  expect(await crowd.look('a')).toEqual(seen('a'));
  await crowd.swept();
  expect(crowd.looks).toEqual(['a', 'c', 'b']);
  expect(await Promise.all([crowd.look('b'), crowd.look('c')])).toEqual([seen('b'), seen('c')]);
  expect(crowd.looks).toEqual(['a', 'c', 'b']);
});

test('what has fallen due before is looked at, too: looks come a little out of order', async () => {
  const crowd = new Crowd();
  await crowd.look('b');
  await crowd.swept();
  expect(crowd.looks).toEqual(['b', 'c', 'a']);
  const [{ from } = { from: 0 }] = crowd.asked;
  // But not what was asked for long before: it has had its look.
  expect(crowd.requestedAt + 1_000 - from).toBe(60_000);
});

test('what falls due while it lasts is looked at then, and not before', async () => {
  const crowd = new Crowd();
  // The last of the three fell due a second ago, and a sweep without anything to do lasts 5 s.
  crowd.later.d = 4_000;
  crowd.later.e = 8_000;
  crowd.later.never = 60_000;
  const dueAt = (tpeId: string): number => crowd.tracked(tpeId).requestedAt + EVERY_MS;
  await crowd.look('a');
  await crowd.swept();
  expect(crowd.looks).toEqual(['a', 'c', 'b', 'd', 'e']);
  for (const tpeId of ['d', 'e']) {
    expect((crowd.seenAt[tpeId] ?? 0) - dueAt(tpeId)).toBeGreaterThanOrEqual(0);
    expect((crowd.seenAt[tpeId] ?? 0) - dueAt(tpeId)).toBeLessThan(500);
  }
});

test('whose look Temporal hands out in time is left to it', async () => {
  const crowd = new Crowd();
  crowd.later.d = 1_000;
  await Promise.all([crowd.look('a'), crowd.look('d', { intervalMs: EVERY_MS * 2 })]);
  await crowd.swept();
  expect(crowd.looks.toSorted()).toEqual(['a', 'b', 'c', 'd']);
});

test('ends when its lock is lost', async () => {
  const crowd = new Crowd();
  crowd.later.d = 4_000;
  crowd.lost.abort();
  await crowd.look('a');
  await crowd.swept();
  expect(crowd.looks).toEqual(['a']);
});

test('looks that come late together begin one sweep, and nobody is looked at twice', async () => {
  const crowd = new Crowd();
  await Promise.all(['c', 'a', 'b'].map((tpeId) => crowd.look(tpeId)));
  await crowd.swept();
  expect(crowd.asked.filter(({ from }) => from < crowd.requestedAt - 50_000)).toHaveLength(1);
  expect(crowd.looks.toSorted()).toEqual(['a', 'b', 'c']);
});

test('what was seen in a sweep is used once: the next look sees anew', async () => {
  const crowd = new Crowd();
  await crowd.look('a');
  await crowd.swept();
  await crowd.look('b');
  await crowd.look('b');
  expect(crowd.looks).toEqual(['a', 'c', 'b', 'b']);
});

test('a look in time, and one that is not the first, begins no sweep', async () => {
  const crowd = new Crowd();
  await crowd.look('a', { intervalMs: EVERY_MS * 2 });
  await crowd.look('b', { isFirst: false });
  expect(crowd.looks).toEqual(['a', 'b']);
  expect(crowd.asked).toEqual([]);
});

test('while another worker sweeps, or the campaign can not be read, each looks for itself', async () => {
  const held = new Crowd();
  held.held = true;
  await Promise.all([held.look('a'), held.look('b')]);
  expect(held.looks).toEqual(['a', 'b']);

  const unreadable = new Crowd({ findDue: () => Promise.reject(new Error('the database is away')) });
  expect(await unreadable.look('c')).toEqual(seen('c'));
  expect(unreadable.looks).toEqual(['c']);
});

test('what is not at its end in a sweep is looked at again when its own look comes', async () => {
  const crowd = new Crowd();
  crowd.installing.add('b');
  await crowd.look('a');
  await crowd.swept();
  crowd.installing.clear();
  expect(await Promise.all([crowd.look('b'), crowd.look('c')])).toEqual([seen('b'), seen('c')]);
  expect(crowd.looks).toEqual(['a', 'c', 'b', 'b']);
});

test('what a sweep has covered begins no other', async () => {
  const crowd = new Crowd();
  crowd.installing.add('a').add('b').add('c');
  await crowd.look('c');
  await crowd.swept();
  const rounds = crowd.asked.length;
  await crowd.look('a');
  await crowd.look('b');
  await crowd.swept();
  expect(crowd.asked).toHaveLength(rounds);
});

test('a look that fails is the failure of that terminal alone', async () => {
  const crowd = new Crowd();
  crowd.failing.add('b');
  expect(await crowd.look('a')).toEqual(seen('a'));
  await crowd.swept();
  await expect(crowd.look('b')).rejects.toThrow('no look at b');
  expect(await crowd.look('c')).toEqual(seen('c'));
  crowd.failing.clear();
  expect(await crowd.look('b')).toEqual(seen('b'));
});
