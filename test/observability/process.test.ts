import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;
let children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'worker-process-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
});

interface Line {
  level: string;
  msg: string;
  url?: string;
  time: string;
}

/** Runs a worker process whose role is `body`, and collects what it logs. */
async function run(body: string, env: Record<string, string> = {}) {
  const file = join(folder, `role-${children.length}-${Date.now()}.ts`);
  await writeFile(
    file,
    `import { runWorkerProcess } from ${JSON.stringify(join(root, 'workers/process.ts'))};
     await runWorkerProcess('role', async ({ logger, signal }) => { ${body} });`,
  );
  const child = fork(file, { silent: true, env: { ...process.env, ...env } });
  children.push(child);
  let out = '';
  let err = '';
  child.stdout?.on('data', (data: Buffer) => void (out += data.toString()));
  child.stderr?.on('data', (data: Buffer) => void (err += data.toString()));
  // Not 'close': Node does not emit it for a child that was disconnected.
  const exited = Promise.all([
    once(child, 'exit'),
    once(child.stdout as NodeJS.EventEmitter, 'end'),
    once(child.stderr as NodeJS.EventEmitter, 'end'),
  ]).then(([[code]]) => code as number | null);
  const lines = (): Line[] =>
    out
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
  const logged = async (text: string): Promise<Line> => {
    for (;;) {
      const line = lines().find(({ msg }) => msg.includes(text));
      if (line) return line;
      await Promise.race([once(child.stdout as NodeJS.EventEmitter, 'data'), exited.then(gone)]);
    }
  };
  const gone = (): never => {
    throw new Error(`the process has ended. stdout: ${out} stderr: ${err}`);
  };
  return { child, exited, lines, logged, stderr: () => err };
}

const IDLE = `return { ready: () => true, stop: async () => { logger.info('let go'); } };`;

describe('a worker process', () => {
  test('answers its probes and metrics, and ends with 0 when asked to stop', async () => {
    const role = await run(IDLE);
    const { url, time } = await role.logged('role is running');
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/other`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('process_cpu_seconds_total');
    role.child.kill('SIGTERM');
    expect(await role.exited).toBe(0);
    expect(role.lines().map(({ msg }) => msg)).toEqual([
      'role is running',
      'role stops: SIGTERM',
      'let go',
      'role has stopped',
    ]);
  });

  test('is not ready while its role says so or throws', async () => {
    const no = await run(`return { ready: () => false, stop: async () => {} };`);
    expect((await fetch(`${(await no.logged('is running')).url}/readyz`)).status).toBe(503);
    const throws = await run(`return { ready: () => { throw new Error('x'); }, stop: async () => {} };`);
    expect((await fetch(`${(await throws.logged('is running')).url}/readyz`)).status).toBe(503);
  });

  test('stops when its parent lets go of it', async () => {
    const role = await run(IDLE);
    await role.logged('role is running');
    role.child.disconnect();
    expect(await role.exited).toBe(0);
    expect(role.lines().map(({ msg }) => msg)).toContain('let go');
  });

  test('shows for how long it has been stopping, while it does', async () => {
    const role = await run(
      `return { ready: () => true, stop: () => new Promise((done) => process.once('message', done)) };`,
    );
    const { url } = await role.logged('role is running');
    const seconds = async (): Promise<number> =>
      Number(/^shutdown_seconds (.*)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);
    expect(await seconds()).toBe(0);
    role.child.kill('SIGTERM');
    await role.logged('role stops');
    expect(await seconds()).toBeGreaterThan(0);
    role.child.send('done');
    expect(await role.exited).toBe(0);
  });

  test('ends in an orderly way, to be started again, when its clock is set back', async () => {
    const role = await run(
      `process.once('message', () => {
         const now = Date.now;
         Date.now = () => now() - 600_000;
       }); ${IDLE}`,
    );
    await role.logged('role is running');
    role.child.send('back');
    expect(await role.exited).toBe(1);
    expect(role.lines().map(({ msg }) => msg)).toEqual([
      'role is running',
      'role stops: the clock was set back by 600 s',
      'let go',
      'role has stopped',
    ]);
  });

  test('names every wrong setting on stderr and ends with 2', async () => {
    const role = await run(IDLE, { API_PORT: 'many', LOG_LEVEL: 'loud' });
    expect(await role.exited).toBe(2);
    expect(role.stderr()).toMatch(
      /^role: The configuration is not valid\.\n {2}LOG_LEVEL: .*\n {2}API_PORT: .*\n$/,
    );
  });

  test('logs an unhandled rejection and ends with 1', async () => {
    const role = await run(`setTimeout(() => { void Promise.reject(new Error('lost')); }, 1); ${IDLE}`);
    expect(await role.exited).toBe(1);
    expect(role.lines().at(-1)).toMatchObject({ level: 'fatal', msg: 'role failed: lost' });
  });

  test('ends with 1 when its start fails and with 0 when it has finished by itself', async () => {
    const fails = await run(`throw new Error('no database');`);
    expect(await fails.exited).toBe(1);
    expect(fails.lines().at(-1)).toMatchObject({ level: 'fatal', msg: 'role failed: no database' });
    const ends = await run(
      `return { ready: () => true, stop: async () => {}, finished: Promise.resolve() };`,
    );
    expect(await ends.exited).toBe(0);
  });

  test('that is asked to stop while it starts has not failed', async () => {
    const role = await run(
      `logger.info('starting'); await new Promise((_, reject) => {
         signal.addEventListener('abort', () => reject(new Error('given up')));
         setInterval(() => {}, 1000);
       }); ${IDLE}`,
    );
    await role.logged('starting');
    role.child.kill('SIGTERM');
    expect(await role.exited).toBe(0);
  });
});
