import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const SAMPLE_MS = 500;
/** Share of the machine's time that must be idle. */
const IDLE = 0.7;
const PATIENCE_MS = 10_000;

/**
 * Waits until the machine is mostly idle, ten seconds at most: servers that have just said that they are ready
 * are still busy with their own start, which a figure of the running system is not to measure.
 */
export async function untilIdle(signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  let before = cpuTimes();
  while (Date.now() < deadline) {
    await sleep(SAMPLE_MS, undefined, { signal });
    const now = cpuTimes();
    if ((now.idle - before.idle) / (now.total - before.total) >= IDLE) return;
    before = now;
  }
}

function cpuTimes(): { idle: number; total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, total };
}
