/** The workflows of days gone by: where their bundles lie, how one is made and how one is taken out. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress } from 'node:zlib';
import type { WorkflowBundle } from '@temporalio/worker';
import { bundleWorkflows } from '../../workers/workflow-bundle.ts';

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

const BUNDLES = new URL('./bundles/', import.meta.url);

/** The workflows before orders, the wide dispatch and the looks that record a success. */
export const YESTERDAY = '2026-11-25-a21c6b5';

/**
 * Without the text of the sources in its map: a third of what a worker bundles for itself. Not minified: child workflows
 * are started by the names of their functions.
 * @param workflows folder of the sources
 */
export async function recordBundle(name: string, workflows: string): Promise<URL> {
  const devtool = 'inline-nosources-cheap-source-map';
  const code = await bundleWorkflows(workflows, console, (config) => ({ ...config, devtool }));
  const file = new URL(`${name}.js.br`, BUNDLES);
  await writeFile(file, await compress(code));
  return file;
}

export async function readBundle(name: string): Promise<WorkflowBundle> {
  const file = new URL(`${name}.js.br`, BUNDLES);
  return { code: (await decompress(await readFile(file))).toString('utf8') };
}

/** @returns the path of the bundle in `folder` */
export async function unpackBundle(name: string, folder: string): Promise<string> {
  const path = join(folder, `${name}.js`);
  await writeFile(path, (await readBundle(name)).code);
  return path;
}
