/** Wall clocks of processes that can be set, each without those of the others. */
import { constants, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PRELOAD = new URL('skewed-clock.ts', import.meta.url).href;
/** A number is written over the one before, of the same width, and so never read in part. */
const WIDTH = 16;
const IN_PLACE = constants.O_WRONLY | constants.O_CREAT;

/** What a process is to be started with, so that its clock can be set. It goes right at first. */
export function clockEnvironment(folder: string, name: string): Record<string, string> {
  setClock(folder, name, 0);
  const options = [process.env.NODE_OPTIONS, `--import=${PRELOAD}`].filter(Boolean);
  return { NODE_OPTIONS: options.join(' '), SKEWED_CLOCK_FILE: fileOf(folder, name) };
}

/** @param aheadMs of the true time; less than 0 is behind */
export function setClock(folder: string, name: string, aheadMs: number): void {
  const text = String(aheadMs).padStart(WIDTH);
  // The types know of flags as text only.
  writeFileSync(fileOf(folder, name), text, { flag: IN_PLACE as unknown as string });
}

function fileOf(folder: string, name: string): string {
  return join(folder, `clock-of-${name}`);
}
