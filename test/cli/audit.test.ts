import { createHash, randomUUID } from 'node:crypto';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestApi } from '../api/test-api.ts';
import { GENESIS } from '../../audit/chain.ts';
import { sealNext } from '../../audit/sealer.ts';
import { readSealingState } from '../../db/event-chain.ts';
import { emptyTables } from '../support/empty.ts';
import { type Ended, runTpe } from './tpe.ts';

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await TestApi.create();
  folder = await mkdtemp(join(tmpdir(), 'tpe-cli-audit-'));
});
beforeEach(async () => {
  await emptyTables(api.pool, 'tpe', 'campaign', 'campaign_tpe', 'event', 'event_chain', 'event_archive');
  await api.pool.query(
    `UPDATE event_chain_head SET position = 0, hash = decode($1, 'hex'), tx = 0, seq = 0`,
    [GENESIS],
  );
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

function tpe(args: readonly string[], url = api.url): Promise<Ended> {
  return runTpe(['audit', ...args], { url });
}

/** Writes events that are then sealed. */
async function events(count: number, reason = 'storm'): Promise<void> {
  await api.pool.query(
    `INSERT INTO event (type, tpe_id, actor, reason, data)
     SELECT 'tpe.failed', gen_random_uuid(), 'anna', $2, jsonb_build_object('n', n) FROM generate_series(1, $1) AS n`,
    [count, reason],
  );
  do await sealNext(api.pool);
  while ((await readSealingState(api.pool)).unsealed > 0);
}

/** What somebody does who may do anything. */
async function tamper(...statements: string[]): Promise<void> {
  const all = [
    'ALTER TABLE event DISABLE TRIGGER ALL',
    ...statements,
    'ALTER TABLE event ENABLE TRIGGER ALL',
  ];
  await api.pool.query(all.join(';'));
}

const at = (position: number): string =>
  `event_id = (SELECT e.event_id FROM event e JOIN event_chain c USING (seq, occurred_at) WHERE c.position = ${position})`;

async function head(): Promise<string> {
  const { position, hash } = (await api.send('audit/head')).body;
  return `${position}:${hash}`;
}

describe('tpe audit', () => {
  test('finds events and shows the timeline of a terminal; what was sent to it does not steer the screen', async () => {
    expect((await tpe(['search'])).out).toBe('No event.\n');
    const [tpeId] = (await api.fleet([{}])) as [string];
    expect((await tpe(['timeline', tpeId])).out).toBe('Nothing has happened to this terminal yet.\n');
    const campaignId = await api.campaign({ tpeIds: [tpeId] }, '4.2.0');
    await api.pool.query(
      `INSERT INTO event (type, campaign_id, tpe_id, actor, reason) VALUES ('tpe.failed', $1, $2, 'anna', $3)`,
      [campaignId, tpeId, `failed\u001B[2J\n${'x'.repeat(80)}`],
    );
    const found = await tpe(['search', '--type', 'tpe.f*', '--actor', 'anna', '--tpe', tpeId]);
    expect(found.out).toMatch(/^POSITION +TIME +TYPE +CAMPAIGN +TPE +ACTOR +REASON\n/);
    expect(found.out.split('\n')[1]).toMatch(
      new RegExp(`^ +–  .*  tpe.failed  ${campaignId}  ${tpeId}  anna +failed\\\\u\\{1b\\}\\[2J x+…$`),
    );
    const timeline = await tpe(['timeline', tpeId]);
    expect(timeline.out).toMatch(/tpe\.failed +Update to 4\.2\.0 +4\.2\.0 +anna/);
    const json = await tpe(['search', '--campaign', campaignId, '--order', 'asc', '--json', '--limit', '1']);
    expect(JSON.parse(json.out).items).toMatchObject([{ campaignId, type: 'campaign.created' }]);
    expect(await tpe(['search', '--from', 'yesterday'])).toMatchObject({ code: 1, out: '' });
    expect(await tpe(['search', '--order', 'up'])).toMatchObject({ code: 2, out: '' });
    expect(await tpe(['timeline', randomUUID()])).toMatchObject({ code: 1, out: '' });
  });

  test('writes an export to a file that is there once it is complete, or to stdout', async () => {
    await events(3);
    const file = join(folder, 'trail.csv');
    const { out } = await tpe(['export', '--format', 'csv', '-o', file, '--actor', 'anna']);
    const content = await readFile(file);
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(out).toBe(`${file}: ${content.length} bytes, SHA-256 ${sha256}\n`);
    expect(content.toString().split('\n')).toHaveLength(5);
    const lines = (await tpe(['export'])).out.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).position)).toEqual([1, 2, 3]);

    expect(await tpe(['export', '--from', 'yesterday', '-o', file])).toMatchObject({ code: 1, out: '' });
    expect(await tpe(['export', '-o', join(folder, 'none', 'x')])).toMatchObject({ code: 1, out: '' });
    expect(await readFile(file)).toEqual(content);
  });

  test('leaves no file behind of an export that broke off', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      response.write('{"position":1}\n', () => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const file = join(folder, 'broken.ndjson');
      expect(await tpe(['export', '-o', file], url)).toMatchObject({ code: 3, out: '' });
      await expect(access(file)).rejects.toThrow('ENOENT');
      expect((await readdir(folder)).filter((name) => name.startsWith('broken'))).toEqual([]);
      expect((await tpe(['export'], url)).code).toBe(3);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('tells the end of the chain, and the months that have left', async () => {
    expect((await tpe(['head'])).out).toMatch(/^events sealed +0\nlast sealed +–\nnot sealed yet +0\n$/);
    await events(2);
    expect((await tpe(['head'])).out).toContain(`\nkeep this: ${await head()}\n`);
    expect((await tpe(['archives'])).out).toBe('No month has left the database yet.\n');
    await api.pool.query(
      `INSERT INTO event_archive (month, file, sha256, events, ends) VALUES ('2026-08-01', 'events-2026-08.ndjson.gz', 'ab', 0, '[]')`,
    );
    expect((await tpe(['archives'])).out).toMatch(/\n2026-08  events-2026-08\.ndjson\.gz +0 +– +– .* ab\n$/);
  });
});

describe('tpe audit verify', () => {
  test('says that nothing was changed, and what to keep', async () => {
    await events(1_200);
    const { code, out } = await tpe(['verify']);
    expect(out).toBe(
      `1200 events, positions 1 to 1200; 0 not sealed yet\nNothing was changed, from the first event on.\nkeep this: ${await head()}\n`,
    );
    expect(code).toBe(0);
    const json = JSON.parse((await tpe(['verify', '--json', '--head', await head()])).out);
    expect(json).toMatchObject({
      events: 1_200,
      faultCount: 0,
      first: { position: 1 },
      last: { position: 1_200 },
    });
  });

  test('finds an event that was changed', async () => {
    await events(5);
    await tamper(`UPDATE event SET reason = 'nothing at all' WHERE ${at(3)}`);
    const { code, out, err } = await tpe(['verify']);
    expect([code, out]).toEqual([1, '5 events, positions 1 to 5; 0 not sealed yet\n']);
    expect(err).toMatch(
      /^The trail is not what was sealed: 1 fault\n {2}altered at 3 +its content is not what was sealed \(event [0-9a-f-]{36}\)\n$/,
    );
    const json = await tpe(['verify', '--json']);
    expect([json.code, JSON.parse(json.out).faults]).toMatchObject([1, [{ kind: 'altered', position: 3 }]]);
  });

  test('finds an event that was taken out, at the beginning and at the end too', async () => {
    await events(5);
    await tamper(`DELETE FROM event WHERE ${at(1)}`, `DELETE FROM event WHERE ${at(5)}`);
    const { code, err } = await tpe(['verify']);
    expect(code).toBe(1);
    expect(err).toMatch(/missing at 1 /);
    expect(err).toMatch(/head at 5 /);
  });

  test('finds a chain that was made anew, by the end that was kept of the old one', async () => {
    await events(3);
    const kept = await head();
    await events(1);
    expect((await tpe(['verify', '--head', kept])).code).toBe(0);
    await emptyTables(api.pool, 'event', 'event_chain');
    await api.pool.query(
      `UPDATE event_chain_head SET position = 0, hash = decode($1, 'hex'), tx = 0, seq = 0`,
      [GENESIS],
    );
    await events(3, 'sunshine');
    expect((await tpe(['verify'])).code).toBe(0);
    const { code, err } = await tpe(['verify', '--head', kept]);
    expect(code).toBe(1);
    expect(err).toMatch(/head at 3 /);
    expect((await tpe(['verify', '--head', '3:abc'])).code).toBe(2);
  });

  test('goes through archives into what is in the database, and asks for those that are not given', async () => {
    await events(6);
    const lines = (await tpe(['export'])).out.trimEnd().split('\n');
    const month = join(folder, 'events-2026-08.ndjson.gz');
    await writeFile(month, gzipSync(`${lines.slice(0, 3).join('\n')}\n`));
    const { hash } = JSON.parse(lines[2] ?? '');
    await api.pool.query(
      `INSERT INTO event_archive (month, file, sha256, events, first_position, last_position, last_hash, ends)
       VALUES ('2026-08-01', 'events-2026-08.ndjson.gz', 'ab', 3, 1, 3, decode($1, 'hex'), $2)`,
      [hash, JSON.stringify([{ position: 3, hash }])],
    );
    await api.pool.query('ALTER TABLE event_chain DISABLE TRIGGER ALL');
    await tamper(
      ...[1, 2, 3].map((position) => `DELETE FROM event WHERE ${at(position)}`),
      'DELETE FROM event_chain WHERE position <= 3',
    );
    expect((await tpe(['verify', '--file', month])).out).toMatch(
      /^6 events, positions 1 to 6; 0 not sealed yet\nNothing was changed, from the first event on\./,
    );
    expect((await tpe(['verify'])).out).toMatch(/^3 events, .*\nNothing was changed, from position 4 on\./);

    const changed = lines.slice(0, 3).map((line) => line.replace('storm', 'rain'));
    await writeFile(month, gzipSync(`${changed.join('\n')}\n`));
    expect((await tpe(['verify', '--file', month])).err).toMatch(
      /altered at 1 .*\n.*altered at 2 .*\n.*altered at 3 /,
    );
    await writeFile(month, gzipSync(`${lines.slice(0, 3).join('\n')}\n`).subarray(0, 200));
    const cut = await tpe(['verify', '--file', month]);
    expect([cut.code, cut.out]).toEqual([1, '']);
    expect(cut.err).toContain('The trail can not be read');

    const needed = await tpe(['verify', '--head', `3:${hash}`]);
    expect([needed.code, needed.err]).toEqual([
      2,
      expect.stringContaining('give events-2026-08.ndjson.gz by --file'),
    ]);

    // What was taken out right behind the archive.
    await tamper(`DELETE FROM event WHERE ${at(4)}`, 'DELETE FROM event_chain WHERE position = 4');
    await api.pool.query('ALTER TABLE event_chain ENABLE TRIGGER ALL');
    expect((await tpe(['verify'])).err).toMatch(/missing at 4 +the archives end at position 3/);
    expect((await tpe(['verify', '--file', join(folder, 'none.gz')])).code).toBe(2);
  });
});
