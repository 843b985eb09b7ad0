/** The browser that pages are tested in: the system's Chromium. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { oneAtATime } from '../../stack/cache.ts';

const run = promisify(execFile);

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Installing it may take a while. */
export const BROWSER_TIMEOUT_MS = 600_000;

/**
 * Where it is: `CHROMIUM_PATH`, or on PATH; else it is installed where that is possible (Debian, as root).
 * @throws Error that says what to install
 */
export async function findChromium(): Promise<string> {
  // Several test files want it at once; what is on PATH while one of them installs it is half of it.
  const found =
    process.env.CHROMIUM_PATH || (await oneAtATime('chromium', async () => onPath() ?? install()));
  if (found) return found;
  throw new Error('Chromium is not on PATH: install it, or set CHROMIUM_PATH.');
}

async function install(): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '--quiet'], { env });
  await run(
    'apt-get',
    ['install', '--quiet', '--yes', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', 'chromium'],
    { env, maxBuffer: 64 * 1024 * 1024 },
  );
  return onPath();
}

function onPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((file) => existsSync(file));
}
