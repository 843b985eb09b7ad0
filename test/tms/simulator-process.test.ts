import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MAIN = fileURLToPath(new URL('../../tms/simulator/main.ts', import.meta.url));
const CONFIG = fileURLToPath(new URL('../../examples/simulator.json', import.meta.url));

function run(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [MAIN, '--tms-port', '0', '--hardware-port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** The first line of its log. */
async function firstLine(child: ChildProcess): Promise<Record<string, unknown>> {
  if (!child.stdout) throw new Error('no output');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return JSON.parse(line) as Record<string, unknown>;
}

test('the example fleet is simulated by a process of its own, which ends with status 0 when told to', async () => {
  const child = run('--config', CONFIG);
  const ready = await firstLine(child);
  expect(ready).toMatchObject({ msg: 'simulator ready', terminals: 3_000 });
  for (const port of [ready.tmsPort, ready.hardwarePort]) {
    expect((await fetch(`http://127.0.0.1:${String(port)}/healthz`)).status).toBe(200);
  }
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a configuration that is wrong ends it with status 1 and says what is wrong', async () => {
  const child = run('--config', '{"tms":[{"name":"acme","failRate":3}]}');
  const [line, [status]] = await Promise.all([firstLine(child), once(child, 'exit')]);
  expect(line).toMatchObject({ level: 'fatal', msg: expect.stringContaining('tms[0].failRate') as string });
  expect(status).toBe(1);
});
