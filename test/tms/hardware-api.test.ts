import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createHardwareApi, type HardwareApi } from '../../tms/hardware-api.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const STATUS = {
  runningVersion: '4.2.0',
  battery: 87,
  uptimeSeconds: 12,
  lastSeen: '2026-11-21T10:00:00.000Z',
};

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`;
}

function client(url: string, changed: { timeoutMs?: number; concurrency?: number } = {}): HardwareApi {
  const api = createHardwareApi({ url, timeoutMs: 5_000, concurrency: 64, ...changed });
  closers.push(() => api.close());
  return api;
}

test('a terminal that answers is reachable, with what it reports', async () => {
  const paths: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    paths.push(request.url);
    response.end(JSON.stringify(STATUS));
  });
  expect(await client(url).status('a/b')).toEqual({ reachable: true, ...STATUS });
  expect(paths).toEqual(['/base/tpe/a%2Fb/status']);
});

describe('a terminal is unreachable, and nothing is thrown,', () => {
  test.each([
    { title: 'when the API says so', status: 504, body: '{}', reason: 'answered 504' },
    { title: 'when the API does not know it', status: 404, body: '{}', reason: 'answered 404' },
    {
      title: 'when the API answers HTML',
      status: 200,
      body: '<h1>Hello</h1>',
      reason: 'answered what is no status',
    },
    {
      title: 'when the API answers half an object',
      status: 200,
      body: '{"runni',
      reason: 'answered what is no status',
    },
    {
      title: 'when the version is missing',
      status: 200,
      body: JSON.stringify({ ...STATUS, runningVersion: '' }),
      reason: 'runningVersion',
    },
  ])('$title', async ({ status, body, reason }) => {
    const url = await serve((_, response) => response.writeHead(status).end(body));
    expect(await client(url).status('t')).toEqual({
      reachable: false,
      reason: expect.stringContaining(reason) as string,
    });
  });

  test('when it does not answer in time', async () => {
    const url = await serve(() => undefined);
    expect(await client(url, { timeoutMs: 30 }).status('t')).toEqual({
      reachable: false,
      reason: 'no answer in 30 ms',
    });
  });

  test('when the connection is cut', async () => {
    const url = await serve((_, response) => void response.destroy());
    expect(await client(url).status('t')).toMatchObject({ reachable: false });
  });

  test('when nobody listens', async () => {
    const url = await serve(() => undefined);
    await closers.pop()?.();
    expect(await client(url).status('t')).toEqual({ reachable: false, reason: 'ECONNREFUSED' });
  });
});

test('the time-out of a terminal begins with its call, not while it waits for others', async () => {
  const url = await serve((request, response) => {
    if (request.url?.includes('next')) response.end(JSON.stringify(STATUS));
  });
  const api = client(url, { timeoutMs: 1_000, concurrency: 1 });
  const statuses = await Promise.all([api.status('slow'), api.status('next')]);
  expect(statuses.map(({ reachable }) => reachable)).toEqual([false, true]);
});

test('an aborted look throws the reason of its signal', async () => {
  const url = await serve(() => undefined);
  const controller = new AbortController();
  const look = expect(client(url).status('t', { signal: controller.signal })).rejects.toThrow('cancelled');
  controller.abort(new Error('cancelled'));
  await look;
});
