/** Lines between a role and a part that are cut, slow, lossy, silent or dead without a word. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import type { Link } from './links.ts';
import type { World } from './world.ts';

const DELAY_MS = 2_000;
const LOSS_RATE = 0.5;

export function linkFaults({ links }: World): Fault[] {
  return links.all.flatMap((link) => [
    lasting(link, 'cut', ({ proxy }) => proxy.cut()),
    lasting(link, 'a delay of 2 s', ({ proxy }) => proxy.delay(DELAY_MS)),
    lasting(link, 'half of what is sent lost', ({ proxy }) => proxy.lose(LOSS_RATE)),
    lasting(link, 'silence', ({ proxy }) => proxy.silence()),
    lasting(link, 'silence of the answers', ({ proxy }) => proxy.silence(['down'])),
    {
      name: `${nameOf(link)}: connections half open`,
      subject: nameOf(link),
      happen() {
        link.proxy.halfOpen();
        return Promise.resolve();
      },
    },
    {
      name: `${nameOf(link)}: connections reset`,
      subject: nameOf(link),
      happen() {
        link.proxy.reset();
        return Promise.resolve();
      },
    },
  ]);
}

function lasting(link: Link, what: string, spoil: (link: Link) => void): Fault {
  return {
    name: `${nameOf(link)}: ${what}`,
    subject: nameOf(link),
    async happen(ms, signal) {
      spoil(link);
      await sleep(ms, undefined, { signal }).catch(() => undefined);
      link.proxy.mend();
    },
  };
}

function nameOf({ role, part }: Link): string {
  return `${role} → ${part}`;
}
