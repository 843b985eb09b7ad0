import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { archiveOldMonths, readArchive } from '../../audit/archive.ts';
import { verifyChain } from '../../audit/verify.ts';
import { Trail } from './trail.ts';

const MONTH = '2024-01-01';
const logger = pino({ level: 'silent' });

let trail: Trail;
let archiveDir: string;
beforeEach(async () => {
  trail = await Trail.create();
  archiveDir = await mkdtemp(join(tmpdir(), 'tpe-archive-'));
});
afterEach(async () => {
  await trail.close();
  await rm(archiveDir, { recursive: true, force: true });
});

function archive(): Promise<string[]> {
  return archiveOldMonths({ pool: trail.db, logger, archiveDir, hotDays: 90 });
}

async function count(from: string): Promise<number> {
  const { rows } = await trail.db.query<{ n: number }>(`SELECT count(*)::integer AS n FROM ${from}`);
  return rows[0]?.n ?? 0;
}

describe('an archive', () => {
  test('holds a text with the line separators that JSON leaves as they are', async () => {
    await trail.makeMonth(MONTH);
    const text = 'a\u2028b\u2029c\u0085d';
    await trail.db.query(
      `INSERT INTO event (type, actor, reason, occurred_at) VALUES ('test', 'ops', $1, '2024-01-10Z')`,
      [text],
    );
    await trail.seal();
    const [file = ''] = await archive();
    const reasons: (string | null)[] = [];
    for await (const { reason } of readArchive(join(archiveDir, file))) reasons.push(reason);
    expect(reasons).toEqual([text]);
  });

  test('is not made of a month that has lost an event: what proves the loss stays', async () => {
    await trail.makeMonth(MONTH);
    await trail.write(5, '2024-01-10T00:00:00Z');
    await trail.seal();
    await trail.tamper('DELETE FROM event WHERE seq = 3');
    await expect(archive()).rejects.toThrow('2024-01: the chain has 5 events, the trail 4: some are gone');
    expect([await count('event_2024_01'), await count('event_chain_2024_01')]).toEqual([4, 5]);
  });

  test('can not be struck from the list of archives', async () => {
    for (const change of ['TRUNCATE event_archive', 'TRUNCATE event, event_archive']) {
      await expect(trail.db.query(change)).rejects.toThrow('is append-only');
    }
  });
});

test('a number that no double holds does not stop the chain, and verifies in an archive', async () => {
  await trail.makeMonth(MONTH);
  await trail.db.query(
    `INSERT INTO event (type, actor, data, occurred_at) VALUES ('test', 'ops', '{"n": 1e400}', '2024-01-10Z')`,
  );
  await trail.write(1);
  expect(await trail.seal()).toBe(2);
  const [file = ''] = await archive();
  expect(await verifyChain(readArchive(join(archiveDir, file)))).toMatchObject({ events: 1, faultCount: 0 });
});

test('events that were written between a restore and the rebasing of the order are sealed', async () => {
  await trail.write(3);
  await trail.seal();
  // As after a restore: what is sealed was written by transactions that this cluster has yet to reach.
  await trail.tamper('UPDATE event SET tx = tx + 1000000');
  await trail.tamper('UPDATE event_chain_head SET tx = tx + 1000000');
  await trail.write(2);
  await trail.db.query('SELECT rebase_event_order()');
  await trail.write(4);
  await trail.seal();
  expect(await count('event_chain')).toBe(9);
  expect(
    await count('(SELECT seq < lag(seq) OVER (ORDER BY position) AS fell FROM event_chain) AS o WHERE fell'),
  ).toBe(0);
  await expect(trail.db.query('UPDATE event SET tx = 1')).rejects.toThrow('is append-only');
});
