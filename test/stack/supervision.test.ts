import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDataDir } from '../../stack/data-dir.ts';
import { describeError } from '../../stack/errors.ts';
import { freePorts } from '../../stack/ports.ts';
import { Supervisor } from '../../stack/supervisor.ts';
import { nodeSpec, recordedProgress, survivors, temporaryFolder } from './rig.ts';

async function openSupervisor() {
  const folder = temporaryFolder();
  const dataDir = await openDataDir(folder);
  const progress = recordedProgress();
  const supervisor = new Supervisor(dataDir, progress);
  onTestFinished(async () => {
    await supervisor.stop();
    dataDir.release();
  });
  return { supervisor, progress, dataDir, folder, ports: await freePorts() };
}

test('a process that is killed is started again and becomes ready', async () => {
  const { supervisor, progress, ports } = await openSupervisor();
  const managed = await supervisor.start(nodeSpec('worker', ports.tms));
  const first = managed.pid;
  managed.kill('SIGKILL');
  expect(await managed.waitExit()).toEqual({ code: null, signal: 'SIGKILL' });
  await managed.ready();
  expect(managed.pid).not.toBe(first);
  expect(managed.restarts).toBe(1);
  expect(progress.notes).toEqual([
    'worker ended by SIGKILL: it is started again in 0.5 s',
    'worker runs again',
  ]);
});

test('a process that yields leaves the processors to others', async () => {
  const { supervisor, ports } = await openSupervisor();
  const managed = await supervisor.start(nodeSpec('yielding', ports.tms, '', { yields: true }));
  const pid = managed.pid ?? 0;
  expect(getPriority(pid)).toBe(10);
  const session = `/proc/${pid}/autogroup`;
  if (existsSync(session)) expect(readFileSync(session, 'utf8')).toContain('nice 10');
});

test('a process that keeps ending is started again ever more rarely', async () => {
  const { supervisor, progress, folder, ports } = await openSupervisor();
  const broken = join(folder, 'broken');
  const managed = await supervisor.start(
    nodeSpec(
      'worker',
      ports.tms,
      `if (require('node:fs').existsSync(${JSON.stringify(broken)})) process.exit(3);`,
    ),
  );
  writeFileSync(broken, '');
  managed.kill('SIGKILL');
  await expect.poll(() => progress.notes.length, { timeout: 30_000 }).toBe(3);
  expect(progress.notes).toEqual([
    'worker ended by SIGKILL: it is started again in 0.5 s',
    'worker ended with status 3 while it started: it is started again in 1 s',
    'worker ended with status 3 while it started: it is started again in 2 s',
  ]);
});

test('a process that ends for want of room on its disk is said to, and no more once it has some', async () => {
  const { supervisor, progress, folder, ports } = await openSupervisor();
  const full = join(folder, 'full');
  const managed = await supervisor.start(
    nodeSpec(
      'server',
      ports.tms,
      `const { existsSync, rmSync } = require('node:fs');
       if (existsSync(${JSON.stringify(full)})) {
         rmSync(${JSON.stringify(full)});
         console.error('PANIC: could not write to file "pg_wal/1": No space left on device');
         process.exit(1);
       }`,
    ),
  );
  writeFileSync(full, '');
  managed.kill('SIGKILL');
  await expect.poll(() => progress.notes.length, { timeout: 30_000 }).toBe(3);
  managed.kill('SIGKILL');
  await expect.poll(() => progress.notes.length, { timeout: 30_000 }).toBeGreaterThan(3);
  expect(progress.notes.slice(0, 4)).toEqual([
    'server ended by SIGKILL: it is started again in 0.5 s',
    'server ended with status 1 while it started, with no room left on its disk: it is started again in 1 s',
    'server runs again',
    'server ended by SIGKILL: it is started again in 2 s',
  ]);
});

test('a process that runs and is beyond hope is killed, and started again', async () => {
  const { supervisor, progress, ports } = await openSupervisor();
  let looks = 0;
  const managed = await supervisor.start(
    nodeSpec('worker', ports.tms, '', {
      hopeEveryMs: 50,
      // Doubt that passes is no reason; a look that fails says nothing.
      isBeyondHope: async () => {
        looks++;
        if (looks === 2) throw new Error('no answer');
        return looks < 6;
      },
    }),
  );
  const first = managed.pid;
  await managed.waitExit();
  expect(looks).toBe(5);
  await managed.ready();
  expect(managed.pid).not.toBe(first);
  expect(progress.notes).toEqual([
    'worker runs, but will not work again by itself: it is killed',
    'worker ended by SIGKILL: it is started again in 0.5 s',
    'worker runs again',
  ]);
});

test('a process that ends while it starts fails the start, with the end of its log', async () => {
  const { supervisor, ports } = await openSupervisor();
  const failure = await supervisor
    .start(nodeSpec('worker', ports.tms, `console.error('no disk'); process.exit(4);`))
    .catch((error: unknown) => error);
  expect(describeError(failure)).toMatch(
    /no disk\n\nerror: worker ended with status 4 while it started\.\n {2}Its log: .*worker\.log/,
  );
});

