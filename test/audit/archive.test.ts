import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { archiveOldMonths } from '../../audit/archive.ts';
import { dropMonth, listEventArchives } from '../../db/event-archive.ts';
import { inTransaction } from '../../db/pool.ts';
import { createLogger } from '../../observability/logger.ts';
import { Trail } from './trail.ts';

let trail: Trail;
let archiveDir: string;
beforeEach(async () => {
  trail = await Trail.create();
  archiveDir = await mkdtemp(join(tmpdir(), 'tpe-archive-'));
  await trail.makeMonth('2026-03-01');
  await trail.makeMonth('2026-04-01');
});
afterEach(async () => {
  await trail.close();
  await rm(archiveDir, { recursive: true, force: true });
});

function archive(hotDays = 90): Promise<string[]> {
  const logger = createLogger({ logLevel: 'silent' }, 'test');
  return archiveOldMonths({ pool: trail.db, logger, archiveDir, hotDays });
}

const paths = async (): Promise<string[]> =>
  (await readdir(archiveDir)).filter((name) => name.endsWith('.gz')).map((name) => join(archiveDir, name));

/** Two old months whose events alternate at the border, and this one. */
async function writeMonths(): Promise<void> {
  await trail.write(30, '2026-03-10T12:00:00Z');
  await inTransaction(trail.db, async (db) => {
    for (const at of [
      '2026-03-31T23:59:59Z',
      '2026-04-01T00:00:00Z',
      '2026-03-31T23:59:59Z',
      '2026-04-01T00:00:01Z',
    ]) {
      await db.query(`INSERT INTO event (type, actor, occurred_at) VALUES ('border', 'x', $1)`, [at]);
    }
  });
  await trail.write(20, '2026-04-20T12:00:00Z');
  await trail.write(10);
  await trail.seal();
}

it('old months leave the database for files; together with what is left they are one unbroken chain', async () => {
  await writeMonths();
  const { last } = await trail.verify();
  expect(await archive()).toEqual(['events-2026-03.ndjson.gz', 'events-2026-04.ndjson.gz']);
  const { rows } = await trail.db.query(
    `SELECT min(occurred_at) > now() - interval '1 day' AS recent FROM event`,
  );
  expect(rows).toEqual([{ recent: true }]);
  await trail.seal();
  expect(await listEventArchives(trail.db)).toMatchObject([
    { month: '2026-03-01', events: 32, firstPosition: 1, lastPosition: 33 },
    { month: '2026-04-01', events: 22, firstPosition: 32, lastPosition: 54 },
  ]);
  const { rows: told } = await trail.db.query(
    `SELECT data->>'month' AS month FROM event WHERE type = 'audit.archived'`,
  );
  expect(told).toEqual([{ month: '2026-03' }, { month: '2026-04' }]);
  const verified = await trail.verify(await paths(), last ? [last] : []);
  expect(verified).toMatchObject({ faultCount: 0, events: 66, first: { position: 1 }, unsealed: 0 });
  expect(await archive()).toEqual([]);
});

it('a month in which only part is old, or not all is sealed, stays', async () => {
  await trail.write(5, '2026-03-10T12:00:00Z');
  expect(await archive()).toEqual([]);
  await trail.seal();
  const daysSinceMarch = Math.floor((Date.now() - Date.parse('2026-03-15T00:00:00Z')) / 86_400_000);
  expect(await archive(daysSinceMarch)).toEqual([]);
  expect(await archive(daysSinceMarch - 20)).toEqual(['events-2026-03.ndjson.gz']);
});

it('an event that was altered keeps its month, and says so', async () => {
  await writeMonths();
  await trail.tamper(`UPDATE event SET actor = 'else' WHERE seq = 3`);
  await expect(archive()).rejects.toThrow(/position 3: its content is not what was sealed/);
  expect(await listEventArchives(trail.db)).toEqual([]);
  expect(await trail.verify()).toMatchObject({ events: 64, faultCount: 1 });
});

it('what a crash has left half done is done anew', async () => {
  await writeMonths();
  // Between the file and the database: the file is there, cut off.
  await writeFile(join(archiveDir, 'events-2026-03.ndjson.gz'), gzipSync('{"seq":'));
  await archive();
  expect(await trail.verify(await paths())).toMatchObject({ faultCount: 0, events: 64 });
});

it('a month can not leave twice', async () => {
  await writeMonths();
  await archive();
  const [first] = await listEventArchives(trail.db);
  if (!first) throw new Error('nothing was archived');
  await expect(dropMonth(trail.db, first)).rejects.toThrow(/event_archive_pkey/);
});

it('verification finds one flipped byte in an archive', async () => {
  await writeMonths();
  await archive();
  const [path = ''] = await paths();
  const text = gunzipSync(await readFile(path)).toString();
  await writeFile(path, gzipSync(text.replace('"actor":"platform"', '"actor":"platforn"')));
  expect((await trail.verify(await paths())).faults).toMatchObject([{ kind: 'altered', position: 1 }]);
});
