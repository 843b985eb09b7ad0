import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import express from 'express';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EventFile } from '../../api/event-file.ts';
import { type LinkedRecord, verifyChain } from '../../audit/verify.ts';
import { EventDesk } from './event-desk.ts';
import { until } from './test-api.ts';

let desk: EventDesk;
beforeAll(async () => {
  desk = await EventDesk.create();
});
beforeEach(() => desk.clear());
afterAll(() => desk.close());

/** An export whose reader takes nothing; resolves once the server has stopped to read on. */
async function stalledExport(): Promise<IncomingMessage> {
  const request = get(`${desk.api.url}/api/v1/events/export`, { agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  response.pause();
  let [last, looks] = ['', 0];
  await until(async () => {
    const [row] = await exports();
    looks = row !== undefined && row.state === 'idle in transaction' && row.at === last ? looks + 1 : 0;
    last = row?.at ?? '';
    return looks === 20;
  });
  return response;
}

/** The connections on which exports are under way. */
const exports = (): Promise<{ pid: number; state: string; at: string }[]> =>
  desk.api.rows(`SELECT pid, state, query_start::text AS at FROM pg_stat_activity
            WHERE datname = current_database() AND xact_start IS NOT NULL AND query ~ 'exported|enable_partitionwise'
              AND pid <> pg_backend_pid() ORDER BY query_start DESC`);

/** Resolves once no export holds a connection. */
async function freed(): Promise<void> {
  await until(
    async () => (await exports()).length === 0 && desk.api.pool.idleCount === desk.api.pool.totalCount,
  );
  expect(desk.api.pool.waitingCount).toBe(0);
}

describe('an export under way', () => {
  test('of 50,000 events is not read faster than it is taken, and complete in the end', async () => {
    await desk.writeMany(50_000);
    await desk.seal();
    const response = await stalledExport();
    expect(response.headers['content-disposition']).toMatch(/\.ndjson"$/);
    // It is not at its end: what is not taken is not held in memory, but still in the database.
    expect(await exports()).toMatchObject([{ state: 'idle in transaction' }]);
    // What happens meanwhile is not in it.
    await desk.write({});
    const lines = (await text(response)).split('\n').slice(0, -1);
    const records = lines.map((line) => JSON.parse(line) as LinkedRecord);
    expect(records.map(({ position }) => position)).toEqual(Array.from({ length: 50_000 }, (_, i) => i + 1));
    expect(await verifyChain(records, { from: 1 })).toMatchObject({
      events: 50_000,
      faultCount: 0,
      unsealed: 0,
    });
    await freed();
  });

  test('gives its connection back when the reader goes, between two pieces and within a statement', async () => {
    await desk.writeMany(50_000);
    const response = await stalledExport();
    response.destroy();
    await freed();

    const locking = await desk.api.pool.connect();
    try {
      await locking.query('BEGIN; LOCK TABLE event IN ACCESS EXCLUSIVE MODE');
      const request = get(`${desk.api.url}/api/v1/events/export`, { agent: false }).on(
        'error',
        () => undefined,
      );
      await until(async () => (await exports()).some(({ state }) => state === 'active'));
      request.destroy();
      await until(async () => (await exports()).length === 0);
    } finally {
      await locking.query('ROLLBACK');
      locking.release();
    }
    await freed();
  });

  test('breaks off when the database fails: it never looks complete', async () => {
    await desk.writeMany(50_000);
    const response = await stalledExport();
    const [row] = await exports();
    await desk.api.pool.query('SELECT pg_terminate_backend($1)', [row?.pid]);
    await expect(text(response)).rejects.toThrow('aborted');
    await freed();
  });

  test('leaves connections for others: too many at a time are refused', async () => {
    await desk.writeMany(50_000);
    const open = [await stalledExport(), await stalledExport(), await stalledExport()];
    const { status, headers, body } = await desk.api.send('events/export');
    expect([status, body.type, headers.get('retry-after')]).toEqual([
      429,
      '/problems/too-many-exports',
      '10',
    ]);
    for (const response of open) response.destroy();
    await freed();
    expect(await desk.exported('type=campaign.*')).toEqual([]);
  });

  test('is broken off where its reader takes nothing for too long', async () => {
    let failure: Promise<unknown> = Promise.resolve();
    const app = express().get('/', (_request, response) => {
      const file = new EventFile(response, 'ndjson', { stallMs: 50 });
      const record = { reason: 'x'.repeat(1_000_000) } as LinkedRecord;
      const send = async (): Promise<void> => {
        for (;;) await file.write([record]);
      };
      failure = send().catch((error: unknown) => error);
      void failure.then(() => response.destroy());
    });
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const request = get(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { agent: false });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      response.on('error', () => undefined).pause();
      expect(await failure).toMatchObject({ name: 'AbortError', cause: { name: 'TimeoutError' } });
      // Paused, it does not notice by itself.
      response.destroy();
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
