/** All events from the first on: the archived months, then the event table. */
import { listEventArchives } from '../db/event-archive.ts';
import type { Queryable } from '../db/pool.ts';
import { archiveSource } from './archive-source.ts';
import { BATCH_EVENTS, type EventSource, type SealedEvent } from './events.ts';
import { tableSource } from './table-source.ts';

/** One of the sources that are read as one. */
export interface SourcePart {
  source: EventSource;
  /** No position of it is below; it is opened no sooner. */
  first: number;
  /** No position of it is above. */
  last: number;
}

/**
 * The events of the archives and of the table as one source.
 * @param archiveDir the folder that the archives are in
 */
export function replaySource(
  db: Queryable,
  archiveDir: string,
  batchEvents: number = BATCH_EVENTS,
): EventSource {
  return {
    async *readEvents(after, upTo) {
      const parts = (await listEventArchives(db)).flatMap(
        ({ file, firstPosition, lastPosition }): SourcePart[] => {
          // A month without events has no positions.
          if (firstPosition === null || lastPosition === null) return [];
          const source = archiveSource(archiveDir, file, batchEvents);
          return [{ source, first: firstPosition, last: lastPosition }];
        },
      );
      parts.push({ source: tableSource(db, batchEvents), first: 1, last: Infinity });
      yield* mergeSources(parts, batchEvents).readEvents(after, upTo);
    },
  };
}

/**
 * Several sources as one, in the order of the positions. A month ends in the middle of the order (an event may be
 * sealed after one of the next month), so that the parts overlap a little. Of what two parts have, that of the first
 * counts. Reading throws where a position up to `upTo` is in none of them: what is counted must be all.
 */
function mergeSources(parts: readonly SourcePart[], batchEvents: number = BATCH_EVENTS): EventSource {
  return {
    async *readEvents(after, upTo) {
      const cursors = parts
        .filter(({ first, last }) => last > after && first <= upTo)
        .map((part) => new Cursor(part, after, upTo));
      let position = after;
      let batch: SealedEvent[] = [];
      for (let cursor = lowest(cursors); cursor; cursor = lowest(cursors)) {
        const event = cursor.take();
        if (!event) await cursor.load();
        else if (event.position > position) {
          requireNext(position, event.position);
          position = event.position;
          batch.push(event);
        }
        if (batch.length < batchEvents) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
      requireNext(position, upTo + 1);
    },
  };
}

function lowest(cursors: readonly Cursor[]): Cursor | undefined {
  let found: Cursor | undefined;
  for (const cursor of cursors)
    if (!cursor.ended && (!found || cursor.position < found.position)) found = cursor;
  return found;
}

function requireNext(position: number, next: number): void {
  if (next === position + 1) return;
  throw new Error(
    `The events at the positions ${position + 1} to ${next - 1} are neither in the event table nor in an archive.`,
  );
}

/** Where the reading of a part is. */
class Cursor {
  /** Of the next event; before it is known, what it can't be below. */
  position: number;
  ended = false;
  readonly #batches: AsyncIterator<SealedEvent[]>;
  #batch: SealedEvent[] = [];
  #next = 0;

  constructor({ source, first }: SourcePart, after: number, upTo: number) {
    this.position = Math.max(first, after + 1);
    this.#batches = source.readEvents(after, upTo)[Symbol.asyncIterator]();
  }

  /** The next event; undefined where more must be loaded first. */
  take(): SealedEvent | undefined {
    const event = this.#batch[this.#next];
    if (!event) return undefined;
    this.#next++;
    this.position = this.#batch[this.#next]?.position ?? event.position + 1;
    return event;
  }

  async load(): Promise<void> {
    const { value, done } = await this.#batches.next();
    if (done === true) this.ended = true;
    this.#batch = done === true ? [] : value;
    this.#next = 0;
    this.position = this.#batch[0]?.position ?? this.position;
  }
}
