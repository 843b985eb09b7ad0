/** Who sits in front of the console. The API has no log-in: it takes the name for the audit trail as it is said. */
import { atom } from 'nanostores';
import { readText, writeChoice } from '../lib/choice.ts';

const KEY = 'tpe-actor';
/** What the API takes as a name: up to 100 characters on one line. */
const NAME = /^[^\p{Cc}]{1,100}$/u;

/** The name; empty where it was not asked for yet. */
export const $actor = atom(readText(KEY) ?? '');

export function isName(text: string): boolean {
  return NAME.test(text.trim());
}

export function sayWhoYouAre(name: string): void {
  const trimmed = name.trim();
  writeChoice(KEY, trimmed);
  $actor.set(trimmed);
}

// The same person in another tab.
window.addEventListener('storage', ({ key, newValue }) => {
  if (key === KEY) $actor.set(newValue ?? '');
});
