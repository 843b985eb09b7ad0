/** The clock of a process that is set while it runs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { clockEnvironment, setClock } from './clocks.ts';

const HOUR = 3_600_000;

/** What a process says of its clocks, compared with ours, in whole hours. */
const TELL = `
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const [ours, monotonic] = line.split(' ').map(Number);
    const hours = (ms) => Math.round((ms - ours) / ${HOUR});
    console.log(JSON.stringify({
      now: hours(Date.now()),
      date: hours(new Date().getTime()),
      text: hours(Date.parse(Date())) ,
      given: new Date(5).getTime(),
      isDate: new Date() instanceof Date,
      monotonic: Math.round((process.hrtime()[0] * 1000 - monotonic) / ${HOUR}),
    }));
  });`;

test('what is set is what it says from then on, also before its first line, and time is measured as before', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tpe-clock-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const env = { ...process.env, ...clockEnvironment(folder, 'role') };
  setClock(folder, 'role', HOUR);
  const child = spawn(process.execPath, ['-e', TELL], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const asked = async (): Promise<unknown> => {
    child.stdin.write(`${Date.now()} ${process.hrtime()[0] * 1000}\n`);
    return JSON.parse(String((await once(lines, 'line'))[0])) as unknown;
  };
  const right = { given: 5, isDate: true, monotonic: 0 };
  expect(await asked()).toEqual({ now: 1, date: 1, text: 1, ...right });
  setClock(folder, 'role', -3 * HOUR);
  await expect.poll(asked, { timeout: 20_000 }).toEqual({ now: -3, date: -3, text: -3, ...right });
});
