import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi } from './test-api.ts';

const MAIN = fileURLToPath(new URL('../../api/main.ts', import.meta.url));

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
afterAll(() => api.close());

interface Running {
  child: ChildProcess;
  /** Resolves with the first line of the log that has this field. */
  line(field: string): Promise<Record<string, unknown>>;
  /** Exit status. */
  ended: Promise<number | null>;
  log(): string;
}

function start(port: number): Running {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      DATABASE_URL: api.config.database.url,
      TEMPORAL_ADDRESS: api.config.temporal.address,
      TEMPORAL_NAMESPACE: api.config.temporal.namespace,
      API_PORT: String(port),
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const waiting: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      log += chunk;
      for (const look of waiting) look();
    });
  }
  return {
    child,
    line: (field) =>
      new Promise((resolve) => {
        const look = (): void => {
          const complete = log
            .slice(0, log.lastIndexOf('\n') + 1)
            .split('\n')
            .filter((each) => each.startsWith('{'));
          const found = complete.map((each) => JSON.parse(each)).find((each) => field in each);
          if (found) resolve(found);
        };
        waiting.push(look);
        look();
      }),
    ended: new Promise((resolve) => child.once('close', resolve)),
    log: () => log,
  };
}

test('the process serves, and at a stop ends open streams and exits with 0', async () => {
  await api.fleet([{}]);
  const campaignId = await api.campaign();
  const process = start(0);
  const { url } = await process.line('url');
  expect((await fetch(`${String(url)}/readyz`)).status).toBe(200);
  const stream = await fetch(`${String(url)}/api/v1/campaigns/${campaignId}/stream`);

  process.child.kill('SIGTERM');
  expect(await stream.text()).toContain('event: progress');
  expect(await process.ended).toBe(0);
});

test('a port that is taken is told by its number, and the process ends with 1', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const process = start(port);
  expect(await process.ended).toBe(1);
  expect(process.log()).toContain(`Port ${port} on 127.0.0.1 is taken: stop what uses it, or set API_PORT.`);
  await new Promise((resolve) => taken.close(resolve));
});
