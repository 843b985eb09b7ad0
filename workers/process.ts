import type { Registry } from 'prom-client';
import { ConfigError, loadConfig } from '../config.ts';
import type { Config } from '../config.ts';
import { serveWorkerHttp } from '../observability/http.ts';
import { createLogger } from '../observability/logger.ts';
import type { Logger } from '../observability/logger.ts';
import { noteStop, registry } from '../observability/metrics.ts';
import { clockSetBack } from './clock.ts';

export interface WorkerContext {
  config: Config;
  logger: Logger;
  registry: Registry;
  /** Aborted when the process has been asked to stop, before `stop()` is called; also while it still starts. */
  signal: AbortSignal;
}

/** The running role of a process. */
export interface WorkerHandle {
  /** Whether it can do its work now: what `/readyz` answers. */
  ready(): boolean | Promise<boolean>;
  /** Finishes what is under way and lets go of everything; called once. */
  stop(): Promise<void>;
  /** Where the role can end by itself: resolves to end the process with 0, rejects to end it with 1. */
  finished?: Promise<void>;
}

/** A stop that takes longer is cut off. Orchestrators kill after 30 s by default; this leaves time to log. */
const STOP_TIMEOUT_MS = 20_000;

/**
 * The main of every worker process. Reads the configuration, serves `/healthz`, `/readyz` and `/metrics` on
 * `WORKER_PORT`, starts the role, and stops it on SIGTERM, SIGINT, when the parent that holds its IPC channel is
 * gone, or when the clock was set back.
 *
 * Exit status: 0 after a stop that was asked for, 1 after a failure or where it is to be started again, 2 when the
 * configuration is wrong. An unhandled rejection or exception ends the process, because what is in an unknown state
 * should start anew.
 * @param name the role, for example `relay`; the name of its logs
 */
export async function runWorkerProcess(
  name: string,
  start: (context: WorkerContext) => Promise<WorkerHandle>,
): Promise<void> {
  const config = readConfig(name);
  const logger = createLogger(config, name);
  logWarnings(logger);
  const die = (error: unknown): void => {
    logger.fatal({ err: error }, `${name} failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  };
  process.on('unhandledRejection', die);
  process.on('uncaughtException', die);

  const stopping = new AbortController();
  const stopRequested = onStopRequest((cause) => {
    if (stopping.signal.aborted) {
      logger.warn(`${name} was asked to stop twice (${cause}): it ends without finishing its work`);
      process.exit(1);
    }
    logger.info(`${name} stops: ${cause}`);
    noteStop();
    stopping.abort();
  });

  let handle: WorkerHandle | undefined;
  try {
    const http = await serveWorkerHttp({
      host: config.api.host,
      port: config.workerPort,
      ready: () => handle !== undefined && !stopping.signal.aborted && handle.ready(),
      registry,
    });
    const url = `http://${config.api.host}:${http.port}`;
    handle = await start({ config, logger, registry, signal: stopping.signal });
    logger.info({ url }, `${name} is running`);
    await Promise.race([stopRequested, handle.finished ?? stopRequested]);
    await withinStopTimeout(handle.stop());
    await http.close();
  } catch (error) {
    // A role that gives up its start because it was asked to stop has not failed.
    if (!(stopping.signal.aborted && handle === undefined)) die(error);
  }
  logger.info(`${name} has stopped`);
  process.exit();
}

function readConfig(name: string): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    return process.exit(2);
  }
}

/** Resolves at the first request to stop; `onRequest` is told of each one. */
function onStopRequest(onRequest: (cause: string) => void): Promise<void> {
  return new Promise((resolve) => {
    const request = (cause: string): void => {
      onRequest(cause);
      resolve();
    };
    process.on('SIGTERM', () => request('SIGTERM'));
    process.on('SIGINT', () => request('SIGINT'));
    void clockSetBack().then((cause) => {
      process.exitCode = 1;
      return request(cause);
    });
    if (process.channel) process.once('disconnect', () => request('the parent process has ended'));
  });
}

async function withinStopTimeout(stopped: Promise<void>): Promise<void> {
  const timer = setTimeout(() => {
    process.stderr.write(`It did not stop within ${STOP_TIMEOUT_MS / 1000} s and is cut off.\n`);
    process.exit(1);
  }, STOP_TIMEOUT_MS);
  try {
    await stopped;
  } finally {
    clearTimeout(timer);
  }
}

/** Node's own warnings as log lines, so that every line of the output is JSON. */
function logWarnings(logger: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    // kafkajs asks for timers in the past after each answer; Node takes them as "at once", which is meant.
    if (warning.name !== 'TimeoutNegativeWarning') logger.warn({ err: warning }, warning.message);
  });
}
