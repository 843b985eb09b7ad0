import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine, isAlive } from './alive.ts';
import { StackError } from './errors.ts';
import { Reaper } from './reaper-client.ts';

/** A data folder that this process alone uses until it lets go of it. */
export interface DataDir {
  path: string;
  logs: string;
  reaper: Reaper;
  release(): void;
}

const LOCK = 'stack.lock';

interface Holder {
  /** The stack. */
  pid: number;
  /** Its reaper, which outlives a killed stack until everything has stopped. */
  reaper: number;
}

/**
 * Makes the data folder if need be and takes it for this process.
 * @param path absolute
 * @param fresh deletes what an earlier stack has left in it
 * @throws StackError when a stack that runs, or one that is still being stopped, has it
 */
export async function openDataDir(path: string, fresh = false): Promise<DataDir> {
  const logs = join(path, 'logs');
  await mkdir(path, { recursive: true });
  const reaper = new Reaper(path);
  const lock = join(path, LOCK);
  const mine = `${lock}.${randomBytes(4).toString('hex')}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, reaper: reaper.pid ?? 0 } satisfies Holder));
  try {
    takeLock(lock, mine, path);
  } catch (error) {
    reaper.close();
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
  if (fresh) await empty(path);
  await mkdir(logs, { recursive: true });
  return {
    path,
    logs,
    reaper,
    release() {
      rmSync(lock, { force: true });
      reaper.close();
    },
  };
}

async function empty(path: string): Promise<void> {
  const entries = (await readdir(path)).filter((name) => name !== LOCK);
  await Promise.all(entries.map((name) => rm(join(path, name), { recursive: true, force: true })));
}

function takeLock(lock: string, mine: string, path: string): void {
  for (;;) {
    try {
      // A link appears with its content, and only if there is none.
      linkSync(mine, lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = readHolder(lock);
    // A process id may since belong to another program: a reaper is known by its command line.
    if (holder && isAlive(holder.reaper) && commandLine(holder.reaper).includes('reaper.ts')) {
      throw new StackError(`The data folder ${path} is in use by a stack (process ${holder.pid}).`, {
        remedy:
          'Stop that one first, or pass --data-dir (STACK_DATA_DIR) and --port-offset for a second stack.',
      });
    }
    rmSync(lock, { force: true });
  }
}

function readHolder(lock: string): Holder | null {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as Holder;
  } catch {
    return null;
  }
}
