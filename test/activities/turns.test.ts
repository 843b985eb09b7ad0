import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTurns } from '../../activities/turns.ts';

/** A piece of work that lasts until it is told to end. */
function work(name: string, begun: string[]): { run: () => Promise<void>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const run = async (): Promise<void> => {
    begun.push(name);
    await promise;
  };
  return { run, end: resolve };
}

test('the batches of a campaign take their turns in order, eight at a time, and no other campaign waits', async () => {
  const turns = createTurns();
  const begun: string[] = [];
  const first = Array.from({ length: 10 }, (_, index) => work(`first ${index}`, begun));
  const second = work('second', begun);
  const done = [...first.map(({ run }) => turns.take('first', run)), turns.take('second', second.run)];
  await sleep(10);
  expect(begun).toEqual([...first.slice(0, 8).map((_, index) => `first ${index}`), 'second']);
  first[3]?.end();
  await done[3];
  await sleep(10);
  expect(begun.slice(9)).toEqual(['first 8']);
  for (const { end } of [...first, second]) end();
  await Promise.all(done);
  expect(begun.slice(9)).toEqual(['first 8', 'first 9']);
});

test('a campaign is over when nothing of it waits or is being asked for', async () => {
  const turns = createTurns();
  const long = work('long', []);
  const done = turns.take('campaign', long.run);
  const ends: string[] = [];
  const late = turns.over('campaign', 20).then(() => ends.push('too long'));
  const over = turns.over('campaign', 60_000).then(() => ends.push('over'));
  await turns.over('another', 60_000);
  await late;
  expect(ends).toEqual(['too long']);
  long.end();
  await Promise.all([done, over]);
  expect(ends).toEqual(['too long', 'over']);
});

test('work that fails passes its turn on', async () => {
  const turns = createTurns();
  await expect(turns.take('campaign', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await turns.take('campaign', () => Promise.resolve('yes'))).toBe('yes');
});
