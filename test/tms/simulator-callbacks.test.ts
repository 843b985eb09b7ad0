import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { verifyCallback } from '../../tms/signature.ts';
import { createCallbacks } from '../../tms/simulator/callbacks.ts';
import type { Clock } from '../../tms/simulator/clock.ts';
import { behaviourSchema, simulatorConfigSchema, type Behaviour } from '../../tms/simulator/config.ts';
import { decideFate } from '../../tms/simulator/fate.ts';
import { emptyStats } from '../../tms/simulator/stats.ts';
import type { Terminal } from '../../tms/simulator/terminal.ts';
import { eventually } from './eventually.ts';
import { closers, start } from './running-simulator.ts';
import { newTerminal } from './simulated-world.ts';

const SECRET = 'secret-of-call-backs';

describe('call-backs', () => {
  interface Receiver {
    url: string;
    events: { idTms: string; state: string; operationId: string; targetVersion: string }[];
    calls: number;
  }

  /** @param failures calls that are answered 503 before one is taken */
  async function receive(failures = 0): Promise<Receiver> {
    const receiver: Receiver = { url: '', events: [], calls: 0 };
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        const header = request.headers['x-tms-signature'] as string;
        if (++receiver.calls <= failures) return response.writeHead(503).end();
        if (!verifyCallback(SECRET, header, body).valid) return response.writeHead(401).end();
        receiver.events.push(...(JSON.parse(body.toString()) as { events: Receiver['events'] }).events);
        return response.writeHead(202).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.unshift(
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
    return receiver;
  }

  test('tell, signed, how each operation ended', async () => {
    const receiver = await receive();
    const { update, ids, stats } = await start(
      { failRate: 0.5, callbacks: { url: receiver.url, secret: SECRET } },
      { speed: 1_000_000 },
    );
    for (const index of ids.keys()) await update(index);
    await eventually(() => receiver.events.length).toBe(ids.length);
    expect(new Set(receiver.events.map(({ idTms }) => idTms)).size).toBe(ids.length);
    expect(new Set(receiver.events.map(({ state }) => state))).toEqual(new Set(['DONE', 'FAILED']));
    expect(receiver.events[0]).toMatchObject({
      operationId: expect.stringMatching(/^acme-T-\d+-1$/) as string,
      targetVersion: '4.2.0',
      occurredAt: expect.stringMatching(/Z$/) as string,
    });
    await eventually(async () => (await stats()).callbacksSent).toBe(ids.length);
  });

  test('are sent twice where they are to be', async () => {
    const receiver = await receive();
    const { update } = await start(
      { callbacks: { url: receiver.url, secret: SECRET, duplicateRate: 1 } },
      { speed: 1_000_000 },
    );
    await update(0);
    await eventually(() => receiver.events.map(({ state }) => state)).toEqual(['DONE', 'DONE']);
  });

  test('come late where they are to', async () => {
    const receiver = await receive();
    const late = { lateRate: 1, lateSeconds: { min: 2_000_000, max: 2_000_000 } };
    const { update } = await start(
      { callbacks: { url: receiver.url, secret: SECRET, ...late } },
      { speed: 1_000_000 },
    );
    const begun = performance.now();
    await update(0);
    await eventually(() => receiver.events.map(({ state }) => state)).toEqual(['DONE']);
    expect(performance.now() - begun).toBeGreaterThan(1_900);
  });

  test('come with a wrong signature before the right one where they are to, and are counted when refused', async () => {
    const receiver = await receive();
    const { update, stats } = await start(
      { callbacks: { url: receiver.url, secret: SECRET, forgedRate: 1 } },
      { speed: 1_000_000 },
    );
    await update(0);
    await eventually(() => receiver.events.length).toBe(1);
    expect(receiver.calls).toBe(2);
    await eventually(async () => [(await stats()).callbacksRefused, (await stats()).callbacksSent]).toEqual([
      1, 1,
    ]);
  });

  test('tell of a cancelled operation, and not of what would have become of it', async () => {
    const receiver = await receive();
    const { behaviour, terminal, clock } = stage();
    const stats = emptyStats();
    const config = simulatorConfigSchema.parse({
      tms: [{ name: 'acme', callbacks: { url: receiver.url, secret: SECRET } }],
    }).tms[0]?.callbacks;
    const callbacks = createCallbacks(config, 1, clock, () => stats);
    closers.push(() => callbacks.close());
    const [cancelled, other] = ['cancelled', 'other'].map((operationId) => ({
      operationId,
      targetVersion: '4.2.0',
      key: null,
      acceptedAt: 0,
      cancelledAt: null as number | null,
      looks: 0,
      fate: decideFate(behaviour, 1, 'T-0', 1, '4.2.0'),
    }));
    if (!cancelled || !other) throw new Error('two operations');
    callbacks.accepted(terminal, cancelled);
    cancelled.cancelledAt = 0;
    callbacks.cancelled(terminal, cancelled);
    callbacks.accepted(terminal, other);
    await eventually(() => receiver.events.length).toBe(2);
    expect(receiver.events.map(({ operationId, state }) => `${operationId} ${state}`).toSorted()).toEqual([
      'cancelled CANCELLED',
      'other DONE',
    ]);
  });

  /** Everything is due at once: a simulated second takes no time. */
  function stage(): { behaviour: Behaviour; terminal: Terminal; clock: Clock } {
    const now = Date.now();
    return {
      behaviour: behaviourSchema.parse({}),
      clock: { now: () => 0, toEpochMs: () => now },
      terminal: newTerminal(randomUUID(), 'T-0'),
    };
  }

  test('are tried again when they are not taken', async () => {
    const receiver = await receive(1);
    const { update } = await start(
      { callbacks: { url: receiver.url, secret: SECRET } },
      { speed: 1_000_000 },
    );
    await update(0);
    await eventually(() => receiver.events.length).toBe(1);
    expect(receiver.calls).toBe(2);
  });
});
