/** What the page says of an event beside its type. */
import type { StoreValue } from 'nanostores';
import type { FoundEvent } from '../../api/schema.ts';
import type { Format } from '../../i18n/format.ts';
import { EVENT_TYPES } from '../../i18n/event-types/what-happened.ts';
import type { messages } from './en.ts';

export { whatHappened } from '../../i18n/event-types/what-happened.ts';

type Words = StoreValue<typeof messages>;

/** For the field that takes a type: all of a kind, then each. */
export const TYPE_SUGGESTIONS: readonly string[] = ['campaign.*', 'tpe.*', 'dlq.*', ...EVENT_TYPES];

/** What the data adds to it, in a few words. */
export function aboutIt(t: Words, format: Format, { type, data }: FoundEvent): string {
  const number = (name: string): number | undefined =>
    typeof data[name] === 'number' ? data[name] : undefined;
  const words = (name: string): string | undefined =>
    typeof data[name] === 'string' ? data[name] : undefined;
  const terminals = number('total') ?? number('count');
  const [wave, attempt] = [number('wave'), number('attempt')];
  const parts = [
    words('name'),
    words('targetVersion') && `→ ${words('targetVersion')}`,
    terminals !== undefined && t.terminals(terminals),
    wave !== undefined && t.wave({ wave: format.number(wave) }),
    attempt !== undefined && attempt > 1 && t.attempt({ attempt: format.number(attempt) }),
    words('version') && t.runs({ version: words('version') ?? '' }),
    type.startsWith('dlq.') && words('error'),
    words('detail'),
    type === 'audit.archived' && words('month'),
  ];
  return parts.filter(Boolean).join(' · ');
}
