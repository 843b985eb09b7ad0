import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { assertFree, type Ports, freePorts, PORTS, type PortName } from '../../stack/ports.ts';
import { onPath } from '../../stack/tools.ts';
import { temporaryFolder } from './rig.ts';

const ROOT = join(import.meta.dirname, '../..');

interface Launched {
  child: ChildProcess;
  ended: Promise<{ status: number | null; stdout: string; stderr: string }>;
}

/** Runs a launcher as `npm` does, without npm. */
function launch(file: string, args: string[], env: Record<string, string> = {}): Launched {
  const child = spawn(process.execPath, [join(ROOT, 'stack', file), ...args], {
    env: { ...process.env, TEMPORAL_ADDRESS: '', DATABASE_URL: '', KAFKA_BROKERS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (text.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (text.stderr += data.toString()));
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, ...text }));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, ended };
}

function portVariables(ports: Ports): Record<string, string> {
  const names = Object.keys(PORTS) as PortName[];
  return Object.fromEntries(names.map((name) => [PORTS[name].variable, String(ports[name])]));
}

test('npm start on a taken port ends with one clear line and nothing left behind', async () => {
  const ports = await freePorts();
  const server = createServer().listen(ports.kafka, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const dataDir = temporaryFolder();
  const { status, stdout, stderr } = await launch('start.ts', ['--data-dir', dataDir], portVariables(ports))
    .ended;
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr:
      `error: Port ${ports.kafka}, for Kafka, is taken.\n` +
      '  Set KAFKA_PORT to a free port, or move all ports by --port-offset N (STACK_PORT_OFFSET).\n',
  });
});

test.each([
  [
    'demo.ts',
    ['--terminals', 'many'],
    "option '--terminals <n>' argument 'many' is invalid. It must be a whole number",
  ],
  ['demo.ts', ['--terminals', '0'], '--terminals must be at least 1.'],
  ['demo.ts', ['--terminals', '4000'], 'There are only 3000 terminals in'],
  ['demo.ts', ['--terminal', '3'], "unknown option '--terminal'"],
  ['demo.ts', ['300'], 'too many arguments'],
  ['start.ts', ['--port-offset', '-5'], "option '--port-offset <n>' argument '-5' is invalid"],
])('%s %j is refused in words', async (file, args, message) => {
  const { status, stderr } = await launch(file, args).ended;
  expect(stderr).toContain(`error: ${message}`);
  expect(stderr).not.toContain('    at ');
  expect(status).toBe(1);
});

test('a missing tool is named with the remedy, and nothing that was started is left', async () => {
  const ports = await freePorts();
  // A PATH with nothing but what the part that is not missing needs.
  const bin = join(temporaryFolder(), 'bin');
  mkdirSync(bin);
  for (const tool of ['java', 'id', 'setpriv', 'tar', 'ps']) {
    const path = await onPath(tool);
    if (path) symlinkSync(path, join(bin, tool));
  }
  const { status, stderr } = await launch('start.ts', ['--data-dir', temporaryFolder()], {
    ...portVariables(ports),
    PATH: bin,
    JAVA_HOME: '',
    TPE_CACHE_DIR: temporaryFolder(),
    // Nobody listens there: the download fails wherever this runs.
    HTTPS_PROXY: 'http://127.0.0.1:9',
  }).ended;
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /error: (the Temporal server can't be had|Kafka can't be had) \(.*not on PATH\)\.\n {2}Install /,
  );
  await assertFree(ports, ['temporal', 'postgres', 'kafka']);
});

test('an address of a server that does not answer is named, and how to do without it', async () => {
  const ports = await freePorts();
  const { status, stderr } = await launch('start.ts', ['--data-dir', temporaryFolder()], {
    ...portVariables(ports),
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    DATABASE_URL: 'postgres://postgres@127.0.0.1:1/tpe',
    KAFKA_BROKERS: '127.0.0.1:1',
  }).ended;
  expect(status).toBe(1);
  expect(stderr).toMatch(/error: (Temporal|Kafka|PostgreSQL) .*127\.0\.0\.1:1/);
  expect(stderr).toMatch(/TEMPORAL_ADDRESS|KAFKA_BROKERS|DATABASE_URL/);
});

test('a launcher whose starter is gone stops', async () => {
  const ports = await freePorts();
  const script = `const child = require('node:child_process').spawn(process.execPath,
    [${JSON.stringify(join(ROOT, 'stack/start.ts'))}, '--data-dir', ${JSON.stringify(temporaryFolder())}],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    console.log('pid ' + child.pid);`;
  const starter = spawn(process.execPath, ['-e', script], {
    env: {
      ...process.env,
      ...portVariables(ports),
      TEMPORAL_ADDRESS: '',
      DATABASE_URL: '',
      KAFKA_BROKERS: '',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  starter.stdout.on('data', (data: Buffer) => (told += data.toString()));
  starter.stderr.on('data', (data: Buffer) => (told += data.toString()));
  await expect.poll(() => told, { timeout: 60_000 }).toContain('… Starting Temporal');
  starter.kill('SIGKILL');
  // Both ends of its output are closed once the launcher and all that it has started are gone.
  await once(starter, 'close');
  expect(told).toContain('Stopping.');
});
