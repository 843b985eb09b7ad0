/** What the processes of a stack take and tell: CPU, memory, metrics. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROLES } from '../stack/roles.ts';
import type { Stack } from '../stack/stack.ts';
import { round } from './campaign-bench.ts';

/** The processes that are told apart. A part that runs elsewhere is not among them. */
export const PROCESSES = ['temporal', 'postgres', 'kafka', ...ROLES] as const;

/** Of /proc/<pid>/stat's times, per second. */
const TICKS = 100;

/** Places in /proc/<pid>/stat after the command, from 0. */
const PARENT = 1;
/** In user and in kernel mode, of itself and of its children that have ended. */
const TIMES = [11, 12, 13, 14];

/** What knows its processes by name: a stack, or the servers beside it. */
type Processes = Pick<Stack, 'process'>;

export function pidOf(stack: Processes, name: string): number | undefined {
  try {
    return stack.process(name).pid;
  } catch {
    return undefined;
  }
}

/**
 * CPU seconds that each process has taken since it was started, those included that it has started itself: a server
 * process of PostgreSQL has a group of its own, but still its parent.
 */
export function cpuSeconds(stack: Processes, names: readonly string[] = PROCESSES): Record<string, number> {
  const processes = readdirSync('/proc').flatMap((entry) => {
    const fields = /^\d+$/.test(entry) ? statOf(entry) : null;
    return fields ? [{ pid: Number(entry), parent: Number(fields[PARENT]), fields }] : [];
  });
  const byParent = Map.groupBy(processes, ({ parent }) => parent);
  const byPid = new Map(processes.map((each) => [each.pid, each]));
  const ticksOf = (pid: number): number =>
    TIMES.reduce((sum, place) => sum + Number(byPid.get(pid)?.fields[place] ?? 0), 0) +
    (byParent.get(pid) ?? []).reduce((sum, child) => sum + ticksOf(child.pid), 0);
  return Object.fromEntries(names.map((name) => [name, ticksOf(pidOf(stack, name) ?? -1) / TICKS]));
}

function statOf(pid: string): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    // It has just ended.
    return null;
  }
}

/** CPU seconds since `before`, by process; those that took none are left out. */
export function cpuSince(stack: Processes, before: Record<string, number>): Record<string, number> {
  const now = cpuSeconds(stack, Object.keys(before));
  return Object.fromEntries(
    Object.entries(now)
      .map(([name, seconds]) => [name, round(seconds - (before[name] ?? 0), 1)] as const)
      .filter(([, seconds]) => seconds > 0),
  );
}

/** Resident memory of each process, in MB. PostgreSQL's processes share theirs: only its first is counted. */
export async function memoryMb(
  stack: Stack,
  names: readonly string[] = PROCESSES,
): Promise<Record<string, number>> {
  const sizes = await Promise.all(
    names.map(async (name): Promise<[string, number][]> => {
      const status = await readFile(`/proc/${pidOf(stack, name) ?? 0}/status`, 'utf8').catch(() => '');
      const kilobytes = /^VmRSS:\s+(\d+)/m.exec(status)?.[1];
      return kilobytes === undefined ? [] : [[name, Math.round(Number(kilobytes) / 1024)]];
    }),
  );
  return Object.fromEntries(sizes.flat());
}

/** What a role tells Prometheus. */
export async function metricsOf(stack: Stack, name: string): Promise<string> {
  const { env } = stack.process(name).spec;
  return (await fetch(`http://127.0.0.1:${env?.WORKER_PORT ?? env?.API_PORT}/metrics`)).text();
}

/**
 * What the Temporal server tells Prometheus; null where it runs elsewhere. The development server takes any free port
 * for it and says which in its log.
 */
export async function temporalMetrics(stack: Stack): Promise<string | null> {
  if (pidOf(stack, 'temporal') === undefined) return null;
  const log = await readFile(join(stack.dataDir, 'logs', 'temporal.log'), 'utf8');
  const url = [...log.matchAll(/^Metrics:\s+(\S+)$/gm)].at(-1)?.[1];
  return url === undefined ? null : (await fetch(url)).text();
}

/** The sum of a metric over all its series whose labels have `matching` in them. */
export function sumOf(metrics: string, name: string, matching = ''): number {
  return samplesOf(metrics, name, matching).reduce((sum, { value }) => sum + value, 0);
}

/** The sum of a metric by the values of one of its labels. */
export function sumBy(metrics: string, name: string, label: string, matching = ''): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { labels, value } of samplesOf(metrics, name, matching)) {
    const key = new RegExp(`\\b${label}="([^"]*)"`).exec(labels)?.[1] ?? '';
    sums[key] = (sums[key] ?? 0) + value;
  }
  return sums;
}

function samplesOf(metrics: string, name: string, matching: string): { labels: string; value: number }[] {
  return metrics.split('\n').flatMap((line) => {
    const end = line.lastIndexOf(' ');
    const series = line.slice(0, end);
    if (series !== name && !series.startsWith(`${name}{`)) return [];
    if (!series.includes(matching)) return [];
    return [{ labels: series.slice(name.length), value: Number(line.slice(end)) }];
  });
}
