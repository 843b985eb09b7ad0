import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { StackError } from './errors.ts';
import { run } from './tools.ts';

export interface Archive {
  /** A `.tar.gz` or `.tgz`. */
  url: string;
  /** A text file in which the archive's checksum stands, alone or on the line that ends in its name. */
  checksums: { url: string; algorithm: 'sha256' | 'sha512' };
}

/** Where there is no internet, this is how long it takes to find out. */
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Downloads an archive, compares its checksum and unpacks it into `dir`, without the archive's first
 * `strip` folders. Goes through `HTTPS_PROXY` where that is set.
 * @throws StackError when it can't be had or is not what its publisher says it is
 */
export async function downloadArchive(
  archive: Archive,
  dir: string,
  { strip = 0, signal }: { strip?: number; signal?: AbortSignal } = {},
): Promise<void> {
  const dispatcher = new EnvHttpProxyAgent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: 15_000,
    bodyTimeout: 30_000,
  });
  const file = join(dir, '.download');
  try {
    const get = async (url: string) => {
      const response = await fetch(url, { dispatcher, signal });
      if (!response.ok || !response.body) throw new Error(`HTTP status ${response.status}`);
      return response.body;
    };
    const expected = checksumOf(await text(await get(archive.checksums.url)), archive);
    await pipeline(Readable.fromWeb(await get(archive.url)), createWriteStream(file), { signal });
    const hash = createHash(archive.checksums.algorithm);
    await pipeline(createReadStream(file), hash);
    if (hash.digest('hex') !== expected) throw new Error('its checksum is not the published one');
    await run('tar', ['-xzf', file, '-C', dir, `--strip-components=${strip}`], { signal });
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : message;
    throw new StackError(`download of ${archive.url} failed: ${reason ?? message}`, { cause: error });
  } finally {
    await rm(file, { force: true });
    await dispatcher.close();
  }
}

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Apache writes "name: AB CD …" over several lines, others "abcd…  name". */
function checksumOf(published: string, { url, checksums }: Archive): string {
  const name = url.slice(url.lastIndexOf('/') + 1);
  const line = published.split('\n').find((each) => each.trimEnd().endsWith(name)) ?? published;
  const digits = checksums.algorithm === 'sha256' ? 64 : 128;
  const found = new RegExp(`^[0-9a-f]{${digits}}$`).exec(
    line
      .replace(name, '')
      .replaceAll(/[\s:*]/g, '')
      .toLowerCase(),
  );
  if (!found) throw new Error(`no checksum of ${name} at ${checksums.url}`);
  return found[0];
}
