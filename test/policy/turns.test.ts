import { setImmediate as settled } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Turns } from '../../workflows/turns.ts';

/** Takes a turn for each name; `begun` has those whose turn it was, in order. */
function takeAll(turns: Turns, names: string[]): string[] {
  const begun: string[] = [];
  for (const name of names) void turns.take().then(() => begun.push(name));
  return begun;
}

it('lets so many begin at once, and each that passes one more, in the order of asking', async () => {
  const turns = new Turns(2);
  const begun = takeAll(turns, ['a', 'b', 'c', 'd']);
  await settled();
  expect(begun).toEqual(['a', 'b']);
  expect(turns.areAwaited).toBe(true);
  turns.pass();
  await settled();
  expect(begun).toEqual(['a', 'b', 'c']);
  turns.pass();
  turns.pass();
  await settled();
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  expect(turns.areAwaited).toBe(false);
});

it('keeps a turn that nobody waits for', async () => {
  const turns = new Turns(1);
  takeAll(turns, ['a']);
  turns.pass();
  const begun = takeAll(turns, ['b', 'c']);
  await settled();
  expect(begun).toEqual(['b']);
});
