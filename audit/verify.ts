/** Whether a run of exported events is what was sealed: recomputed from the records alone, by whoever has them. */
import { chainHash, type ChainedRecord, GENESIS } from './chain.ts';

/** A record as it is exported and archived. */
export interface LinkedRecord extends ChainedRecord {
  /** The hash at the position before; null where it is not sealed, or what is before is not known any more. */
  previousHash: string | null;
}

export type FaultKind =
  /** Its content is not what was sealed. */
  | 'altered'
  /** No event has this position, although later ones are there. */
  | 'missing'
  /** Several have this position. */
  | 'repeated'
  /** The hash that it was sealed behind is not that of the event before. */
  | 'unlinked'
  /** It is in no chain, although later events are. */
  | 'unsealed'
  /** The chain is not the one whose end was kept elsewhere, or does not reach it. */
  | 'head';

export interface Fault {
  kind: FaultKind;
  position: number | null;
  eventId: string | null;
  message: string;
}

export interface ChainEnd {
  position: number;
  /** Hexadecimal. */
  hash: string;
}

export interface Verification {
  /** Sealed ones that were looked at. */
  events: number;
  first: ChainEnd | null;
  last: ChainEnd | null;
  /** The first of them, `MAX_FAULTS` at most. */
  faults: Fault[];
  faultCount: number;
  /** Events at the end that are too new to be sealed. */
  unsealed: number;
}

/** Faults that are told one by one. */
const MAX_FAULTS = 1_000;
/** Seconds for which an event may be unsealed while later ones are sealed: its transaction was open for long. */
const SEALING_SECONDS = 60;

export interface VerifyOptions {
  /** Ends of the chain that were kept elsewhere: each must be met. */
  heads?: readonly ChainEnd[];
  /** The position that the records must begin with; default: whichever they do. */
  from?: number;
  /** Up to this position events may be missing: they are in archives that are not looked at. */
  archivedUpTo?: number;
}

/**
 * @param records sealed ones in order of their positions, those that are not sealed after them
 * @returns what does not fit; no fault means that nothing between the first and the last was changed since it was sealed
 */
export async function verifyChain(
  records: AsyncIterable<LinkedRecord> | Iterable<LinkedRecord>,
  { heads = [], from, archivedUpTo = 0 }: VerifyOptions = {},
): Promise<Verification> {
  const faults: Fault[] = [];
  let faultCount = 0;
  let events = 0;
  let unsealed = 0;
  let first: ChainEnd | null = null;
  let last: ChainEnd | null = null;
  let newest = 0;
  const awaited = new Map<number, Set<string>>();
  for (const { position, hash } of heads) {
    awaited.set(position, (awaited.get(position) ?? new Set()).add(hash.toLowerCase()));
  }
  const late: LinkedRecord[] = [];

  const report = (
    kind: FaultKind,
    position: number | null,
    eventId: string | null,
    message: string,
  ): void => {
    faultCount++;
    if (faults.length < MAX_FAULTS) faults.push({ kind, position, eventId, message });
  };

  const link = (record: LinkedRecord, position: number, hash: string): void => {
    const { eventId, previousHash } = record;
    const expected: number = last ? last.position + 1 : (from ?? position);
    if (position > expected && position - 1 > archivedUpTo) {
      const range = position - 1 > expected ? `${expected} to ${position - 1}` : `${expected}`;
      report('missing', expected, null, `no event has position ${range}`);
    }
    if (position < expected) {
      return report('repeated', position, eventId, `position ${position} is taken by another event`);
    }
    // The first stands on what it says itself; every other on the one before it.
    const before = last && position === last.position + 1 ? last.hash : (previousHash ?? null);
    if (position === 1 && previousHash !== GENESIS) {
      report('unlinked', position, eventId, 'the first event of all does not begin the chain');
    }
    if (before !== null && previousHash !== null && previousHash !== before) {
      report('unlinked', position, eventId, 'it was sealed behind another event than the one before it');
    }
    const base = previousHash ?? before;
    if (base !== null && chainHash(base, record) !== hash) {
      report('altered', position, eventId, 'its content is not what was sealed');
    }
    const head = awaited.get(position);
    if (head && (head.size > 1 || !head.has(hash))) {
      report('head', position, eventId, `the hash kept for position ${position} is another one`);
    }
    awaited.delete(position);
    events++;
    first ??= { position, hash };
    last = { position, hash };
    newest = Math.max(newest, Date.parse(record.occurredAt));
  };

  for await (const record of records) {
    if (record.position !== null && record.hash !== null) link(record, record.position, record.hash);
    else late.push(record);
  }
  for (const { eventId, occurredAt } of late) {
    if (Date.parse(occurredAt) < newest - SEALING_SECONDS * 1_000) {
      report('unsealed', null, eventId, `it is in no chain, although it is of ${occurredAt}`);
    } else unsealed++;
  }
  for (const position of awaited.keys()) {
    report('head', position, null, `the chain does not reach position ${position}, whose hash was kept`);
  }
  return { events, first, last, faults, faultCount, unsealed };
}

/**
 * Records of several sources - archives of months, an export - as one run in order of their positions, those that are not
 * sealed last. At the border of two months their events alternate. Each source is in that order itself.
 */
export async function* mergeByPosition(
  sources: readonly AsyncIterable<LinkedRecord>[],
): AsyncGenerator<LinkedRecord> {
  const readers = sources.map((source) => source[Symbol.asyncIterator]());
  const heads = await Promise.all(readers.map((reader) => reader.next()));
  const place = (head: IteratorResult<LinkedRecord> | undefined): number =>
    head === undefined || head.done ? Infinity : (head.value.position ?? Number.MAX_SAFE_INTEGER);
  for (;;) {
    let next = 0;
    for (let index = 1; index < heads.length; index++) {
      if (place(heads[index]) < place(heads[next])) next = index;
    }
    const head = heads[next];
    if (head === undefined || head.done) return;
    yield head.value;
    heads[next] = await (readers[next] as AsyncIterator<LinkedRecord>).next();
  }
}
