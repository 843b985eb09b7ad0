import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { QueryConfig } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPool, inTransaction, type Pool } from '../../db/pool.ts';
import { registry } from '../../observability/metrics.ts';
import { applyEvents } from '../../projections/apply.ts';
import { projectBatch, startProjector, type Projector } from '../../projections/projector.ts';
import { readState } from '../../projections/state.ts';
import { readBatch } from '../../projections/table-source.ts';
import { until } from '../api/test-api.ts';
import { acts } from './acts.ts';
import { addEvents, created, life, Rig, sealEvents, tamper } from './rig.ts';
import { World } from './world.ts';

let rig: Rig;
const projectors: Projector[] = [];
const logger = { info: (): void => undefined, warn: (): void => undefined };
beforeAll(async () => {
  rig = await Rig.create();
});
beforeEach(() => rig.clear());
afterEach(async () => {
  await Promise.all(projectors.splice(0).map((projector) => projector.stop()));
});
afterAll(() => rig.close());

const start = (pool: Pool = rig.pool, batchEvents = 50): Projector => {
  const projector = startProjector({ pool, logger, archiveDir: '/nowhere', everyMs: 5, batchEvents });
  projectors.push(projector);
  return projector;
};

/** Waits until all that there is is counted. */
const caughtUp = (): Promise<true> =>
  until(async () => {
    // What was written while others were still writing could not be sealed with it.
    await sealEvents(rig.pool);
    return (await readState(rig.pool)).lag.events === 0;
  });

