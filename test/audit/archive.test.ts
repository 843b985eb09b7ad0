import { mkdtemp, open, readdir, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { archiveOldMonths } from '../../audit/archive.ts';
import { dropMonth, findOldMonths, listEventArchives } from '../../db/event-archive.ts';
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
  // No file either, that would stand in the way once the event is repaired.
  expect(await readdir(archiveDir)).toEqual([]);
  expect(await listEventArchives(trail.db)).toEqual([]);
  expect(await trail.verify()).toMatchObject({ events: 64, faultCount: 1 });
});

describe('a power cut', () => {
  const FILE = 'events-2026-03.ndjson.gz';
  const PART = 'UUID.part';

  /** Calls `act` in place of each fsync; it is done where `act` does not throw. */
  async function onSync(act: (handle: FileHandle) => Promise<void>): Promise<void> {
    const handle = await open(archiveDir);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const sync = Reflect.get(prototype, 'sync');
    vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      await act(this);
      return sync.call(this);
    });
  }
  afterEach(() => void vi.restoreAllMocks());

  it('finds a month in the database until the disk has the file, the manifest and the names of both', async () => {
    await writeMonths();
    const seen: string[] = [];
    await onSync(async (handle) => {
      const what = (await handle.stat()).isDirectory() ? 'folder' : 'file';
      const names = (await readdir(archiveDir)).map((name) => name.replace(/[0-9a-f-]{36}/, 'UUID'));
      const months = await findOldMonths(trail.db, 90);
      seen.push(`${months[0]}, ${what}: ${names.toSorted().join(' ')}`);
    });
    await archive();
    expect(seen.slice(0, 4)).toEqual([
      `2026-03-01, file: ${FILE}.${PART}`,
      `2026-03-01, folder: ${FILE}`,
      `2026-03-01, file: ${FILE} ${FILE}.json.${PART}`,
      `2026-03-01, folder: ${FILE} ${FILE}.json`,
    ]);
  });

  it.each([0, 1, 2, 3])('after %i things were taken by the disk loses nothing', async (taken) => {
    await writeMonths();
    let asked = 0;
    await onSync(() => (asked++ < taken ? Promise.resolve() : Promise.reject(new Error('EIO'))));
    await expect(archive()).rejects.toThrow('EIO');
    expect(await listEventArchives(trail.db)).toEqual([]);
    expect(await trail.verify()).toMatchObject({ faultCount: 0, events: 64 });
    vi.restoreAllMocks();
    // What is left of the first try is gone on with.
    expect(await archive()).toHaveLength(2);
    expect(await trail.verify(await paths())).toMatchObject({ faultCount: 0, events: 64 });
  });
});

it('a file of the same name that holds something else is neither overwritten nor taken for the archive', async () => {
  await writeMonths();
  const path = join(archiveDir, 'events-2026-03.ndjson.gz');
  const foreign = gzipSync('{"seq":"1"}\n');
  await writeFile(path, foreign);
  await expect(archive()).rejects.toThrow(
    /events-2026-03\.ndjson\.gz is there already and holds something else.*AUDIT_ARCHIVE_DIR/,
  );
  expect(await readdir(archiveDir)).toEqual(['events-2026-03.ndjson.gz']);
  expect(await readFile(path)).toEqual(foreign);
  expect(await listEventArchives(trail.db)).toEqual([]);
  await rename(path, `${path}.foreign`);
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
