import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { cached, oneAtATime } from '../../stack/cache.ts';
import { temporaryFolder } from './rig.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
  vi.stubEnv('TPE_CACHE_DIR', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
});

test('what is in the cache is not built again', async () => {
  let builds = 0;
  const build = async (dir: string): Promise<void> => {
    builds++;
    writeFileSync(join(dir, 'file'), 'text');
  };
  const path = await cached('part-1', build);
  expect(await cached('part-1', build)).toBe(path);
  expect(builds).toBe(1);
  expect(readFileSync(join(path, 'file'), 'utf8')).toBe('text');
});

test('a build that fails leaves nothing, and the next one tries again', async () => {
  await expect(cached('part-1', () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
  expect(readdirSync(folder)).toEqual([]);
  const path = await cached('part-1', async (dir) => writeFileSync(join(dir, 'file'), ''));
  expect(existsSync(join(path, 'file'))).toBe(true);
});

test('the lock and the half-built folder of a process that was killed hold up nobody', async () => {
  const gone = fork('-e', [], { execArgv: ['-e', '0'], silent: true });
  await once(gone, 'exit');
  writeFileSync(join(folder, 'part-1.lock'), String(gone.pid));
  mkdirSync(join(folder, '.part-1-half'));
  await cached('part-1', async () => undefined);
  expect(readdirSync(folder)).toEqual(['part-1']);
});

test('processes that want the same part at once build it once', async () => {
  const script = join(folder, 'build.ts');
  writeFileSync(
    script,
    `import { appendFileSync, writeFileSync } from 'node:fs';
     import { cached } from ${JSON.stringify(join(import.meta.dirname, '../../stack/cache.ts'))};
     const path = await cached('part-1', async (dir) => {
       appendFileSync(${JSON.stringify(join(folder, 'builds'))}, 'x');
       await new Promise((resolve) => setTimeout(resolve, 1_000));
       writeFileSync(dir + '/file', 'complete');
     });
     process.exitCode = (await import('node:fs')).readFileSync(path + '/file', 'utf8') === 'complete' ? 0 : 1;`,
  );
  const builders = [1, 2, 3].map(() => fork(script, { execArgv: [] }));
  const exits = await Promise.all(builders.map((builder) => once(builder, 'exit')));
  expect(exits.map(([code]) => code as number)).toEqual([0, 0, 0]);
  expect(readFileSync(join(folder, 'builds'), 'utf8')).toBe('x');
});

test('what goes one at a time never runs beside itself, also where it fails', async () => {
  let running = 0;
  const seen: number[] = [];
  const work = async (): Promise<void> => {
    seen.push(++running);
    await pause(20);
    running--;
    if (seen.length === 2) throw new Error('no network');
  };
  const ends = await Promise.allSettled([1, 2, 3].map(() => oneAtATime('work', work)));
  expect(seen).toEqual([1, 1, 1]);
  expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(1);
});
