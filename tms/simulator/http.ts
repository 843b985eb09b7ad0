/** The little of HTTP that the simulator needs, without a framework: it is to be faster than what it tests. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** 10,000 updates in one call, or a fleet of 300,000. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface Call {
  method: string;
  /** Decoded segments of the path. */
  segments: string[];
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
  /** Milliseconds until it is sent. */
  delayMs?: number;
  /** How it reaches the caller; default whole. */
  delivery?: 'whole' | 'half' | 'cut' | 'never';
  /** Sent as it is instead of JSON. */
  text?: string;
}

/** The caller's mistake; its message is for him. */
export class BadRequest extends Error {
  override name = 'BadRequest';
}

export interface RunningServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Listens on loopback.
 * @param port 0 takes any free one
 * @throws Error saying that the port is taken
 */
export async function serve(port: number, handle: (call: Call) => Reply): Promise<RunningServer> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    answer(request, response, handle).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new Error(`Port ${port} is taken; choose another one.`) : error),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  handle: (call: Call) => Reply,
): Promise<void> {
  const body = await readBody(request);
  const reply = tryHandle(request, body, handle);
  if (reply.delayMs) await delay(reply.delayMs);
  const text = reply.text ?? JSON.stringify(reply.body);
  switch (reply.delivery) {
    case 'never':
      return;
    case 'cut':
      response.destroy();
      return;
    case 'half':
      response.writeHead(reply.status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      });
      response.write(text.slice(0, text.length / 2), () => response.destroy());
      return;
    default:
      response.writeHead(reply.status, {
        'content-type': reply.text === undefined ? 'application/json' : 'text/html',
        'content-length': Buffer.byteLength(text),
        ...reply.headers,
      });
      response.end(text);
  }
}

function tryHandle(request: IncomingMessage, body: string, handle: (call: Call) => Reply): Reply {
  const [path = '/', query] = (request.url ?? '/').split('?', 2);
  try {
    const segments = path.split('/').slice(1).map(decodeURIComponent);
    const { method = 'GET', headers } = request;
    return handle({ method, segments, query: new URLSearchParams(query), headers, body });
  } catch (error) {
    const known = error instanceof BadRequest || error instanceof URIError;
    const code = known ? 'invalid-request' : 'internal-error';
    return { status: known ? 400 : 500, body: { error: { code, message: (error as Error).message } } };
  }
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BODY_BYTES) request.destroy();
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
  });
}

/** Parses a JSON body. @throws BadRequest when it is none */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new BadRequest(`The body is not JSON: ${(error as Error).message}`);
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