test('a process that never becomes ready fails the start and is ended', async () => {
  const { supervisor, ports } = await openSupervisor();
  const spec = nodeSpec('worker', ports.tms, '', {
    readyTimeoutMs: 1_000,
    check: () => Promise.reject(new Error('nobody there')),
  });
  await expect(supervisor.start(spec)).rejects.toThrow('worker is not ready after 1 s: nobody there');
  expect(() => supervisor.get('worker')).toThrow('No process worker was started');
});

test('a program that does not exist fails the start', async () => {
  const { supervisor, ports } = await openSupervisor();
  const spec = nodeSpec('worker', ports.tms, '', { command: '/nowhere/program' });
  await expect(supervisor.start(spec)).rejects.toThrow('worker ended with status 127');
});

test('stages are stopped one after the other, the highest first', async () => {
  const { supervisor, folder, ports } = await openSupervisor();
  const order = join(folder, 'order');
  const script = (name: string, delay: number): string =>
    `process.on('SIGTERM', () => setTimeout(() => { require('node:fs').appendFileSync(${JSON.stringify(order)}, '${name} '); process.exit(); }, ${delay}));`;
  await supervisor.start(nodeSpec('database', ports.postgres, script('database', 0)));
  await supervisor.start(nodeSpec('simulator', ports.simulatorTms, script('simulator', 200), { stage: 1 }));
  await supervisor.start(nodeSpec('api', ports.api, script('api', 400), { stage: 2 }));
  await supervisor.stop();
  expect(readFileSync(order, 'utf8')).toBe('api simulator database ');
});

test('a process that does not heed the stop is killed, with what it has started', async () => {
  const { supervisor, progress, folder, ports } = await openSupervisor();
  const child = join(folder, 'child');
  const script =
    `process.on('SIGTERM', () => {});` +
    `const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);` +
    `require('node:fs').writeFileSync(${JSON.stringify(child)}, String(child.pid));`;
  const managed = await supervisor.start(nodeSpec('worker', ports.tms, script, { stopTimeoutMs: 500 }));
  await expect.poll(() => existsSync(child)).toBe(true);
  const pids = [managed.pid ?? 0, Number(readFileSync(child, 'utf8'))];
  expect(survivors(pids)).toEqual(pids);
  await supervisor.stop();
  expect(progress.notes).toContain('worker did not stop within 0.5 s: killed');
  await expect.poll(() => survivors(pids)).toEqual([]);
});

test('a data folder that a stack uses is refused to another until the first lets go', async () => {
  const { folder, dataDir } = await openSupervisor();
  await expect(openDataDir(folder)).rejects.toThrow(
    `The data folder ${folder} is in use by a stack (process ${process.pid}).`,
  );
  dataDir.release();
  const second = await openDataDir(folder);
  second.release();
});

test('a data folder that is opened fresh holds nothing of before', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'old'), '');
  const dataDir = await openDataDir(folder, true);
  onTestFinished(() => dataDir.release());
  expect(existsSync(join(folder, 'old'))).toBe(false);
});

/** Starts a stack of three processes in a process of its own, and tells their ids. */
async function startVictim(folder: string): Promise<{ victim: ChildProcess; pids: number[] }> {
  const { orchestrator, tms, relay } = await freePorts();
  const script = join(folder, 'victim.ts');
  const at = (path: string): string => JSON.stringify(join(import.meta.dirname, '../..', path));
  writeFileSync(
    script,
    `import { openDataDir } from ${at('stack/data-dir.ts')};
     import { Supervisor } from ${at('stack/supervisor.ts')};
     import { silentProgress } from ${at('stack/progress.ts')};
     import { nodeSpec } from ${at('test/stack/node-spec.ts')};
     const dataDir = await openDataDir(${JSON.stringify(join(folder, 'data'))});
     const supervisor = new Supervisor(dataDir, silentProgress);
     const stubborn = "process.on('SIGTERM', () => {});";
     const started = [
       await supervisor.start(nodeSpec('a', ${orchestrator})),
       await supervisor.start(nodeSpec('b', ${tms}, '', { stage: 1 })),
       await supervisor.start(nodeSpec('c', ${relay}, stubborn, { stage: 2, stopTimeoutMs: 500 })),
     ];
     const tell = () => process.send?.([...started.map(({ pid }) => pid), dataDir.reaper.pid]);
     process.on('message', tell);
     tell();`,
  );
  const victim = fork(script, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [pids] = (await once(victim, 'message')) as [number[]];
  return { victim, pids };
}

test('when the stack is killed, everything that it has started ends, and so does the reaper', async () => {
  const folder = temporaryFolder();
  const { victim, pids } = await startVictim(folder);
  expect(survivors(pids)).toEqual(pids);
  victim.kill('SIGKILL');
  await expect.poll(() => survivors(pids), { timeout: 30_000 }).toEqual([]);
  // What is left behind stops nobody.
  const next = await openDataDir(join(folder, 'data'));
  next.release();
});

test('a reaper that is killed is replaced', async () => {
  const folder = temporaryFolder();
  const { victim, pids } = await startVictim(folder);
  process.kill(pids.at(-1) ?? 0, 'SIGKILL');
  let all = pids;
  await expect
    .poll(async () => {
      victim.send('tell');
      [all] = (await once(victim, 'message')) as [number[]];
      return all.at(-1) === pids.at(-1);
    })
    .toBe(false);
  victim.kill('SIGKILL');
  await expect.poll(() => survivors(all), { timeout: 30_000 }).toEqual([]);
});
