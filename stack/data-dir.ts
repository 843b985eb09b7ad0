import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
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

interface Holder {
  /** The stack. */
  pid: number;
  /** Its reaper, which outlives a killed stack until everything has stopped. */
  reaper: number;
}

/**
 * Makes the data folder if need be and takes it for this process.
 * @param path absolute
 * @throws StackError when a stack that runs, or one that is still being stopped, has it
 */
export async function openDataDir(path: string): Promise<DataDir> {
  const logs = join(path, 'logs');
  await mkdir(logs, { recursive: true });
  const reaper = new Reaper(path);
  const lock = join(path, 'stack.lock');
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
