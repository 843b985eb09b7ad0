import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface WorkerHttpOptions {
  /** Address to listen on; default loopback only. */
  host?: string;
  /** 0 takes any free port. */
  port: number;
  /** Whether the process can do its work now; throwing counts as no. */
  ready: () => boolean | Promise<boolean>;
  registry: Registry;
}

export interface WorkerHttp {
  /** The port that it really listens on. */
  port: number;
  /** Stops listening and drops open connections. */
  close(): Promise<void>;
}

/** A readiness check that has not answered after this long counts as "not ready". */
const READY_TIMEOUT_MS = 2_000;

/**
 * Serves what probes and Prometheus ask of a worker process: `/healthz` (200 while the process lives),
 * `/readyz` (200 or 503) and `/metrics`.
 * @throws the listen error, for example EADDRINUSE, with the port in its message
 */
export async function serveWorkerHttp(options: WorkerHttpOptions): Promise<WorkerHttp> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: Error) => {
      send(response, 500, 'text/plain', `${error.message}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  options: WorkerHttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    send(response, 405, 'text/plain', 'Only GET is answered here.\n');
  } else if (path === '/healthz') {
    send(response, 200, 'application/json', '{"status":"up"}\n');
  } else if (path === '/readyz') {
    const ready = await isReady(options.ready);
    send(response, ready ? 200 : 503, 'application/json', `{"status":"${ready ? 'ready' : 'not ready'}"}\n`);
  } else if (path === '/metrics') {
    send(response, 200, options.registry.contentType, await options.registry.metrics());
  } else {
    send(response, 404, 'text/plain', 'Not found. This process answers /healthz, /readyz and /metrics.\n');
  }
}

async function isReady(check: WorkerHttpOptions['ready']): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, READY_TIMEOUT_MS, false);
  });
  try {
    return await Promise.race([(async () => check())(), tooLate]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}
