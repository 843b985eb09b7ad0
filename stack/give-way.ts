import { existsSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** As `nice` counts: about a tenth of what others get. */
const NICENESS = 10;
/** Linux lets those who are not root set one session's weight in a tenth of a second, on the whole machine. */
const PAUSE_MS = 150;
const TRIES = 40;

/** Lets a process leave the processors to others, as well as it goes: nothing depends on it. */
export async function giveWay(pid: number): Promise<void> {
  try {
    setPriority(pid, NICENESS);
    // Linux may share the processors among sessions first, and each part is one: their weight is set here.
    const session = `/proc/${pid}/autogroup`;
    if (existsSync(session)) await setWeight(session);
  } catch {
    // It has ended meanwhile, or may not be changed.
  }
}

async function setWeight(session: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return writeFileSync(session, String(NICENESS));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || tries === TRIES) throw error;
    }
    await sleep(PAUSE_MS, undefined, { ref: false });
  }
}
