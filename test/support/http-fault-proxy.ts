/** Stands between an adapter and its TMS and spoils the answers, whatever protocol they speak over HTTP. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';

export type Fault =
  /** The TMS is not asked, and nobody answers. */
  | { kind: 'hang' }
  /** The TMS is not asked; the connection is cut. */
  | { kind: 'cut' }
  /** The TMS does what it is asked; the connection is cut before its answer. */
  | { kind: 'lost' }
  /** The TMS does what it is asked; the connection is cut in the middle of its answer. */
  | { kind: 'half' }
  /** The TMS does what it is asked; this is answered instead. */
  | { kind: 'instead'; status: number; body: string; headers?: Record<string, string> }
  /** The TMS is not asked; this is answered. */
  | { kind: 'refuse'; status: number; headers?: Record<string, string> };

export interface HttpFaultProxy {
  url: string;
  /** What happens to every call from now on; null lets them through. */
  fault: Fault | null;
  /** Calls that came in. */
  calls: number;
  close(): Promise<void>;
}

export async function startHttpFaultProxy(upstream: string): Promise<HttpFaultProxy> {
  const target = new URL(upstream);
  const server = createServer((incoming, response) => {
    proxy.calls++;
    handle(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: HttpFaultProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`,
    fault: null,
    calls: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { fault } = proxy;
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'cut') return void response.destroy();
    if (fault?.kind === 'refuse') return void response.writeHead(fault.status, fault.headers).end('{}');
    const answer = await forward(incoming);
    switch (fault?.kind) {
      case 'lost':
        response.destroy();
        return;
      case 'half':
        response.writeHead(answer.status, {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(answer.text),
        });
        response.write(answer.text.slice(0, answer.text.length / 2), () => response.destroy());
        return;
      case 'instead':
        response.writeHead(fault.status, fault.headers).end(fault.body);
        return;
      default:
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.text);
    }
  }

  async function forward(incoming: IncomingMessage): Promise<{ status: number; text: string }> {
    const { 'idempotency-key': key, authorization } = incoming.headers;
    const { statusCode, body } = await request(`${target.origin}${incoming.url ?? '/'}`, {
      method: incoming.method as 'GET',
      headers: {
        'content-type': incoming.headers['content-type'] ?? 'application/json',
        ...(key ? { 'idempotency-key': key } : {}),
        ...(authorization ? { authorization } : {}),
      },
      body: incoming.method === 'GET' ? null : incoming,
    });
    return { status: statusCode, text: await body.text() };
  }
}
