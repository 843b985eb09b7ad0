import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { inSnapshot } from '../../db/pool.ts';
import type { EventSource } from '../../projections/events.ts';
import { projectBatch, startProjector, type Projector } from '../../projections/projector.ts';
import { replaySource } from '../../projections/replay-source.ts';
import { readState } from '../../projections/state.ts';
import { until } from '../api/test-api.ts';
import { acts } from './acts.ts';
import { ask, last, lived, run } from './rebuild-rig.ts';
import { created, Rig, sealEvents, tamper } from './rig.ts';

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
afterAll(async () => {
  await rig.close();
});

describe('a rebuild', () => {
  test('of projections that are right finds them identical, and is told in the audit trail', async () => {
    const world = await lived(rig, 1);
    const asked = await ask(rig);
    expect(asked).toMatchObject({ state: 'REQUESTED', requestedBy: 'anna', differences: null });
    const done = await run(rig);
    expect(done).toMatchObject({
      rebuildId: asked?.rebuildId,
      state: 'DONE',
      differences: [],
      position: world.events.length,
      targetPosition: world.events.length,
      events: world.events.length,
      skipped: world.skipped,
      failures: 0,
    });
    expect(await rig.contents()).toEqual(world.expected());
    const told = await rig.rows<object>(
      `SELECT type, actor, reason, data, correlation_id AS c FROM event WHERE type LIKE 'projection.%' ORDER BY seq`,
    );
    const { rebuildId } = done;
    const who = { actor: 'anna', reason: 'a test', c: 'c-1' };
    expect(told).toEqual([
      { type: 'projection.replay-requested', ...who, data: { rebuildId } },
      {
        type: 'projection.replayed',
        ...who,
        data: { rebuildId, position: done.position, events: done.events, differences: 0 },
      },
    ]);
    // Only the schema in use is left, and it goes on from where it is.
    expect(await rig.rows(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'projection%'`)).toEqual([
      { nspname: 'projection' },
    ]);
    const campaignId = randomUUID();
    await rig.add([created(campaignId, [4])]);
    await rig.project();
    expect((await rig.contents()).terminal_status).toContain(`${campaignId} | 1 | PENDING | 4`);
    expect((await readState(rig.pool)).skipped).toBe(world.skipped);
  });

  test('leaves the tables as they were made: columns, keys, defaults and settings', async () => {
    const shape = (): Promise<object[]> =>
      rig.rows(`
        SELECT c.relname, c.reloptions, a.attname, a.attnotnull, format_type(a.atttypid, a.atttypmod) AS type,
               pg_get_expr(d.adbin, d.adrelid) AS fallback,
               (SELECT array_agg(pg_get_constraintdef(oid) ORDER BY oid) FROM pg_constraint WHERE conrelid = c.oid) AS keys
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'projection'::regnamespace AND c.relkind = 'r' ORDER BY c.relname, a.attnum`);
    const before = await shape();
    expect(before).toContainEqual(
      expect.objectContaining({ relname: 'duration', attname: 'bound', reloptions: ['fillfactor=50'] }),
    );
    await ask(rig);
    expect(await run(rig)).toMatchObject({ state: 'DONE' });
    expect(await shape()).toEqual(before);
  });

  test('finds what was tampered with, counts it, and heals it', async () => {
    const world = await lived(rig, 2);
    const right = world.expected();
    const [changed] = await rig.rows<{ terminals: string }>(
      `UPDATE projection.terminal_status SET terminals = terminals + 5
       WHERE (campaign_id, wave, status) = (SELECT campaign_id, wave, status FROM projection.terminal_status
                                            WHERE terminals > 0 LIMIT 1) RETURNING terminals`,
    );
    await rig.pool.query('DELETE FROM projection.final_minute');
    await rig.pool.query(`INSERT INTO projection.compensation VALUES (gen_random_uuid(), 'LEFT', 3)`);
    await ask(rig);
    const { state, differences } = await run(rig);
    expect(state).toBe('DONE');
    expect(differences?.map(({ projection, cells }) => [projection, cells])).toEqual([
      ['terminal_status', 1],
      ['compensation', 1],
      ['final_minute', right.final_minute?.length],
    ]);
    const now = Number(changed?.terminals);
    expect(differences?.[0]?.examples).toEqual([
      expect.objectContaining({ wave: expect.any(Number), terminals: { live: now, replayed: now - 5 } }),
    ]);
    expect(differences?.[2]?.examples).toHaveLength(5);
    expect(await rig.contents()).toEqual(right);
    await ask(rig);
    expect((await run(rig)).differences).toEqual([]);
  });

  test('equals the projections in use while events keep coming', async () => {
    const world = await lived(rig, 3);
    projectors.push(
      startProjector({ pool: rig.pool, logger, archiveDir: '/nowhere', everyMs: 2, batchEvents: 20 }),
    );
    for (let replay = 0; replay < 3; replay++) {
      await ask(rig);
      for (let round = 0; (await last(rig)).state !== 'DONE'; round++) {
        const from = world.events.length;
        world.play(fc.sample(acts, { numRuns: 1, seed: 100 * replay + round })[0] ?? []);
        await rig.add(world.events.slice(from));
      }
      expect((await last(rig)).differences).toEqual([]);
    }
    await until(async () => {
      await sealEvents(rig.pool);
      return (await readState(rig.pool)).lag.events === 0;
    });
    expect(await rig.contents()).toEqual(world.expected());
  });

  test('goes on where it was when its process has ended, and counts nothing twice', async () => {
    const world = await lived(rig, 4);
    await ask(rig);
    const ending = new AbortController();
    const broken = await run(rig, {
      batchEvents: 10,
      signal: ending.signal,
      source: (db) => stopAfter(replaySource(db, '/nowhere', 10), 3, () => ending.abort()),
    });
    expect(broken).toMatchObject({ state: 'RUNNING', position: 20, differences: null });
    const starts: number[] = [];
    const done = await run(rig, {
      source: (db) => ({
        readEvents(after, upTo) {
          starts.push(after);
          return replaySource(db, '/nowhere').readEvents(after, upTo);
        },
      }),
    });
    expect(starts[0]).toBe(20);
    expect(done).toMatchObject({ state: 'DONE', differences: [], events: world.events.length });
    expect(await rig.contents()).toEqual(world.expected());
  });

  test('is taken over when its connection is lost', async () => {
    const world = await lived(rig, 5);
    await ask(rig);
    const cut = run(rig, {
      batchEvents: 10,
      source: (db) =>
        stopAfter(replaySource(db, '/nowhere', 10), 4, () =>
          rig.pool.query(
            `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
          ),
        ),
    });
    await expect(cut).rejects.toThrow();
    expect(await last(rig)).toMatchObject({ state: 'RUNNING', failures: 0 });
    expect(await run(rig)).toMatchObject({ state: 'DONE', differences: [], events: world.events.length });
  });

  test('begins anew where what it had made is gone', async () => {
    const world = await lived(rig, 6);
    await ask(rig);
    const ending = new AbortController();
    await run(rig, {
      batchEvents: 10,
      signal: ending.signal,
      source: (db) => stopAfter(replaySource(db, '/nowhere', 10), 3, () => ending.abort()),
    });
    await rig.pool.query('DROP SCHEMA projection_shadow CASCADE');
    expect(await run(rig)).toMatchObject({ state: 'DONE', differences: [], events: world.events.length });
  });

  test('is one at a time, whoever asks and however many look', async () => {
    await lived(rig, 7);
    const asked = await Promise.all([ask(rig), ask(rig), ask(rig)]);
    expect(asked.filter(Boolean)).toHaveLength(1);
    await Promise.all([run(rig), run(rig), run(rig)]);
    expect(await last(rig)).toMatchObject({ state: 'DONE', differences: [], failures: 0 });
    expect(await ask(rig)).toBeDefined();
  });

  test('waits for who reads, who sees one state to the end', async () => {
    const world = await lived(rig, 8);
    await rig.pool.query('DELETE FROM projection.outcome');
    await ask(rig);
    const replaced = new Promise<void>((resolve, reject) => {
      inSnapshot(rig.pool, async (reader) => {
        await readState(reader);
        const done = run(rig);
        done.then(() => resolve(), reject);
        // It gets as far as it can: it waits for the reader's lock.
        await until(async () => {
          const waiting = await rig.rows(
            `SELECT FROM pg_locks WHERE NOT granted AND relation = 'projection.checkpoint'::regclass`,
          );
          return waiting.length > 0;
        });
        const { rows } = await reader.query('SELECT FROM projection.outcome');
        expect(rows).toEqual([]);
      }).catch(reject);
    });
    await replaced;
    expect(await last(rig)).toMatchObject({ state: 'DONE', failures: 0 });
    expect(await rig.contents()).toEqual(world.expected());
  });

  test('never goes beyond the last event, wherever the projections in use say that they are', async () => {
    const world = await lived(rig, 9);
    await rig.pool.query('UPDATE projection.checkpoint SET position = 1000000');
    await ask(rig);
    expect(await run(rig)).toMatchObject({ state: 'DONE', position: world.events.length });
    expect((await readState(rig.pool)).position).toBe(world.events.length);
  });

  test('fails after five errors, says why, and leaves the projections in use as they are', async () => {
    const world = await lived(rig, 10);
    await tamper(rig.pool, 'DELETE FROM event_chain WHERE position BETWEEN 3 AND 4');
    await ask(rig);
    for (let i = 1; i <= 5; i++) {
      await expect(run(rig)).rejects.toThrow(
        /positions 3 to 4 are neither in the event table nor in an archive/,
      );
      expect(await last(rig)).toMatchObject({ failures: i, state: i < 5 ? 'RUNNING' : 'FAILED' });
    }
    expect((await last(rig)).error).toMatch(/positions 3 to 4/);
    expect((await last(rig)).endedAt).not.toBeNull();
    expect(await rig.contents()).toEqual(world.expected());
    expect(await rig.rows(`SELECT FROM pg_namespace WHERE nspname = 'projection_shadow'`)).toEqual([]);
    // Another one may be asked for.
    expect(await ask(rig)).toBeDefined();
  });
});

describe('batches', () => {
  test('of the projector are as large as it was told', async () => {
    await rig.add(Array.from({ length: 7 }, () => created(randomUUID(), [1])));
    expect(await projectBatch(rig.pool, 3)).toEqual({ position: 3, full: true });
    expect(await projectBatch(rig.pool, 5)).toEqual({ position: 7, full: false });
    expect(await projectBatch(rig.pool, 5)).toEqual({ position: 7, full: false });
  });
});

/** The source, with `stop` called when its batch of this number is asked for. */
function stopAfter(source: EventSource, batches: number, stop: () => unknown): EventSource {
  return {
    async *readEvents(after, upTo) {
      let count = 0;
      for await (const events of source.readEvents(after, upTo)) {
        if (++count === batches) await stop();
        yield events;
      }
    },
  };
}