describe('what is counted', () => {
  test('is what the terminals say, whatever the sizes of the batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        acts,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        async (all, sizes) => {
          await rig.clear();
          const world = new World(Date.now()).play(all);
          await rig.add(world.events);
          for (let i = 0, full = true; full; i++) {
            ({ full } = await projectBatch(rig.pool, sizes[i % sizes.length]));
          }
          const expected = world.expected();
          expect(await rig.contents()).toEqual(expected);
          const state = await readState(rig.pool);
          expect(state).toMatchObject({
            position: world.events.length,
            events: world.events.length,
            skipped: world.skipped,
          });

          // In one batch, too.
          await rig.clear();
          await rig.add(world.events);
          await rig.project(10_000);
          expect(await rig.contents()).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('leaves out, and goes on behind, whatever can not be counted', async () => {
    const campaignId = randomUUID();
    const tpeId = randomUUID();
    const broken = [
      null,
      5,
      'x',
      [],
      {},
      { to: 'SUCCESS' },
      { from: 'LOST', to: 'SUCCESS', wave: 1 },
      { from: 'PENDING', to: 'SUCCESS', wave: '1' },
      { from: 'PENDING', to: 'SUCCESS', wave: 1e12 },
      { from: 'PENDING', to: 'toString', wave: 1 },
    ];
    await rig.add([
      ...broken.map((data) => ({ type: 'tpe.success', campaignId, tpeId, data })),
      { type: 'campaign.created', campaignId, data: { waves: [{ wave: 1, total: 1 }, null] } },
      { type: 'campaign.joined', campaignId, data: { wave: 1 } },
      // This one counts, but its duration and its names are nothing that fits.
      {
        type: 'tpe.success',
        campaignId,
        tpeId,
        data: { to: 'SUCCESS', wave: 1, requestedAt: 'yesterday', site: 'x'.repeat(10_000), model: 7 },
      },
    ]);
    // `null` in place of the data of the first: JSON's own.
    await tamper(rig.pool, `UPDATE event SET data = 'null' WHERE seq = (SELECT min(seq) FROM event)`);
    await rig.project();
    const { position, skipped } = await readState(rig.pool);
    expect({ position, skipped }).toEqual({ position: broken.length + 3, skipped: broken.length + 2 });
    const contents = await rig.contents();
    expect(contents.terminal_status).toEqual([`${campaignId} | 1 | SUCCESS | 1`]);
    expect(contents.outcome).toEqual([`${campaignId} | SUCCESS |  |  |  | ${'x'.repeat(100)} | 1`]);
    expect(contents.duration).toEqual([]);
  });

  test('goes on behind an event that was taken away from under the chain', async () => {
    const campaignId = randomUUID();
    await rig.add([created(campaignId, [5]), created(campaignId, [7])]);
    await tamper(rig.pool, 'DELETE FROM event WHERE seq = (SELECT min(seq) FROM event)');
    await rig.project();
    expect((await rig.contents()).terminal_status).toEqual([`${campaignId} | 1 | PENDING | 7`]);
    expect((await readState(rig.pool)).position).toBe(2);
  });
});

describe('an event counts once', () => {
  test.each([
    ['the last statement', /^UPDATE projection\.checkpoint/],
    ['a statement in the middle', /^INSERT INTO projection\.outcome/],
    ['the commit', /^COMMIT/],
  ])('where a projector dies at %s', async (_title, at) => {
    const campaignId = randomUUID();
    await rig.add([
      created(campaignId, [3]),
      ...life(campaignId, { to: 'SUCCESS', at: new Date(), seconds: 40 }),
    ]);
    await expect(projectBatch(dyingPool(at), 100)).rejects.toThrow('killed');
    expect((await rig.contents()).terminal_status).toEqual([]);
    expect((await readState(rig.pool)).position).toBe(0);

    await rig.project();
    expect((await rig.contents()).terminal_status).toEqual([
      `${campaignId} | 1 | PENDING | 2`,
      `${campaignId} | 1 | SUCCESS | 1`,
    ]);
  });

  test('where somebody applies a batch that is in the counts already', async () => {
    await rig.add([created(randomUUID(), [3])]);
    await rig.project();
    const again = inTransaction(rig.pool, async (client) =>
      applyEvents(client, 'projection', await readBatch(client, 0)),
    );
    await expect(again).rejects.toThrow('are in projection already');
    expect((await rig.contents()).terminal_status).toEqual([expect.stringContaining('PENDING | 3')]);
  });

  test('where three projectors are at work whose connections are cut again and again', async () => {
    const url = (rig.pool.options as { connectionString: string }).connectionString;
    const cut = createPool({ url, poolSize: 6 }, 'projector-to-cut');
    try {
      for (let i = 0; i < 3; i++) start(cut, 7);
      const world = new World(Date.now());
      for (let round = 0; round < 15; round++) {
        const from = world.events.length;
        world.play(fc.sample(acts, { numRuns: 1, seed: round })[0] ?? []);
        await rig.add(world.events.slice(from));
        await rig.pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'projector-to-cut'`,
        );
      }
      await caughtUp();
      expect(await rig.contents()).toEqual(world.expected());
    } finally {
      await Promise.all(projectors.splice(0).map((projector) => projector.stop()));
      await cut.end();
    }
  });
});

describe('a projector', () => {
  test('counts what comes, tells how far it is, and stops', async () => {
    const projector = start();
    await rig.add([created(randomUUID(), [3])]);
    await caughtUp();
    await until(() => projector.ready());
    await until(async () => (await value('projection_position')) === 1);
    await until(async () => (await value('projection_lag_events')) === 0);
    await projector.stop();
    await rig.add([created(randomUUID(), [3])]);
    expect((await readState(rig.pool)).lag.events).toBe(1);
  });

  test('is not ready while it can not count, says so once, and goes on when it can', async () => {
    const told: string[] = [];
    await rig.pool.query('ALTER TABLE projection.checkpoint RENAME TO mislaid');
    const projector = startProjector({
      pool: rig.pool,
      archiveDir: '/nowhere',
      everyMs: 5,
      logger: { info: () => void told.push('info'), warn: () => void told.push('warn') },
    });
    projectors.push(projector);
    await until(() => told.includes('warn'));
    expect(projector.ready()).toBe(false);
    await rig.pool.query('ALTER TABLE projection.mislaid RENAME TO checkpoint');
    await until(() => projector.ready());
    expect(told).toEqual(['warn', 'info']);
  });

  test('knows the lag of what is sealed and of what is not', async () => {
    const old = new Date(Date.now() + 1_000);
    await addEvents(rig.pool, [{ type: 'campaign.paused', at: old }, { type: 'campaign.paused' }]);
    expect((await readState(rig.pool)).lag).toEqual({ events: 2, seconds: 0 });
    await sealEvents(rig.pool);
    await addEvents(rig.pool, [{ type: 'campaign.paused' }]);
    expect((await readState(rig.pool)).lag.events).toBe(3);
    await rig.project();
    const { lag, at } = await readState(rig.pool);
    expect(lag.events).toBe(1);
    expect(lag.seconds).toBeGreaterThan(0);
    expect(at).not.toBeNull();
  });
});

/** A pool whose connections are as if the process had died at the statement: what was not committed never was. */
function dyingPool(at: RegExp): Pool {
  return {
    async connect() {
      const client = await rig.pool.connect();
      return {
        query(query: string | QueryConfig, values?: unknown[]) {
          const text = typeof query === 'string' ? query : query.text;
          if (at.test(text.trim())) throw new Error('killed');
          return typeof query === 'string' ? client.query(query, values) : client.query(query);
        },
        release: (broken?: boolean) => client.release(broken),
      };
    },
  } as unknown as Pool;
}

async function value(name: string): Promise<number | undefined> {
  const metric = await registry.getSingleMetric(name)?.get();
  return metric?.values[0]?.value;
}
