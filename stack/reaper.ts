/**
 * A process of its own that ends what a stack has started when the stack itself was killed and could not. It
 * is told over stdin which processes run; when that pipe closes, the stack is gone, and it stops what is left:
 * stage by stage, by each process's own stop signal, then by force.
 *
 * Its one argument is the data folder, by which a later stack finds out that this one is still there.
 */
import { createInterface } from 'node:readline';
import { signalGroup } from './alive.ts';
import { waitGone } from './managed-process.ts';
import type { ReaperMessage, Watched } from './reaper-client.ts';

// A Ctrl-C or a closed terminal is the stack's business; this one goes when the stack has gone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const watched = new Map<number, Watched>();
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as ReaperMessage;
  if ('watch' in message) watched.set(message.watch.pid, message.watch);
  else watched.delete(message.forget);
}
const stages = [...new Set([...watched.values()].map(({ stage }) => stage))].sort((a, b) => b - a);
for (const stage of stages) {
  await Promise.all([...watched.values()].filter((each) => each.stage === stage).map(end));
}

async function end({ pid, stopSignal, stopTimeoutMs }: Watched): Promise<void> {
  try {
    process.kill(pid, stopSignal);
    await waitGone(pid, stopTimeoutMs);
  } catch {
    // It has ended before.
  }
  signalGroup(pid, 'SIGKILL');
}
