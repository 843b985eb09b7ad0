/** Lets months of events leave the database once they are old: written to a file, read back, and only then dropped. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import {
  countLinks,
  dropMonth,
  findOldMonths,
  isSealed,
  readMonth,
  type EventArchive,
} from '../db/event-archive.ts';
import type { Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import { chainHash } from './chain.ts';
import { hashFile, makeFolder, writeNewFile } from './durable-file.ts';
import type { LinkedRecord } from './verify.ts';

export interface ArchiveOptions {
  pool: Pool;
  logger: Logger;
  /** Folder that the files are written to; made if need be. */
  archiveDir: string;
  /** Days for which events stay in the database. */
  hotDays: number;
  /** Ends it between two months. */
  signal?: AbortSignal;
}

type Archived = Omit<EventArchive, 'archivedAt'>;

const PAGE = 5_000;

/**
 * Archives every month that lies wholly more than `hotDays` in the past. A month that can't be archived stays, and so
 * do those after it: archives have no gaps. It leaves once its files are on the disk, so that a power cut loses nothing.
 * Harmless to repeat: files that a crash has left behind are taken for what they are.
 * @returns the files that were written
 * @throws the error that keeps a month from being archived
 */
export async function archiveOldMonths(options: ArchiveOptions): Promise<string[]> {
  const { pool, logger, archiveDir, hotDays, signal } = options;
  const files: string[] = [];
  for (const month of await findOldMonths(pool, hotDays)) {
    if (signal?.aborted) break;
    if (!(await isSealed(pool, month))) {
      logger.warn(
        { month },
        'a month of events is old, but not all of it is sealed: it stays in the database',
      );
      break;
    }
    const archive = await writeMonth(pool, archiveDir, month);
    const manifest = `${JSON.stringify(archive, null, 2)}\n`;
    await writeNewFile(join(archiveDir, `${archive.file}.json`), [Readable.from([manifest])]);
    await dropMonth(pool, archive);
    logger.info(
      { ...archive },
      `the events of ${month.slice(0, 7)} have left the database for ${archive.file}`,
    );
    files.push(archive.file);
  }
  return files;
}

async function writeMonth(pool: Pool, archiveDir: string, month: string): Promise<Archived> {
  await makeFolder(archiveDir);
  const file = `events-${month.slice(0, 7)}.ndjson.gz`;
  const path = join(archiveDir, file);
  const summary: Pick<Archived, 'events' | 'firstPosition' | 'lastPosition' | 'lastHash' | 'ends'> = {
    events: 0,
    firstPosition: null,
    lastPosition: null,
    lastHash: null,
    ends: [],
  };
  const noteEnd = (): void => {
    const { lastPosition: position, lastHash: hash } = summary;
    if (position !== null && hash !== null) summary.ends.push({ position, hash });
  };
  async function* lines(): AsyncGenerator<string> {
    for (;;) {
      const page = await readMonth(pool, month, summary.lastPosition ?? 0, PAGE);
      for (const { position, hash } of page) {
        if (position !== (summary.lastPosition ?? position - 1) + 1) noteEnd();
        summary.events++;
        summary.firstPosition ??= position;
        summary.lastPosition = position;
        summary.lastHash = hash;
      }
      if (page.length > 0) yield `${page.map((record) => JSON.stringify(record)).join('\n')}\n`;
      if (page.length < PAGE) return noteEnd();
    }
  }
  await writeNewFile(path, [Readable.from(lines()), createGzip()], async (written) => {
    await checkComplete(pool, month, summary.events);
    await readBack(written, { file, ...summary });
  });
  return { month, file, sha256: await hashFile(path), ...summary };
}

/** What has vanished from the trail is still known to the chain. */
async function checkComplete(pool: Pool, month: string, events: number): Promise<void> {
  const links = await countLinks(pool, month);
  if (links === events) return;
  throw new Error(
    `${month.slice(0, 7)}: the chain has ${links} events, the trail ${events}: some are gone. The month stays in the database; see docs/audit.md`,
  );
}

/** What was written must be what was sealed: nothing is dropped on the word of the program that wrote it. */
async function readBack(
  path: string,
  { file, events, lastHash }: Pick<Archived, 'file' | 'events' | 'lastHash'>,
): Promise<void> {
  let read = 0;
  let hash: string | null = null;
  for await (const record of readArchive(path)) {
    if (record.hash === null || record.previousHash === null) {
      throw new Error(`${file}, event ${record.eventId}: its place in the chain is not known`);
    }
    if (chainHash(record.previousHash, record) !== record.hash) {
      throw new Error(
        `${file}, event ${record.eventId} at position ${record.position}: its content is not what was sealed. The month stays in the database; see docs/audit.md`,
      );
    }
    read++;
    ({ hash } = record);
  }
  if (read !== events || hash !== lastHash) {
    throw new Error(`${file} holds ${read} events of ${events}: it was not written completely`);
  }
}

/** The records of an archive, or of an export that was compressed, in their order. */
export async function* readArchive(path: string): AsyncGenerator<LinkedRecord> {
  const content = createGunzip();
  // What is wrong with either stream is thrown where `content` is read.
  pipeline(createReadStream(path), content).catch(() => undefined);
  for await (const line of splitLines(content)) {
    if (line !== '') yield JSON.parse(line) as LinkedRecord;
  }
}

/** At line feeds only: what Node's readline takes for the end of a line as well (U+2028) may be in a reason. */
async function* splitLines(stream: Readable): AsyncGenerator<string> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
