/** Reads something anew when it may have changed: never twice at once, not more often than allowed, and never too early. */

export interface Refresher {
  /** Something has changed. Whatever is read from then on is read at least once more. */
  request: () => void;
  stop: () => void;
}

/** @param everyMs between the beginnings of two readings, at least */
export function refresher(read: () => Promise<unknown>, everyMs: number): Refresher {
  let wanted = false;
  let reading = false;
  let last = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const next = (): void => {
    if (!wanted || reading || timer !== undefined) return;
    timer = setTimeout(start, Math.max(0, last + everyMs - Date.now()));
  };
  const start = (): void => {
    timer = undefined;
    // A change that comes while it is read may be too late for this reading.
    wanted = false;
    reading = true;
    last = Date.now();
    void read()
      // Told where it is shown.
      .catch(() => undefined)
      .finally(() => {
        reading = false;
        next();
      });
  };
  return {
    request: () => {
      wanted = true;
      next();
    },
    stop: () => {
      wanted = false;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
