/** The workflows as one script: that of the sources, bundled once per version of their code, or one that was kept. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type BundleOptions, type WorkflowBundle } from '@temporalio/worker';
import type { Logger } from '../observability/logger.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const CACHE = join(root, 'node_modules', '.cache', 'workflow-bundles');

export interface LoadOptions {
  /** File of a bundle that is taken as it is, in place of the sources. */
  path?: string | undefined;
  /** Folder in which bundles of the sources are kept. */
  cache?: string;
}

/**
 * Bundling takes seconds of a core, which a worker that restarts after a crash does not have: the bundle is
 * kept under the hash of all that goes into it.
 * @throws an error that names the file, where there is none at `path`
 */
export async function loadWorkflowBundle(
  logger: Logger,
  { path, cache = CACHE }: LoadOptions = {},
): Promise<WorkflowBundle> {
  if (path !== undefined) return { code: await readBundle(path) };
  const file = join(cache, `${await hashSources()}.js`);
  if (existsSync(file)) return { code: await readFile(file, 'utf8') };
  const code = await bundleWorkflows(join(root, 'workflows'), logger);
  await keep(file, code).then(
    () => logger.info({ file }, 'the workflows have been bundled'),
    // The folder of an image may be read-only.
    (err: unknown) => logger.warn({ err }, 'the bundle of the workflows can not be kept for the next start'),
  );
  return { code };
}

/** @param folder the workflows' sources: `index.ts` and what it imports */
export async function bundleWorkflows(
  folder: string,
  logger: Pick<Logger, 'warn' | 'error'>,
  webpackConfigHook?: BundleOptions['webpackConfigHook'],
): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(folder, 'index.ts'),
    logger: {
      log: () => undefined,
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: (message) => logger.warn(message),
      error: (message) => logger.error(message),
    },
    ...(webpackConfigHook && { webpackConfigHook }),
  });
  return code;
}

async function readBundle(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Error(
      `There is no bundle of workflows at ${path}: set WORKFLOW_BUNDLE to one, or not at all.`,
      {
        cause,
      },
    );
  }
}

/** Several workers may start at once: each writes its own file, the name changes hands in one step. */
async function keep(file: string, code: string): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  const own = `${file}.${process.pid}`;
  await writeFile(own, code);
  await rename(own, file);
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256');
  const files = await readdir(join(root, 'workflows'), { recursive: true, withFileTypes: true });
  const sources = files
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const source of [...sources, join(root, 'package-lock.json')]) {
    hash.update(source.slice(root.length)).update(await readFile(source));
  }
  return hash.digest('hex').slice(0, 16);
}
