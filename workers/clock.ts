/** Watches whether this process's wall clock is set back. */

/** Milliseconds: less is what keeping a clock right takes. */
const MOST_BACK_MS = 5_000;
const EVERY_MS = 1_000;

/**
 * Resolves when the clock was set back, with a text that says by how much. Libraries that we use measure time by it,
 * those for Kafka (heartbeats, time-outs), for rates and for circuit breakers: until the clock has come to where it
 * was before they would stand still, and the only remedy is to begin anew.
 */
export function clockSetBack(): Promise<string> {
  let before = Date.now() - performance.now();
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      const now = Date.now() - performance.now();
      const backMs = before - now;
      before = now;
      if (backMs < MOST_BACK_MS) return;
      clearInterval(watch);
      resolve(`the clock was set back by ${Math.round(backMs / 1000)} s`);
    }, EVERY_MS);
    watch.unref();
  });
}
