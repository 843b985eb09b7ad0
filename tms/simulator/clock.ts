/** Simulated time: seconds since the simulator's start, running `speed` times as fast as real time. */
export interface Clock {
  /** Simulated seconds now. */
  now(): number;
  /** Milliseconds since the epoch at which that simulated second is or was. */
  toEpochMs(simulatedSeconds: number): number;
}

export function startClock(speed: number): Clock {
  const start = Date.now();
  const begin = performance.now();
  return {
    now: () => ((performance.now() - begin) / 1000) * speed,
    toEpochMs: (seconds) => start + (seconds * 1000) / speed,
  };
}
