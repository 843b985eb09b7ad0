import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../../observability/logger.ts';
import { loadWorkflowBundle } from '../../workers/workflow-bundle.ts';

const logger = createLogger({ logLevel: 'silent' }, 'test');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tpe-test-bundle-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('a bundle that is given is taken as it is', async () => {
  const path = join(folder, 'given.js');
  await writeFile(path, '// workflows');
  expect(await loadWorkflowBundle(logger, { path })).toEqual({ code: '// workflows' });
});

it('one that is not there is named', async () => {
  const path = join(folder, 'missing.js');
  await expect(loadWorkflowBundle(logger, { path })).rejects.toThrow(`${path}: set WORKFLOW_BUNDLE`);
});

it('the workflows are bundled also where the bundle can not be kept, as in an image of which nothing can be written', async () => {
  const cache = join(folder, 'a-file', 'cache');
  await writeFile(join(folder, 'a-file'), '');
  const { code } = await loadWorkflowBundle(logger, { cache });
  expect(code).toContain('tpeUpdate');
});
