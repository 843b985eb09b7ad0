import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { auditArchives } from '../../api/schemas/event.ts';
import { chainHash, GENESIS } from '../../audit/chain.ts';
import { type LinkedRecord, verifyChain } from '../../audit/verify.ts';
import { exportEvents } from '../../db/event-export.ts';
import { inTransaction } from '../../db/pool.ts';
import { EventDesk } from './event-desk.ts';

let desk: EventDesk;
beforeAll(async () => {
  desk = await EventDesk.create();
});
beforeEach(() => desk.clear());
afterAll(() => desk.close());

describe('the export of events', () => {
  test('is in the order of the chain, which verifies; what is not sealed comes last', async () => {
    const early = await desk.api.pool.connect();
    try {
      // A transaction that began before another one, and wrote after it.
      await early.query('BEGIN');
      await early.query('SELECT pg_current_xact_id()');
      const [second] = await desk.write({ reason: 'é "quoted"\nline' });
      const { rows } = await early.query(
        `INSERT INTO event (type, actor) VALUES ('campaign.created', 'anna') RETURNING event_id AS id`,
      );
      await early.query('COMMIT');
      await desk.seal();
      const [third] = await desk.write({});
      const records = await desk.exported();
      expect(records.map(({ eventId }) => eventId)).toEqual([rows[0]?.id, second, third]);
      expect(records.map(({ position }) => position)).toEqual([1, 2, null]);
      expect(records.map(({ previousHash }) => previousHash)).toEqual([GENESIS, records[0]?.hash, null]);
      for (const record of records.slice(0, 2)) {
        expect(chainHash(record.previousHash ?? '', record)).toBe(record.hash);
      }
      expect(await verifyChain(records)).toMatchObject({ events: 2, faultCount: 0, unsealed: 1 });
      // With a filter it is in the order of writing.
      expect((await desk.exported('type=*')).map(({ eventId }) => eventId)).toEqual([
        second,
        rows[0]?.id,
        third,
      ]);
    } finally {
      early.release();
    }
  });

  test('has the fields of a record that is hashed, and nothing but its place beside them', async () => {
    await desk.write({ data: { n: 1.5 } });
    const [record] = await desk.exported();
    expect(Object.keys(record ?? {}).sort()).toEqual(
      [
        'seq eventId occurredAt type campaignId tpeId actor reason data correlationId traceparent',
        'position hash previousHash',
      ]
        .flatMap((names) => names.split(' '))
        .sort(),
    );
    expect(record?.occurredAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  test('knows the hash before an event also where that one is filtered out, archived or in another piece', async () => {
    await desk.write(...Array.from({ length: 6 }, (_, i) => ({ actor: i % 2 === 0 ? 'anna' : 'ben' })));
    await desk.seal();
    const all = await desk.exported();
    const hashes = all.map(({ hash }) => hash);
    const ben = await desk.exported('actor=ben');
    expect(ben.map(({ previousHash }) => previousHash)).toEqual([hashes[0], hashes[2], hashes[4]]);
    const anna = await desk.exported('actor=anna');
    expect(anna.map(({ previousHash }) => previousHash)).toEqual([GENESIS, hashes[1], hashes[3]]);

    const pieces: LinkedRecord[][] = [];
    const take = async (records: LinkedRecord[]): Promise<void> => void pieces.push(records);
    await exportEvents(desk.api.pool, {}, take, { signal: new AbortController().signal, batch: 4 });
    expect(pieces.map(({ length }) => length)).toEqual([4, 2]);
    expect(pieces.flat()).toEqual(all);

    // The first two have left; of the fourth nothing is known any more.
    await forbidden(`DELETE FROM event_chain WHERE position IN (1, 2, 4);
                     DELETE FROM event WHERE event_id IN (${[0, 1, 3].map((i) => `'${all[i]?.eventId}'`).join()})`);
    await desk.api.pool.query(
      `INSERT INTO event_archive (month, file, sha256, events, first_position, last_position, last_hash, ends)
       VALUES ('2026-08-01', 'events-2026-08.ndjson.gz', 'ab', 2, 1, 2, decode($1, 'hex'), $2)`,
      [hashes[1], JSON.stringify([{ position: 2, hash: hashes[1] }])],
    );
    expect((await desk.exported()).map(({ position, previousHash }) => [position, previousHash])).toEqual([
      [3, hashes[1]],
      [5, null],
      [6, hashes[4]],
    ]);
    const archives = auditArchives.parse((await desk.api.send('audit/archives')).body);
    expect(archives.items).toMatchObject([
      { month: '2026-08', events: 2, firstPosition: 1, lastPosition: 2, lastHash: hashes[1] },
    ]);
    expect(archives.items[0]).not.toHaveProperty('ends');
  });

  test('as CSV has a heading and the data as JSON, and nothing that a spreadsheet would run', async () => {
    const reasons = [
      '=HYPERLINK("http://x","y")',
      '+1',
      '-1+1',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      'a=b, "c"\nd',
      null,
    ];
    await desk.write(...reasons.map((reason) => ({ reason, actor: '=cmd', data: { reason } })));
    const { headers, body } = await desk.api.send('events/export?format=csv');
    expect(headers.get('content-type')).toMatch(/^text\/csv/);
    expect(headers.get('content-disposition')).toMatch(
      /^attachment; filename="events-\d{4}-\d\d-\d\d\.csv"$/,
    );
    const rows: Record<string, string>[] = parse(body, { columns: true });
    expect(rows.map(({ reason }) => reason)).toEqual([
      ...reasons.slice(0, 6).map((reason) => `'${reason}`),
      reasons[6],
      '',
    ]);
    expect(new Set(rows.map(({ actor }) => actor))).toEqual(new Set(["'=cmd"]));
    expect(rows.map(({ data }) => JSON.parse(data ?? '').reason)).toEqual(reasons);
    expect((await desk.api.send('events/export?format=csv&actor=nobody')).body).toMatch(
      /^position,seq,[\w,]+\n$/,
    );
    expect(await desk.exported('actor=nobody')).toEqual([]);
  });

  test('answers HEAD without reading anything, and mistakes before the first byte as problems', async () => {
    const { status, headers, body } = await desk.api.send('events/export?format=csv', { method: 'HEAD' });
    expect([status, headers.get('content-type'), body]).toEqual([
      200,
      expect.stringMatching(/^text\/csv/),
      '',
    ]);
    expect((await desk.api.send('events/export?format=xml')).status).toBe(400);
    expect((await desk.api.send('events/export?limit=5')).status).toBe(400);
  });
});

/** Does what the triggers forbid. */
async function forbidden(statements: string): Promise<void> {
  await inTransaction(desk.api.pool, async (db) => {
    await db.query('SET LOCAL session_replication_role = replica');
    await db.query(statements);
  });
}
