/** The process of the HTTP API. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { createPool } from '../db/pool.ts';
import { runWorkerProcess } from '../workers/process.ts';
import { createApp } from './app.ts';
import { CampaignsFeed } from './campaigns-feed.ts';
import { CONSOLE_FOLDER, loadConsole } from './console.ts';
import { ProgressFeed } from './progress-feed.ts';

/** Requests under way at a stop have this long to finish. */
const DRAIN_MS = 10_000;

await runWorkerProcess('api', async ({ config, logger }) => {
  const pool = createPool(config.database, 'api');
  // Lazy, and so is the pool: the API starts while the rest is still starting, and says so on /readyz.
  const connection = Connection.lazy({ address: config.temporal.address });
  const temporal = new Client({ connection, namespace: config.temporal.namespace });
  const progress = new ProgressFeed(pool, {
    onError: (error) => logger.warn({ err: error }, 'a look at the progress of a campaign failed'),
  });
  const campaigns = new CampaignsFeed(pool, config.temporal, {
    onError: (error) => logger.warn({ err: error }, 'a look at the live campaigns failed'),
  });
  const consoleFiles = loadConsole(CONSOLE_FOLDER);
  if (!consoleFiles)
    logger.warn({ folder: CONSOLE_FOLDER }, 'the web console is not built: the API alone is served');
  const app = createApp({ config, pool, temporal, logger, progress, campaigns, console: consoleFiles });
  const server = createServer(app);
  await listen(server, config.api);
  const { port } = server.address() as AddressInfo;
  logger.info({ url: `http://${config.api.host}:${port}` }, 'the API listens');
  return {
    ready: () => server.listening,
    async stop() {
      progress.close();
      campaigns.close();
      await drain(server);
      await connection.close();
      await pool.end();
    },
  };
});

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken
          ? new Error(`Port ${port} on ${host} is taken: stop what uses it, or set API_PORT.`, {
              cause: error,
            })
          : error,
      );
    });
    server.listen(port, host, resolve);
  });
}

async function drain(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(timer);
}
