/** What every Temporal worker process of ours shares: its connection, its bridge to our logs, its client. */
import { Client, Connection } from '@temporalio/client';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  type Worker,
} from '@temporalio/worker';
import type { Config } from '../config.ts';
import type { Logger } from '../observability/logger.ts';
import type { WorkerHandle } from './process.ts';

/** A look whose terminal was settled by another one meanwhile: nobody waits for its answer (tpe-update.ts). */
const ANSWER_TO_NOBODY = 'Activity not found on completion';

/** Sends what the SDK has to say to our logs. Once per process, before any worker is made. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      const { error, ...others } = meta ?? {};
      // An error has no fields of its own that JSON would show; the logger's `err` has its message and stack.
      const fields = error === undefined ? others : { ...others, err: error as unknown };
      if (level === 'ERROR') logger.error(fields, message);
      else if (level === 'WARN' && !message.startsWith(ANSWER_TO_NOBODY)) logger.warn(fields, message);
      else logger.debug(fields, message);
    }),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
    // Ours is the process's main: it decides when to stop (workers/process.ts).
    shutdownSignals: [],
  });
}

/** @throws an error that names the address when the server does not answer */
export async function connectWorker({ temporal }: Config): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect({ address: temporal.address });
  } catch (error) {
    throw unreachable(temporal.address, error);
  }
}

/** @throws an error that names the address when the server does not answer */
export async function connectClient({ temporal }: Config): Promise<Client> {
  try {
    const connection = await Connection.connect({ address: temporal.address, connectTimeout: '10s' });
    return new Client({ connection, namespace: temporal.namespace });
  } catch (error) {
    throw unreachable(temporal.address, error);
  }
}

function unreachable(address: string, cause: unknown): Error {
  return new Error(`Temporal does not answer at ${address}. Start it, or set TEMPORAL_ADDRESS.`, { cause });
}

/** Runs workers until they are told to stop. A worker that fails ends the process, which is then restarted. */
export function runWorkers(workers: readonly Worker[], close: () => Promise<void>): WorkerHandle {
  const running = Promise.all(workers.map((worker) => worker.run()));
  // Also where the process's main does not get to await it.
  running.catch(() => undefined);
  return {
    ready: () => workers.every((worker) => worker.getState() === 'RUNNING'),
    finished: running.then(() => undefined),
    async stop() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
      await close();
    },
  };
}
