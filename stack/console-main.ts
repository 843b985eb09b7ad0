/**
 * `node stack/console-main.ts build | dev | types`: builds the web console if its sources have changed, serves it from its
 * sources while it is worked on (with the API of a running stack), or only writes the types of the API that it needs.
 */
import { join } from 'node:path';
import { buildConsole, writeTypes } from './console.ts';
import { StackError } from './errors.ts';
import { inCheckout, runLauncher } from './launcher.ts';

await runLauncher(async ({ stopRequested }) => {
  const [, , task] = process.argv;
  switch (task) {
    case 'build':
      await buildConsole();
      return 0;
    case 'types':
      await writeTypes();
      return 0;
    case 'dev':
      await serve(stopRequested);
      return 0;
    default:
      throw new StackError(`There is no task ${task}.`, { remedy: 'It is one of build, dev, types.' });
  }
});

async function serve(stopRequested: Promise<void>): Promise<void> {
  await writeTypes();
  const { createServer } = await import('vite');
  const server = await createServer({ configFile: join(inCheckout('console'), 'vite.config.ts') });
  await server.listen();
  server.printUrls();
  await stopRequested;
  await server.close();
}
