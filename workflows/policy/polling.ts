/**
 * When a terminal is looked at. A schedule is a list of windows that follow one another; each window looks
 * `attempts` times, the first time `everySeconds` after the window before it ended.
 */
export interface PollingWindow {
  /** Seconds between two looks; may be a fraction in an accelerated schedule. */
  everySeconds: number;
  /** Number of looks in this window, at least 1. */
  attempts: number;
}

/** The named schedules. `standard` goes by attempt, `by-age` by the age of the request (design, section 3). */
export const POLLING_SCHEDULES = {
  standard: [
    { everySeconds: 300, attempts: 12 },
    { everySeconds: 900, attempts: 12 },
    { everySeconds: 3600, attempts: 24 },
  ],
  'by-age': [
    { everySeconds: 300, attempts: 12 },
    { everySeconds: 900, attempts: 20 },
    { everySeconds: 3600, attempts: 18 },
  ],
} as const satisfies Record<string, readonly PollingWindow[]>;

/** A terminal that is not settled this long after it was requested ends in TIMEOUT, whatever the schedule. */
export const DEFAULT_DEADLINE_SECONDS = 24 * 3600;

/** "5 min", "90 s", "1.5 s": an interval as people write it. */
export function describeInterval(seconds: number): string {
  if (seconds >= 60 && seconds % 60 === 0) return `${seconds / 60} min`;
  return `${Number(seconds.toFixed(2))} s`;
}

/** "window 2: every 15 min, 12 looks", the summary of a window's timer and activity. */
export function describeWindow(window: PollingWindow, index: number): string {
  return `window ${index + 1}: every ${describeInterval(window.everySeconds)}, ${window.attempts} looks`;
}

/**
 * The seconds after the request at which a terminal is looked at.
 * @param deadlineSeconds looks at or after it are left out
 */
export function lookTimes(windows: readonly PollingWindow[], deadlineSeconds: number): number[] {
  const times: number[] = [];
  let at = 0;
  for (const window of windows) {
    for (let look = 0; look < window.attempts; look++) {
      at += window.everySeconds;
      if (at >= deadlineSeconds) return times;
      times.push(at);
    }
  }
  return times;
}
