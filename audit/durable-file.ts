/** Files that are there after a power cut as they were written, and never in the place of another one. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Makes a folder, with those above it that are missing. */
export async function makeFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true });
  if (made === undefined) return;
  // A folder is an entry of the one above it, and safe once that one is.
  const first = dirname(resolve(made));
  for (let at = resolve(folder); at !== first; at = dirname(at)) await sync(dirname(at));
}

/**
 * Writes a new file and returns once it is on the disk. Nobody ever sees a part of it under its name. A file of this
 * name with the same content is taken for an earlier try.
 * @param content where it comes from, and the streams that it goes through
 * @param check looks at what was written before it gets its name; where it throws, there is no file
 * @throws where a file of this name has another content; that file stays as it is
 */
export async function writeNewFile(
  path: string,
  content: readonly Readable[],
  check?: (written: string) => Promise<void>,
): Promise<void> {
  // A name that no other process has, whatever machine it is on.
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    await pipeline([...content, createWriteStream(temporary, { flags: 'wx' })]);
    await check?.(temporary);
    await sync(temporary);
    await giveName(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await sync(dirname(path));
}

/** SHA-256 of a file, in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** By a link, not by renaming: renaming would replace a file that another process has put there just now. */
async function giveName(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if ((await hashFile(path)) !== (await hashFile(temporary))) {
      throw new Error(
        `${path} is there already and holds something else, maybe the archive of another database: it is not overwritten. Give each database an AUDIT_ARCHIVE_DIR of its own, or move the file elsewhere; see docs/audit.md`,
        { cause: error },
      );
    }
    await sync(path);
  }
}

/** Has the disk take what was written to a file, or the names that a folder has. */
async function sync(path: string): Promise<void> {
  const handle = await open(path);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
