import { expect } from 'vitest';

/** Waits for something that happens in its own time; the limit is for what never happens. */
export function eventually<T>(look: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(look, { timeout: 30_000 });
}
