import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('npx tpe runs in the folder of the project, with nothing in the cache of npm', async () => {
  const { stdout } = await promisify(execFile)('npx', ['tpe', '--help'], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: {
      ...process.env,
      npm_config_cache: await mkdtemp(join(tmpdir(), 'tpe-npx-')),
      npm_config_offline: 'true',
    },
  });
  expect(stdout).toContain('Usage: tpe');
}, 60_000);
