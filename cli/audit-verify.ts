/** `tpe audit verify`: recomputes the chain from what the API and the archives hold, trusting neither. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { InvalidArgumentError, type Command } from 'commander';
import type { AuditArchives, AuditHead } from '../api/schemas/event.ts';
import {
  type ChainEnd,
  type LinkedRecord,
  mergeByPosition,
  type Verification,
  verifyChain,
  type VerifyOptions,
} from '../audit/verify.ts';
import { openExport } from './audit-export.ts';
import { requireReadable } from './input.ts';
import { harmless } from './harmless.ts';
import { type ApiClient, CliError, EXIT, failure } from './http.ts';
import { setup } from './options.ts';
import { print, printJson } from './output.ts';

/** Faults that are shown one by one. */
const SHOWN = 20;

/** Parses `1234:ab12…`, and collects several. */
export function parseHead(text: string, before: ChainEnd[] = []): ChainEnd[] {
  const match = /^([1-9]\d{0,14}):([0-9a-f]{64})$/i.exec(text);
  if (!match?.[1] || !match[2]) {
    throw new InvalidArgumentError('It must be POSITION:HASH, as "tpe audit head" gives it.');
  }
  return [...before, { position: Number(match[1]), hash: match[2].toLowerCase() }];
}

/** @throws CliError with exit code 1 if there is a fault */
export async function verifyTrail(
  { file: files = [], head: kept = [] }: { file?: string[]; head?: ChainEnd[] },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  for (const file of files) await requireReadable(file);
  // Before the export is begun, which then reaches at least as far.
  const { position, hash } = await api.call<AuditHead>('audit/head');
  const { items: archives } = await api.call<AuditArchives>('audit/archives');
  const heads = [...(position > 0 ? [{ position, hash }] : []), ...kept];
  const given = new Set(files.map((file) => basename(file)));
  requireFilesOf(kept, archives, given);
  const isWhole = archives.every(({ file }) => given.has(file));
  const archivedUpTo = Math.max(0, ...archives.map(({ lastPosition }) => lastPosition ?? 0));
  const result = await verifyAll(api, files, { heads, ...(isWhole ? { from: 1 } : { archivedUpTo }) });
  if (!isWhole) requireArchived(result, archives);

  const { events, first, last, faults, faultCount, unsealed } = result;
  if (options.json) printJson(result);
  else {
    const range = first && last ? `, positions ${first.position} to ${last.position}` : '';
    print(`${events} events${range}; ${unsealed} not sealed yet`);
    if (first && last && faultCount === 0) {
      const beginning =
        first.position === 1 ? 'from the first event on' : `from position ${first.position} on`;
      print(`Nothing was changed, ${beginning}.`);
      print(`keep this: ${last.position}:${last.hash}`);
    }
  }
  if (faultCount === 0) return;
  throw new CliError(EXIT.refused, {
    type: 'about:blank',
    title: `The trail is not what was sealed: ${faultCount} ${faultCount === 1 ? 'fault' : 'faults'}`,
    ...(faultCount > SHOWN && { detail: `the first ${SHOWN} are listed.` }),
    errors: faults.slice(0, SHOWN).map((fault) => ({
      parameter: [fault.kind, ...(fault.position === null ? [] : [`at ${fault.position}`])].join(' '),
      message: harmless(
        [fault.message, ...(fault.eventId === null ? [] : [`(event ${fault.eventId})`])].join(' '),
      ),
    })),
  });
}

/** @throws CliError if an end of the chain was kept that is in an archive which was not given */
function requireFilesOf(
  kept: readonly ChainEnd[],
  archives: AuditArchives['items'],
  given: ReadonlySet<string>,
): void {
  for (const { position } of kept) {
    const archive = archives.find(
      ({ firstPosition, lastPosition }) =>
        position >= (firstPosition ?? Infinity) && position <= (lastPosition ?? 0),
    );
    if (!archive || given.has(archive.file)) continue;
    const detail = `Position ${position} has left the database: give ${archive.file} by --file.`;
    throw failure(EXIT.usage, 'An archive is needed', detail);
  }
}

/** The archives and the export as one chain. */
async function verifyAll(
  api: ApiClient,
  files: readonly string[],
  options: VerifyOptions,
): Promise<Verification> {
  const exported = openExport(api, {});
  if (files.length === 0) return verifyChain(records('the export', exported), options);
  // Taken whole at first: the API would not wait with it until the archives have been read.
  const folder = await mkdtemp(join(tmpdir(), 'tpe-audit-'));
  try {
    const file = join(folder, 'export.ndjson.gz');
    await pipeline(exported, createGzip(), createWriteStream(file));
    return await verifyChain(mergeByPosition([...files, file].map(readFile)), options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where archives are not looked at, what is there must at least go on where they end. */
function requireArchived(result: Verification, archives: AuditArchives['items']): void {
  const end = Math.max(0, ...archives.map(({ lastPosition }) => lastPosition ?? 0));
  const { first } = result;
  if (first === null || first.position <= end + 1) return;
  result.faultCount++;
  result.faults.unshift({
    kind: 'missing',
    position: end + 1,
    eventId: null,
    message: `the archives end at position ${end}, the events begin at ${first.position}`,
  });
}

function readFile(file: string): AsyncGenerator<LinkedRecord> {
  return records(file, file.endsWith('.gz') ? unzip(file) : createReadStream(file));
}

async function* unzip(file: string): AsyncGenerator<Buffer> {
  const content = createGunzip();
  // What is wrong with either is thrown where the content is read.
  pipeline(createReadStream(file), content).catch(() => undefined);
  yield* content as AsyncIterable<Buffer>;
}

/**
 * The records in NDJSON. A last line that is not ended is none: something is missing.
 * @throws CliError where it is not what it should be
 */
async function* records(name: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<LinkedRecord> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let line = 0;
  try {
    for await (const chunk of bytes) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) {
        line++;
        yield JSON.parse(text) as LinkedRecord;
      }
    }
    if (rest !== '') throw new Error('the last line is not complete');
  } catch (error) {
    if (error instanceof CliError) throw error;
    const detail = `${name}, line ${line}: ${(error as Error).message}`;
    throw failure(EXIT.refused, 'The trail can not be read', detail, error);
  }
}
