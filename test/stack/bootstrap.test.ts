import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from './rig.ts';

let checkout: string;

/** A checkout that was just cloned, with an npm beside it that installs nothing but a pinned Node. */
beforeEach(() => {
  checkout = temporaryFolder();
  for (const folder of ['stack', 'bin']) mkdirSync(join(checkout, folder));
  copyFileSync(join(import.meta.dirname, '../../stack/bootstrap.mjs'), join(checkout, 'stack/bootstrap.mjs'));
  writeFileSync(join(checkout, 'package-lock.json'), '{}');
  writeFileSync(
    join(checkout, 'entry.ts'),
    `console.log(JSON.stringify(process.argv.slice(2)));
     process.on('SIGTERM', () => process.exit(7));
     if (process.argv[2] === 'wait') setInterval(() => {}, 1000);
     else process.exit(Number(process.argv[2]));`,
  );
  writeFileSync(
    join(checkout, 'bin/npm'),
    `#!/bin/sh
echo "$@" >> installs
sleep 1
[ -e registry-is-down ] && exit 1
mkdir -p node_modules/node/bin && ln -sf '${process.execPath}' node_modules/node/bin/node\n`,
  );
  chmodSync(join(checkout, 'bin/npm'), 0o755);
});

function bootstrap(...args: string[]) {
  const env = { ...process.env, PATH: `${join(checkout, 'bin')}:${process.env.PATH}` };
  const child = spawn(process.execPath, [join(checkout, 'stack/bootstrap.mjs'), ...args], {
    env: { ...env, npm_execpath: '', npm_lifecycle_event: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (text.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (text.stderr += data.toString()));
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, ...text }));
  return { child, ended, text };
}

const installs = (): number => readFileSync(join(checkout, 'installs'), 'utf8').trim().split('\n').length;

test('a fresh clone is installed once, and again only when the lock file has changed', async () => {
  expect(await bootstrap('entry.ts', '0').ended).toMatchObject({ status: 0, stdout: '["0"]\n' });
  expect(readFileSync(join(checkout, 'installs'), 'utf8')).toBe(
    'install --no-save --no-audit --no-fund --loglevel=error\n',
  );
  expect((await bootstrap('entry.ts', '0').ended).stderr).toBe('');
  expect(installs()).toBe(1);
  writeFileSync(join(checkout, 'package-lock.json'), '{ "changed": true }');
  await bootstrap('entry.ts', '0').ended;
  expect(installs()).toBe(2);
});

test('two that start in a fresh clone at once install once', async () => {
  const both = await Promise.all([bootstrap('entry.ts', '0').ended, bootstrap('entry.ts', '0').ended]);
  expect(both.map(({ status }) => status)).toEqual([0, 0]);
  expect(installs()).toBe(1);
});

test('an install that fails is said to have failed, and is tried again the next time', async () => {
  writeFileSync(join(checkout, 'registry-is-down'), '');
  const { status, stderr } = await bootstrap('entry.ts', '0').ended;
  expect(status).toBe(1);
  expect(stderr).toContain('error: npm install failed; its messages are above.\n');
  expect(existsSync(join(checkout, '.data/install.lock'))).toBe(false);
  expect((await bootstrap('entry.ts', '0').ended).status).toBe(1);
  expect(installs()).toBe(2);
});

test('arguments reach the entry, and its exit status is that of the whole', async () => {
  const { status, stdout } = await bootstrap('entry.ts', '5', '--flag', 'with space').ended;
  expect({ status, stdout }).toEqual({ status: 5, stdout: '["5","--flag","with space"]\n' });
});

test('a signal reaches the entry, whose answer to it is that of the whole', async () => {
  const { child, ended, text } = bootstrap('entry.ts', 'wait');
  await expect.poll(() => text.stdout, { timeout: 30_000 }).toContain('wait');
  child.kill('SIGTERM');
  expect((await ended).status).toBe(7);
});
