/** Events of months that have left the database (audit/archive.ts). */
import { resolve } from 'node:path';
import { readArchive } from '../audit/archive.ts';
import { BATCH_EVENTS, type EventSource, type SealedEvent } from './events.ts';

/**
 * The events of one archive. Reading throws an error that names the file where it is missing, cut off or not what it
 * should be.
 * @param archiveDir the folder that the file is in
 */
export function archiveSource(archiveDir: string, file: string, limit: number = BATCH_EVENTS): EventSource {
  const path = resolve(archiveDir, file);
  return {
    async *readEvents(after, upTo) {
      let batch: SealedEvent[] = [];
      for await (const event of readEvents(path)) {
        if (event.position > upTo) break;
        if (event.position <= after) continue;
        batch.push(event);
        if (batch.length < limit) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    },
  };
}

async function* readEvents(path: string): AsyncGenerator<SealedEvent> {
  let line = 1;
  try {
    for await (const record of readArchive(path)) {
      const { position, occurredAt, type, campaignId, tpeId, reason, data } = record;
      if (position === null || !Number.isSafeInteger(position) || typeof occurredAt !== 'string')
        throw new Error('it is no record of an event');
      yield { position, occurredAt, type, campaignId, tpeId, reason, data };
      line++;
    }
  } catch (error) {
    throw new Error(`The archive ${path} can't be read at line ${line}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
