/** Kills one process of each kind while a campaign runs, and brings it back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';

/**
 * One of each kind, in an order that follows the campaign: those that dispatch and start the trackers while they do
 * that. The first process of a pair each time, which is the one that others have known longest.
 */
export const KILLED = [
  'tms',
  'orchestrator',
  'temporal-history-1',
  'kafka-1',
  'relay',
  'temporal-matching-1',
  'temporal-frontend-1',
  'consumers',
  'api',
  'temporal-worker-1',
] as const;

/**
 * Milliseconds for which a killed process stays away. Longer than Kafka waits for a silent broker (9 s) and Temporal's
 * ring for a silent node (5 s): the others really take over, they don't just wait.
 */
const AWAY_MS = 12_000;
/** Between the return of one and the end of the next, for what it had to catch up with. */
const PAUSE_MS = 2_000;

/** What was done to one process. */
export interface Kill {
  name: string;
  /** Seconds after the campaign was asked for. */
  atSeconds: number;
  /** Seconds from its start until it was ready again. */
  backSeconds: number;
}

/**
 * Kills all of `KILLED` by SIGKILL, one after the other; each is back before the next one goes.
 * @param since milliseconds since the epoch from which is counted
 * @param note told of each step
 */
export async function killOneOfEach(
  cluster: Cluster,
  since: number,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<Kill[]> {
  const kills: Kill[] = [];
  for (const name of KILLED) {
    const victim = cluster.process(name);
    const atSeconds = secondsSince(since);
    note(`SIGKILL: ${name}`);
    victim.kill('SIGKILL');
    // It has ended; this only keeps it from being started again at once.
    await victim.stop();
    await sleep(AWAY_MS, undefined, { signal });
    const started = Date.now();
    await victim.start(signal);
    const backSeconds = secondsSince(started);
    note(`${name} is back after ${backSeconds} s`);
    kills.push({ name, atSeconds, backSeconds });
    await sleep(PAUSE_MS, undefined, { signal });
  }
  return kills;
}

function secondsSince(since: number): number {
  return Math.round((Date.now() - since) / 100) / 10;
}
