/** `npm run temporal -- ARGS`: the Temporal CLI that the stack runs with, for who has none on the PATH. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fetching } from './infrastructure.ts';
import { runLauncher } from './launcher.ts';
import { silentProgress } from './progress.ts';
import { findTemporal } from './temporal.ts';

await runLauncher(async ({ signal }) => {
  const command = await fetching(
    { progress: silentProgress, signal },
    'Looking for the Temporal CLI',
    findTemporal,
  );
  const child = spawn(command, process.argv.slice(2), { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
});
