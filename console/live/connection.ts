/** Whether the API is within reach: told by every request and stream, shown in the top bar. */
import { atom } from 'nanostores';

export interface Connection {
  state: 'reached' | 'lost';
  /** Epoch ms of when it was lost. */
  since?: number;
}

export const $connection = atom<Connection>({ state: 'reached' });

const FIRST_LOOK_MS = 1_000;
const LAST_LOOK_MS = 15_000;

let timer: ReturnType<typeof setTimeout> | undefined;

/** Tells how a request has gone. Once lost, it is looked for until it is back. */
export function reportReach(reached: boolean): void {
  const { state } = $connection.get();
  if (reached && state === 'lost') {
    clearTimeout(timer);
    $connection.set({ state: 'reached' });
  } else if (!reached && state === 'reached') {
    $connection.set({ state: 'lost', since: Date.now() });
    lookIn(FIRST_LOOK_MS);
  }
}

function lookIn(ms: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    fetch('/healthz', { cache: 'no-store' }).then(
      ({ ok }) => (ok ? reportReach(true) : lookIn(Math.min(ms * 2, LAST_LOOK_MS))),
      () => lookIn(Math.min(ms * 2, LAST_LOOK_MS)),
    );
  }, ms);
}

/** At once, instead of at the next look. */
export function lookNow(): void {
  if ($connection.get().state === 'lost') lookIn(0);
}

window.addEventListener('online', lookNow);
