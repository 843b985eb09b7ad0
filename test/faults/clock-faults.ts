/** Roles whose clock is wrong for a while: set ahead or back, and right again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import { ROLES, type World } from './world.ts';

const MINUTE_MS = 60_000;
const SKEWS = [
  { words: '1 h ahead', ms: 60 * MINUTE_MS },
  { words: '10 min behind', ms: -10 * MINUTE_MS },
];

export function clockFaults(world: World): Fault[] {
  return ROLES.flatMap((role) =>
    SKEWS.map(({ words, ms: aheadMs }) => ({
      name: `clock of ${role} ${words}`,
      subject: `clock of ${role}`,
      async happen(ms: number, signal: AbortSignal) {
        world.setClock(role, aheadMs);
        await sleep(ms, undefined, { signal }).catch(() => undefined);
        world.setClock(role, 0);
      },
    })),
  );
}
