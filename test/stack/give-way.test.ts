/** Several processes that yield, started at once by somebody who is not root. */
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { onPath } from '../../stack/tools.ts';

const run = promisify(execFile);
const GIVE_WAY = new URL('../../stack/give-way.ts', import.meta.url).href;

/** Runs a program without what Linux asks for where weights are set one upon the other. */
async function asOrdinary(program: string[]): Promise<[string, string[]] | undefined> {
  if (process.getuid?.() !== 0) return [program[0] ?? '', program.slice(1)];
  const setpriv = await onPath('setpriv');
  return setpriv ? [setpriv, ['--bounding-set=-sys_admin', '--inh-caps=-sys_admin', ...program]] : undefined;
}

test('all of them give way, and none of them fails', async (context) => {
  const pids = Array.from({ length: 3 }, () => {
    const child = spawn('sleep', ['60'], { detached: true });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child.pid ?? 0;
  });
  const weights = (): string[] => pids.map((pid) => readFileSync(`/proc/${pid}/autogroup`, 'utf8').trim());
  if (!existsSync(`/proc/${pids[0]}/autogroup`))
    return context.skip('Linux shares nothing among sessions here');
  const script = `import { giveWay } from ${JSON.stringify(GIVE_WAY)};
    const alive = setInterval(() => {}, 50);
    await Promise.all(${JSON.stringify(pids)}.map(giveWay));
    clearInterval(alive);`;
  const command = await asOrdinary([process.execPath, '--input-type=module', '--eval', script]);
  if (!command) return context.skip('there is no setpriv');
  await run(...command);
  expect(weights()).toEqual(pids.map(() => expect.stringMatching(/nice 10$/)));
});
