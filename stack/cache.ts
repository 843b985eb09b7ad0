import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './alive.ts';

/** Where fetched parts are kept: `TPE_CACHE_DIR`, by default `tpe-campaigns` in the user's cache folder. */
export function cacheDir(): string {
  const { TPE_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  return TPE_CACHE_DIR || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'tpe-campaigns');
}

/**
 * The cache's folder `name`; where it does not exist yet, `build` fills it. It appears only when it is
 * complete, and processes that want it at once wait for the one that builds it.
 */
export async function cached(name: string, build: (dir: string) => Promise<void>): Promise<string> {
  const root = cacheDir();
  const path = join(root, name);
  if (existsSync(path)) return path;
  return oneAtATime(name, async () => {
    if (existsSync(path)) return path;
    // Left by builds that were cut off: nobody else builds while we hold the lock.
    const left = (await readdir(root)).filter((entry) => entry.startsWith(`.${name}-`));
    await Promise.all(left.map((entry) => rm(join(root, entry), { recursive: true, force: true })));
    const temporary = await mkdtemp(join(root, `.${name}-`));
    try {
      await build(temporary);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    return path;
  });
}

/** Runs `work` while no other process of this user's does the same under this name. */
export async function oneAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  const root = cacheDir();
  await mkdir(root, { recursive: true });
  const unlock = await lock(join(root, `${name}.lock`));
  try {
    return await work();
  } finally {
    await unlock();
  }
}

/** Waits for the lock. A dead holder's is taken over. */
async function lock(path: string): Promise<() => Promise<void>> {
  // A file with our id in it, linked into place: nobody ever reads a lock without a holder.
  const mine = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(mine, String(process.pid));
  try {
    for (;;) {
      try {
        await link(mine, path);
        return () => rm(path, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = Number(await readFile(path, 'utf8').catch(() => '0'));
      if (holder > 0 && !isAlive(holder)) await rm(path, { force: true });
      else await sleep(250);
    }
  } finally {
    await rm(mine, { force: true });
  }
}
