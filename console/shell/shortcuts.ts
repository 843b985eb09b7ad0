/** Keys that do something on the page that is open; `?` lists them. */
import { atom } from 'nanostores';
import { useEffect, useEffectEvent } from 'react';

export interface Shortcut {
  /** A key, or two with a blank between: `/`, `g c`. As `event.key` has them. */
  keys: string;
  /** What it does, in words. */
  words: string;
  run: () => void;
}

/** In the order in which their owners came. */
export const $shortcuts = atom<readonly Shortcut[]>([]);

/** The second key of a pair must come within this time. */
const PAIR_MS = 1_000;

let first: { key: string; at: number } | undefined;

/** Has these keys as long as the component is drawn. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const run = useEffectEvent((keys: string) => shortcuts.find((each) => each.keys === keys)?.run());
  const named = JSON.stringify(shortcuts.map(({ keys, words }) => [keys, words]));
  useEffect(() => {
    const mine = (JSON.parse(named) as [string, string][]).map(([keys, words]) => ({
      keys,
      words,
      run: () => run(keys),
    }));
    $shortcuts.set([...$shortcuts.get(), ...mine]);
    return () => $shortcuts.set($shortcuts.get().filter((each) => !mine.includes(each)));
  }, [named]);
}

/** Keys that are typed into something, or meant for a dialog or the browser, are not ours. */
function isOurs(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  const typing = target?.closest('input, textarea, select, [contenteditable="true"]');
  const dialog = document.querySelector('[role="dialog"]');
  return !typing && !dialog && !event.ctrlKey && !event.metaKey && !event.altKey && !event.defaultPrevented;
}

export function handleKey(event: KeyboardEvent, now = performance.now()): void {
  if (!isOurs(event)) return;
  const pair = first && now - first.at < PAIR_MS ? `${first.key} ${event.key}` : undefined;
  const known = $shortcuts.get();
  // The newest owner of a key has it.
  const found =
    known.findLast(({ keys }) => keys === pair) ?? known.findLast(({ keys }) => keys === event.key);
  first = undefined;
  if (found) {
    event.preventDefault();
    found.run();
  } else if (known.some(({ keys }) => keys.startsWith(`${event.key} `))) first = { key: event.key, at: now };
}
