/** First looks of a shard that fall due together are done together. */
import { expect, test } from 'vitest';
import { createSweeps, type SweepDependencies, type Sweeps } from '../../activities/sweep.ts';
import type { Look } from '../../activities/types.ts';
import type { TrackedTpe } from '../../workflows/types.ts';

const EVERY_MS = 300_000;

/** A shard of three terminals that were asked for together, and who looks at them. */
class Shard {
  readonly looks: string[] = [];
  readonly failing = new Set<string>();
  readonly cutOffs: number[] = [];
  held = false;
  readonly requestedAt = Date.now() - EVERY_MS - 2_000;
  readonly sweeps: Sweeps;

  constructor(changes: Partial<SweepDependencies> = {}) {
    this.sweeps = createSweeps({
      lookAt: async ({ tpe }) => {
        this.looks.push(tpe.tpeId);
        if (this.failing.has(tpe.tpeId)) throw new Error(`no look at ${tpe.tpeId}`);
        return seen(tpe.tpeId);
      },
      findDue: async (_, requestedBefore) => {
        this.cutOffs.push(requestedBefore);
        return ['a', 'b', 'c'].map((tpeId) => this.tracked(tpeId));
      },
      alone: async (_, work) => {
        if (this.held) throw new Error('held by another worker');
        await work();
      },
      ...changes,
    });
  }

  tracked(tpeId: string): TrackedTpe {
    return { tpeId, attempt: 1, requestedAt: this.requestedAt } as TrackedTpe;
  }

  look(tpeId: string, { lateMs = 2_000, isFirst = true } = {}): Promise<Look> {
    const input = { campaignId: 'x', targetVersion: '9', tpe: this.tracked(tpeId), shard: 7 };
    return this.sweeps.look({ input, dueAt: Date.now() - lateMs, isFirst });
  }
}

function seen(tpeId: string): Look {
  return { observation: { tms: null, hardware: { version: tpeId } } } as Look;
}

test('a late first look looks at its whole shard, and the others are given what was seen', async () => {
  const shard = new Shard();
  expect(await shard.look('b')).toEqual(seen('b'));
  expect(await Promise.all([shard.look('a'), shard.look('c')])).toEqual([seen('a'), seen('c')]);
  expect(shard.looks).toEqual(['a', 'b', 'c']);
});

test('looks that come late together begin one sweep', async () => {
  const shard = new Shard();
  await Promise.all(['c', 'a', 'b'].map((tpeId) => shard.look(tpeId)));
  expect(shard.looks).toEqual(['a', 'b', 'c']);
});

test('what was seen in a sweep is used once: the next look sees anew', async () => {
  const shard = new Shard();
  await shard.look('a');
  await shard.look('a');
  expect(shard.looks).toEqual(['a', 'b', 'c', 'a']);
});

test('a look in time, and one that is not the first, is a look of its own', async () => {
  const shard = new Shard();
  await shard.look('a', { lateMs: -60_000 });
  await shard.look('b', { isFirst: false });
  expect(shard.looks).toEqual(['a', 'b']);
});

test('only what was asked for long enough ago is due', async () => {
  const shard = new Shard();
  const before = Date.now();
  await shard.look('a', { lateMs: 2_000 });
  // Due 2 s ago and asked for at `requestedAt`: what was asked for up to 2 s later is due, too.
  const [cutOff = 0] = shard.cutOffs;
  expect(cutOff - shard.requestedAt).toBeGreaterThanOrEqual(2_000);
  expect(cutOff - shard.requestedAt).toBeLessThanOrEqual(2_000 + (Date.now() - before));
});

test('while another worker sweeps, or the shard can not be read, each looks for itself', async () => {
  const held = new Shard();
  held.held = true;
  await Promise.all([held.look('a'), held.look('b')]);
  expect(held.looks.toSorted()).toEqual(['a', 'b']);

  const unreadable = new Shard({ findDue: () => Promise.reject(new Error('the database is away')) });
  expect(await unreadable.look('c')).toEqual(seen('c'));
  expect(unreadable.looks).toEqual(['c']);
});

test('a look that fails is the failure of that terminal alone', async () => {
  const shard = new Shard();
  shard.failing.add('b');
  expect(await shard.look('a')).toEqual(seen('a'));
  await expect(shard.look('b')).rejects.toThrow('no look at b');
  expect(await shard.look('c')).toEqual(seen('c'));
  shard.failing.clear();
  expect(await shard.look('b')).toEqual(seen('b'));
});
