/** The workflows as one script, bundled once per version of their code and kept for the next start. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';
import type { Logger } from '../observability/logger.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'workflow-bundles');

/**
 * Bundling takes seconds of a core, which a worker that restarts after a crash does not have: the bundle is
 * kept under the hash of all that goes into it.
 */
export async function loadWorkflowBundle(logger: Logger): Promise<WorkflowBundle> {
  const file = join(cache, `${await hashSources()}.js`);
  if (existsSync(file)) return { code: await readFile(file, 'utf8') };
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(root, 'workflows', 'index.ts'),
    logger: {
      log: () => undefined,
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: (message) => logger.warn(message),
      error: (message) => logger.error(message),
    },
  });
  await mkdir(cache, { recursive: true });
  // Several workers may start at once: each writes its own file, the name changes hands in one step.
  const own = `${file}.${process.pid}`;
  await writeFile(own, code);
  await rename(own, file);
  logger.info({ file }, 'the workflows have been bundled');
  return { code };
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
