/** What an event says, in the reader's language. */
import { english, type EventTypeWords } from './en.ts';

export const EVENT_TYPES: readonly string[] = Object.keys(english);

/** What happened; a type that is not known here is shown as it is. */
export function whatHappened(t: EventTypeWords, type: string): string {
  return isKnown(type) ? t[type] : type;
}

function isKnown(type: string): type is keyof EventTypeWords {
  return Object.hasOwn(english, type);
}
