/** A file system that is full and has room again; where nothing can be mounted there is none. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SmallDisk } from './small-disk.ts';

const SOME = Buffer.alloc(100_000);

test('a full disk takes nothing more, keeps what it has, and takes it again once there is room', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tpe-disk-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const disk = await SmallDisk.mount(join(folder, 'disk'));
  if (typeof disk === 'string') return context.skip(disk);
  const file = (name: string): string => join(disk.path, name);
  writeFileSync(file('first'), SOME);
  await disk.fill();
  expect(() => writeFileSync(file('second'), SOME)).toThrow('ENOSPC');
  await disk.makeRoom();
  writeFileSync(file('second'), SOME);
  expect(existsSync(file('first'))).toBe(true);
  await disk.unmount();
  expect(existsSync(file('first'))).toBe(false);
});
