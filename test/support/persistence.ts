import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does it again until it succeeds: what a system that depends on others does while one of them is away.
 * @param timeoutMs after which its last error is thrown; default never
 */
export async function untilDone<T>(work: () => Promise<T>, timeoutMs = Infinity): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}
