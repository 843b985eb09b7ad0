/** `tpe audit export`, and the export as what other commands read. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { request } from 'undici';
import { type EventFilter, filterOf } from './audit-filter.ts';
import { CliError, EXIT, failure, refusal, unreachable, type ApiClient, type Call } from './http.ts';
import { setup } from './options.ts';
import { print, printJson } from './output.ts';

/** Milliseconds in which an export must go on: the first event may have to be searched for. */
const TIMEOUT_MS = 300_000;

/**
 * The bytes of an export as they come; an error if they break off.
 * @throws CliError when it is refused (exit code 1) or the API can't be reached (3)
 */
export async function* openExport(api: ApiClient, query: NonNullable<Call['query']>): AsyncGenerator<Buffer> {
  const url = api.address('events/export', query);
  try {
    const { statusCode, body } = await request(url, { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
    if (statusCode >= 400) throw refusal(statusCode, await body.text());
    yield* body as AsyncIterable<Buffer>;
  } catch (error) {
    throw error instanceof CliError ? error : unreachable(url, error);
  }
}

export async function exportTrail(
  { format, output, ...filter }: EventFilter & { format: string; output?: string },
  command: Command,
): Promise<void> {
  const { api, options } = setup(command);
  const content = openExport(api, { ...filterOf(filter), format });
  if (output === undefined) return pipeline(Readable.from(content), process.stdout, { end: false });
  const { bytes, sha256 } = await writeWhole(output, content);
  if (options.json) return printJson({ file: output, bytes, sha256 });
  print(`${output}: ${bytes} bytes, SHA-256 ${sha256}`);
}

/**
 * Writes a file that is there under its name only once it is complete; one that was there before stays until then.
 * @throws CliError if it can't be written
 */
async function writeWhole(
  file: string,
  content: AsyncIterable<Buffer>,
): Promise<{ bytes: number; sha256: string }> {
  const temporary = `${file}.${process.pid}.part`;
  const hash = createHash('sha256');
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of content) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  try {
    await pipeline(counted(), createWriteStream(temporary));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof CliError) throw error;
    throw failure(EXIT.refused, "The file can't be written", (error as Error).message, error);
  }
  return { bytes, sha256: hash.digest('hex') };
}
