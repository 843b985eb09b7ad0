import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { archiveOldMonths } from '../../audit/archive.ts';
import type { Logger } from '../../observability/logger.ts';
import type { SealedEvent } from '../../projections/events.ts';
import { readBatch } from '../../projections/table-source.ts';
import { acts } from './acts.ts';
import { ask, last, lived, run } from './rebuild-rig.ts';
import { created, life, Rig, tamper } from './rig.ts';
import { World } from './world.ts';

let rig: Rig;
let folder: string;
beforeAll(async () => {
  rig = await Rig.create();
  folder = await mkdtemp(join(tmpdir(), 'tpe-archives-'));
});
beforeEach(() => rig.clear());
afterAll(async () => {
  await rig.close();
  await rm(folder, { recursive: true, force: true });
});

describe('archived months', () => {
  test('are read before the table, where they overlap in the order of the positions, too', async () => {
    const world = await lived(rig, 11);
    const all = await readBatch(rig.pool, 0, undefined, 100_000);
    const [first, second] = [Math.floor(all.length / 3), Math.floor((2 * all.length) / 3)];
    // At the turn of a month an event may have been sealed after one of the next month.
    const month = ({ position }: SealedEvent): number => {
      if (position === first || position === first + 3) return 2;
      if (position === first + 1) return 1;
      return position < first ? 1 : position <= second ? 2 : 3;
    };
    await archive(
      'events-1.ndjson.gz',
      all.filter((each) => month(each) === 1),
    );
    await archive(
      'events-2.ndjson.gz',
      all.filter((each) => month(each) === 2),
    );
    await forget(all.filter((each) => month(each) < 3));
    await ask(rig);
    expect(await run(rig, { archiveDir: folder, batchEvents: 7 })).toMatchObject({
      state: 'DONE',
      differences: [],
      events: world.events.length,
    });
    expect(await rig.contents()).toEqual(world.expected());
  });

  test('count even where the table still has them, without their events', async () => {
    const world = await lived(rig, 12);
    const all = await readBatch(rig.pool, 0, undefined, 100_000);
    await archive('events-3.ndjson.gz', all.slice(0, 50));
    await tamper(
      rig.pool,
      'DELETE FROM event WHERE seq IN (SELECT seq FROM event_chain WHERE position <= 40)',
    );
    await ask(rig);
    expect(await run(rig, { archiveDir: folder })).toMatchObject({
      state: 'DONE',
      differences: [],
      events: world.events.length,
    });
  });

  test.each([
    ['missing', async (): Promise<void> => undefined, /nowhere\.ndjson\.gz can't be read at line 1: ENOENT/],
    [
      'cut off',
      async (): Promise<void> => {
        const record = { position: 0, occurredAt: '2026-01-01T00:00:00Z', type: 'x', data: {} };
        const lines = Array.from({ length: 500 }, () => JSON.stringify({ ...record, eventId: randomUUID() }));
        const content = gzipSync(lines.join('\n'));
        await writeFile(join(folder, 'nowhere.ndjson.gz'), content.subarray(0, content.length / 2));
      },
      /nowhere\.ndjson\.gz can't be read at line \d{2,}: unexpected end of file/,
    ],
    [
      'something else',
      (): Promise<void> => writeFile(join(folder, 'nowhere.ndjson.gz'), gzipSync('{"position":1}\n')),
      /nowhere\.ndjson\.gz can't be read at line 1: it is no record of an event/,
    ],
  ])('that are %s: the rebuild says which file', async (_title, make, message) => {
    await rig.add([
      created(randomUUID(), [3]),
      ...life(randomUUID(), { to: 'SUCCESS', at: new Date(), seconds: 1 }),
    ]);
    await rig.project();
    await make();
    await list('nowhere.ndjson.gz', 1, 2);
    await ask(rig);
    await expect(run(rig, { archiveDir: folder })).rejects.toThrow(message);
    expect((await last(rig)).error).toMatch(message);
  });

  test('are read as the archive writes them', async () => {
    const start = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - 6, 1));
    const world = new World(start.getTime() + 1_000);
    for (const all of fc.sample(acts, { numRuns: 4, seed: 13 })) world.play(all);
    await rig.pool.query(
      `DO $$ DECLARE parent text; BEGIN
         FOREACH parent IN ARRAY ARRAY['event', 'event_chain'] LOOP
           EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
             parent || '_${start.toISOString().slice(0, 7).replace('-', '_')}', parent,
             timestamptz '${start.toISOString()}', timestamptz '${start.toISOString()}' + interval '20 days');
         END LOOP;
       END $$`,
    );
    await rig.add([...world.events, created(randomUUID(), [3])]);
    await rig.project();
    const before = await rig.contents();
    const logger = { info: () => undefined, warn: () => undefined } as unknown as Logger;
    const files = await archiveOldMonths({ pool: rig.pool, logger, archiveDir: folder, hotDays: 90 });
    expect(files).toHaveLength(1);
    expect(await rig.rows("SELECT FROM event WHERE occurred_at < now() - interval '90 days'")).toEqual([]);
    await rig.project();
    await ask(rig);
    expect(await run(rig, { archiveDir: folder })).toMatchObject({ state: 'DONE', differences: [] });
    expect(await rig.contents()).toEqual(before);
  });
});

async function archive(file: string, events: readonly SealedEvent[]): Promise<void> {
  const lines = events.map((event) =>
    JSON.stringify({ seq: 0, eventId: randomUUID(), actor: 'x', ...event }),
  );
  await writeFile(join(folder, file), gzipSync(`${lines.join('\n')}\n`));
  await list(file, events[0]?.position ?? 0, events.at(-1)?.position ?? 0);
}

/** Lists an archive as that of a month of its own. */
async function list(file: string, first: number, to: number): Promise<void> {
  await rig.pool.query(
    `INSERT INTO event_archive (month, file, sha256, events, first_position, last_position, ends)
     SELECT date '2026-01-01' + make_interval(months => count(*)::integer), $1, '', 0, $2, $3, '[]' FROM event_archive`,
    [file, first, to],
  );
}

/** Takes events out of the table, as when the partitions of their month are dropped. */
async function forget(events: readonly SealedEvent[]): Promise<void> {
  const positions = `position IN (${events.map(({ position }) => position).join()})`;
  await tamper(
    rig.pool,
    `DELETE FROM event WHERE seq IN (SELECT seq FROM event_chain WHERE ${positions})`,
    `DELETE FROM event_chain WHERE ${positions}`,
  );
}
