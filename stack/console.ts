/** Builds the web console into `console/dist`, when its sources have changed. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { type Progress, terminalProgress } from './progress.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const SOURCES = join(ROOT, 'console');
const DIST = join(SOURCES, 'dist');
/** Made from the API, not kept in git. */
const TYPES = join(SOURCES, 'api', 'schema.ts');
/** In the built console: the hash of what it was built from. */
const STAMP = '.sources';

/** What is smaller gains nothing. */
const COMPRESS_FROM = 500;

/** Builds it unless it is up to date; two at once do the same work, and the last one stays. */
export async function buildConsole(progress: Progress = terminalProgress()): Promise<void> {
  const hash = await hashSources();
  if (existsSync(join(DIST, STAMP)) && (await readFile(join(DIST, STAMP), 'utf8')) === hash) return;
  const task = progress.task('Building the web console');
  const folder = `${DIST}.${process.pid}`;
  try {
    await writeTypes();
    await bundle(folder);
    await compressAll(folder);
    await writeFile(join(folder, STAMP), hash);
    await replace(DIST, folder);
    task.done('Web console built');
  } catch (error) {
    task.drop();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function bundle(folder: string): Promise<void> {
  // Only now: on most starts nothing is to be built, and this takes a second to load.
  const { build } = await import('vite');
  // Of a test it is "test", and the build would have React's checks for developers in it, of twice its size.
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  try {
    await build({
      configFile: join(SOURCES, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: folder, emptyOutDir: true },
    });
  } finally {
    if (before === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = before;
  }
}

/** Writes the types of the API where they have changed: everything that looks at the console's sources needs them. */
export async function writeTypes(): Promise<void> {
  const { consoleTypes } = await import('./console-types.ts');
  const types = await consoleTypes();
  const before = existsSync(TYPES) ? await readFile(TYPES, 'utf8') : '';
  if (types !== before) await writeFile(TYPES, types);
}

/** A server that has the old one open goes on with it, but for files that it has not read yet. */
async function replace(old: string, next: string): Promise<void> {
  const away = `${next}.old`;
  await rename(old, away).catch(() => undefined);
  await rename(next, old);
  await rm(away, { recursive: true, force: true });
}

/** Beside each file what a browser gets that takes it compressed: done once, and harder than a server could. */
async function compressAll(folder: string): Promise<void> {
  for (const file of await filesBelow(folder)) {
    const content = await readFile(file);
    if (content.length < COMPRESS_FROM || !/\.(html|js|css|svg|json)$/.test(file)) continue;
    const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
    await writeFile(`${file}.br`, await promisify(brotliCompress)(content, { params: quality }));
    await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
  }
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256');
  // The types come from the API; what they are made of beyond it are names of statuses, which it lists.
  const folders = [SOURCES, join(ROOT, 'api'), join(ROOT, 'workflows', 'policy')];
  const files = (await Promise.all(folders.map(filesBelow))).flat();
  const more = ['package-lock.json', 'stack/console.ts', 'stack/console-types.ts', 'workflows/status.ts'];
  for (const file of [...files, ...more.map((name) => join(ROOT, name))]) {
    if (file !== TYPES) hash.update(file.slice(ROOT.length)).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Every file, in order; without what was built. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => folder !== SOURCES || !file.startsWith(DIST))
    .sort();
}
