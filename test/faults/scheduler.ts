/** Breaks one thing after the other, sometimes two at once, as a seed has it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { between, pick, type Random } from '../support/random.ts';
import type { Fault } from './faults.ts';

export interface Plan {
  faults: readonly Fault[];
  /** Milliseconds between two beginnings. */
  every: { from: number; to: number };
  /** Milliseconds that a fault lasts, where it lasts. */
  lasts: { from: number; to: number };
}

/** What was done, and what did not behave. */
export interface Log {
  done: string[];
  broken: string[];
}

/** Picks `count` faults. */
export function choose(random: Random, from: readonly (readonly Fault[])[], count: number): Fault[] {
  return Array.from({ length: count }, () => pick(random, pick(random, from)));
}

/**
 * Lets the faults happen, each at its time; one begins while others last, unless it takes hold of the same thing.
 * Resolves once all of them are mended.
 */
export async function wreak(random: Random, plan: Plan, log: Log, signal: AbortSignal): Promise<void> {
  const begun = performance.now();
  const lasting = new Map<string, Promise<void>>();
  for (const fault of plan.faults) {
    const pause = between(random, plan.every.from, plan.every.to);
    const ms = between(random, plan.lasts.from, plan.lasts.to);
    await sleep(pause, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    // What a power cut or a pair of kills takes hold of is too much to tell apart: those wait for all others.
    if (fault.subject === 'everything') await Promise.all(lasting.values());
    await lasting.get('everything');
    await lasting.get(fault.subject);
    log.done.push(`${seconds(begun)} ${fault.name}, ${ms} ms`);
    const happening = fault
      .happen(ms, signal)
      .catch((error: Error) => void log.broken.push(`${fault.name}: ${error.message}`))
      .finally(() => {
        if (lasting.get(fault.subject) === happening) lasting.delete(fault.subject);
      });
    lasting.set(fault.subject, happening);
  }
  await Promise.all(lasting.values());
}

function seconds(begun: number): string {
  return `+${((performance.now() - begun) / 1000).toFixed(1)} s`;
}
