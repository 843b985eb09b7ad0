/** The time, for texts such as "3 minutes ago": one clock for the whole page, still while nobody looks. */
import { atom, onMount } from 'nanostores';

const TICK_MS = 15_000;

/** Epoch ms, a few times per minute. */
export const $now = atom(Date.now());

onMount($now, () => {
  const tick = (): void => {
    if (!document.hidden) $now.set(Date.now());
  };
  tick();
  const timer = setInterval(tick, TICK_MS);
  document.addEventListener('visibilitychange', tick);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', tick);
  };
});
