import { setTimeout as sleep } from 'node:timers/promises';

/** Does it again until it succeeds: what a system that depends on others does while one of them is away. */
export async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch {
      await sleep(200);
    }
  }
}
