/** The browser that pages are tested in: the system's Chromium. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Installing it may take a while. */
export const BROWSER_TIMEOUT_MS = 600_000;

/**
 * Where it is: `CHROMIUM_PATH`, or on PATH; else it is installed where that is possible (Debian, as root).
 * @throws Error that says what to install
 */
export function findChromium(): string {
  const found = process.env.CHROMIUM_PATH || onPath();
  if (found) return found;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const apt = (...args: string[]): Buffer =>
      execFileSync('apt-get', args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    apt('update', '--quiet');
    apt('install', '--quiet', '--yes', '--no-install-recommends', 'chromium');
  }
  const installed = onPath();
  if (installed) return installed;
  throw new Error('Chromium is not on PATH: install it, or set CHROMIUM_PATH.');
}

function onPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((file) => existsSync(file));
}
