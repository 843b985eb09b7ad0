/** A letter as somebody has edited it, and what of it differs from what was received. */
import type { DeadLetter, DeadLetterContent } from '../../api/schema.ts';
import { jsonFaultOf, layOut, pack, type JsonFault } from './json-text.ts';

export interface HeaderDraft {
  /** For the list: names may be the same for a while. */
  id: number;
  name: string;
  value: string;
  /** It was received: its name stays. */
  received: boolean;
}

export interface Draft {
  /** Empty: as it was received. */
  key: string;
  /** Empty: as it was received. */
  value: string;
  /** The value is text of any kind. */
  asText: boolean;
  headers: readonly HeaderDraft[];
}

/** What is published instead of what was received; an absent part stays as it is. */
export interface Edit {
  key?: string;
  value?: string;
  /** By name; null removes the header. */
  headers?: Record<string, string | null>;
}

/** The value as text; undefined where it is none, or where only its beginning is there. */
export function textOf({ value }: DeadLetter): string | undefined {
  return wholeText(value);
}

export function keyTextOf({ key }: DeadLetter): string | undefined {
  return wholeText(key);
}

function wholeText(part: DeadLetterContent | null): string | undefined {
  return part?.encoding === 'utf-8' && part.complete ? part.content : undefined;
}

/** For people: JSON is laid out, anything else is as it is. */
export function shownText(text: string): string {
  return jsonFaultOf(text) ? text : layOut(text);
}

export function draftOf(letter: DeadLetter): Draft {
  const text = textOf(letter) ?? '';
  return {
    key: keyTextOf(letter) ?? '',
    value: shownText(text),
    asText: text !== '' && jsonFaultOf(text) !== undefined,
    headers: Object.entries(letter.headers).map(([name, value], id) => ({ id, name, value, received: true })),
  };
}

export function withHeader({ headers, ...rest }: Draft): Draft {
  const id = Math.max(-1, ...headers.map((header) => header.id)) + 1;
  return { ...rest, headers: [...headers, { id, name: '', value: '', received: false }] };
}

/** Empty where nothing differs. */
export function editOf(letter: DeadLetter, { key, value, asText, headers }: Draft): Edit {
  const changed = headerChanges(letter.headers, headers);
  const published = asText ? value : pack(value);
  const touched = value !== '' && value !== shownText(textOf(letter) ?? '');
  const edited = touched && published !== before(letter, asText);
  return {
    ...(key !== '' && key !== keyTextOf(letter) && { key }),
    ...(edited && { value: published }),
    ...(Object.keys(changed).length > 0 && { headers: changed }),
  };
}

function before(letter: DeadLetter, asText: boolean): string | undefined {
  const text = textOf(letter);
  return text === undefined || asText ? text : pack(text);
}

function headerChanges(
  received: DeadLetter['headers'],
  drafts: readonly HeaderDraft[],
): Record<string, string | null> {
  const kept = new Set(drafts.filter((draft) => draft.received).map(({ name }) => name));
  const removed = Object.keys(received).filter((name) => !kept.has(name));
  const set = drafts.filter((draft) => !draft.received || draft.value !== received[draft.name]);
  return Object.fromEntries([
    ...removed.map((name) => [name, null] as const),
    ...set.map(({ name, value }) => [name.trim(), value] as const),
  ]);
}

export interface DraftFaults {
  /** It is no JSON. */
  json?: JsonFault;
  /** There was a value, and it is empty now. */
  empty?: true;
  /** Ids of headers whose name the API would refuse, or that come twice. */
  headers: ReadonlySet<number>;
}

/** As the API takes it: what a header may be called, without those that the platform sets. */
const HEADER_NAME = /^(?!dlq_)[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}$/i;

export function faultsOf(letter: DeadLetter, { value, asText, headers }: Draft): DraftFaults {
  const json = asText || value.trim() === '' ? undefined : jsonFaultOf(value);
  const empty = value.trim() === '' && (textOf(letter) ?? '') !== '';
  const names = headers.map(({ name }) => name.trim().toLowerCase());
  const faulty = headers.filter(
    ({ name, received }) =>
      !received &&
      (!HEADER_NAME.test(name.trim()) ||
        names.filter((each) => each === name.trim().toLowerCase()).length > 1),
  );
  return {
    ...(json && { json }),
    ...(empty && { empty }),
    headers: new Set(faulty.map(({ id }) => id)),
  };
}

export function hasFaults({ json, empty, headers }: DraftFaults): boolean {
  return json !== undefined || empty === true || headers.size > 0;
}

/** The platform's own headers stay as they are. */
export function isPlatformHeader(name: string): boolean {
  return /^dlq_/i.test(name);
}
