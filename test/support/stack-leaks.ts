/**
 * Runs around every test file: what a file has opened it must have closed when its last hook is done. A child
 * process, a listening server or a connection that is still there fails the file. Timers are left out: vitest's
 * own come and go.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { afterAll, beforeAll } from 'vitest';

/** Node's names of what holds a process alive, in our words. */
const KINDS: Record<string, string> = {
  ProcessWrap: 'child process',
  TCPServerWrap: 'listening server',
  TCPSocketWrap: 'connection',
};
/** What was just closed is gone a moment later. */
const GRACE_MS = 5_000;

let before: Map<string, number>;

beforeAll(() => {
  before = open();
});

// Hooks after all tests run in the reverse of their order: this one, of the first file loaded, is the last.
afterAll(async () => {
  await closeIdleConnections();
  let leaks = leaked();
  for (const deadline = Date.now() + GRACE_MS; leaks.length > 0 && Date.now() < deadline; leaks = leaked()) {
    await sleep(50);
  }
  if (leaks.length > 0) throw new Error(`This file has left open: ${leaks.join(', ')}.`);
});

function open(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function leaked(): string[] {
  const now = open();
  return Object.entries(KINDS).flatMap(([kind, name]) => {
    const count = (now.get(kind) ?? 0) - (before.get(kind) ?? 0);
    return count > 0 ? [`${count} × ${name}`] : [];
  });
}

/** `fetch` and undici keep their connections for the next call: they are not the test's. */
async function closeIdleConnections(): Promise<void> {
  const registered = Object.getOwnPropertySymbols(globalThis).filter((symbol) =>
    symbol.description?.startsWith('undici.globalDispatcher'),
  );
  for (const symbol of registered) {
    const { [symbol]: dispatcher } = globalThis as unknown as Record<symbol, Partial<Dispatcher> | undefined>;
    // Two versions of undici may share one.
    await dispatcher?.destroy?.().catch(() => undefined);
  }
}
