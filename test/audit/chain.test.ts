import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chainHash, GENESIS, type EventRecord } from '../../audit/chain.ts';
import { sealNext } from '../../audit/sealer.ts';
import { readSealingState } from '../../db/event-chain.ts';
import { inTransaction } from '../../db/pool.ts';
import { Trail } from './trail.ts';

let trail: Trail;

/** A trail of its own for each test of the `describe` around it. */
function trailInEachTest(): void {
  beforeEach(async () => {
    trail = await Trail.create();
  });
  afterEach(() => trail.close());
}

const RECORD: EventRecord = {
  seq: '1',
  eventId: '0f0c9a1e-5a7b-4c39-9c5e-0b8a3f6d2c11',
  occurredAt: '2026-11-25T08:00:00.000001Z',
  type: 'campaign.created',
  campaignId: null,
  tpeId: null,
  actor: 'ana',
  reason: null,
  data: { b: 1, a: ['é', null] },
  correlationId: null,
  traceparent: null,
};

describe('the hash of an event', () => {
  it('does not depend on the order of its fields, and on nothing that is not its own', () => {
    const turned = Object.fromEntries(Object.entries(RECORD).toReversed()) as unknown as EventRecord;
    const more = { ...turned, data: { a: ['é', null], b: 1 }, position: 7, tx: '99' };
    expect(chainHash(GENESIS, more)).toBe(chainHash(GENESIS, RECORD));
  });

  it('is the documented one', () => {
    // printf the 32 zero bytes and the canonical JSON into sha256sum.
    expect(chainHash(GENESIS, RECORD)).toBe(
      'de99253d7ccfaca2384a2bd75cc422ce1bc0da9b3e6775be79a8800b553df802',
    );
  });

  it.each(Object.keys(RECORD))('depends on its %s', (field) => {
    expect(chainHash(GENESIS, { ...RECORD, [field]: 'other' })).not.toBe(chainHash(GENESIS, RECORD));
  });
});

describe('events', () => {
  beforeAll(async () => {
    trail = await Trail.create();
    await trail.write(1);
    await trail.seal();
  });
  afterAll(() => trail.close());

  it.each([
    'UPDATE event SET actor = $$x$$',
    'DELETE FROM event',
    'TRUNCATE event',
    `UPDATE event_${month()} SET actor = $$x$$`,
    `DELETE FROM event_${month()}`,
    `TRUNCATE event_${month()}`,
    'UPDATE event_chain SET position = 9',
    'DELETE FROM event_chain',
    'TRUNCATE event_chain',
    `TRUNCATE event_chain_${month()}`,
  ])('are only ever appended to: "%s" is refused', async (statement) => {
    await expect(trail.db.query(statement)).rejects.toThrow(/append-only/);
  });
});

describe('sealing', () => {
  trailInEachTest();

  it('gives every event one position, in an order that later commits do not change', async () => {
    await inTransaction(trail.db, async (slow) => {
      // Drawn first, committed last.
      await slow.query(`INSERT INTO event (type, actor) VALUES ('slow', 'x')`);
      await trail.write(3);
      // What is still open holds back what came after it.
      expect(await sealNext(trail.db)).toBe(0);
    });
    await trail.write(2);
    expect(await trail.seal()).toBe(6);
    const { rows } = await trail.db.query<{ position: string; type: string }>(
      `SELECT c.position, e.type FROM event_chain c JOIN event e USING (seq) ORDER BY c.position`,
    );
    expect(rows.map(({ position }) => Number(position))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await trail.verify()).toMatchObject({ events: 6, faultCount: 0, unsealed: 0 });
  });

  it('is done once, whoever does it: writers and sealers at the same time', async () => {
    const writing = new AbortController();
    const sealers = Array.from({ length: 3 }, async () => {
      while (!writing.signal.aborted) await sealNext(trail.db, 7);
    });
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        for (let n = 0; n < 20; n++) await trail.write(1 + (n % 4));
      }),
    );
    writing.abort();
    await Promise.all(sealers);
    await trail.seal();
    const { rows } = await trail.db.query<{ events: number; sealed: number; last: number }>(
      `SELECT (SELECT count(*)::integer FROM event) AS events, count(DISTINCT seq)::integer AS sealed,
              max(position)::integer AS last FROM event_chain`,
    );
    expect(rows[0]).toEqual({ events: 250, sealed: 250, last: 250 });
    expect(await trail.verify()).toMatchObject({ events: 250, faultCount: 0 });
  });

  it('goes on after a restore into a cluster that counts its transactions anew', async () => {
    await trail.write(3);
    await trail.seal();
    // As after such a restore: the ids of what is there lie far ahead.
    await trail.tamper(`UPDATE event SET tx = tx + 1000000; UPDATE event_chain_head SET tx = tx + 1000000`);
    await trail.write(2);
    expect(await sealNext(trail.db)).toBe(0);
    expect(await readSealingState(trail.db)).toMatchObject({ isBehind: true });
    await trail.tamper(
      `DELETE FROM event WHERE NOT EXISTS (SELECT FROM event_chain c WHERE c.seq = event.seq)`,
    );
    await trail.db.query('SELECT rebase_event_order()');
    await trail.write(2);
    expect(await trail.seal()).toBe(2);
    expect(await trail.verify()).toMatchObject({ events: 5, faultCount: 0 });
  });
});

describe('verification finds', () => {
  trailInEachTest();
  beforeEach(async () => {
    await trail.write(20);
    await trail.seal();
  });

  it('one flipped byte', async () => {
    await trail.tamper(`UPDATE event SET reason = overlay(reason PLACING 'E' FROM 3 FOR 1) WHERE seq = 7`);
    const { faults, faultCount } = await trail.verify();
    expect(faultCount).toBe(1);
    expect(faults).toMatchObject([{ kind: 'altered', position: 7 }]);
  });

  it('a number in its data that is another one', async () => {
    await trail.tamper(`UPDATE event SET data = jsonb_set(data, '{n}', '8') WHERE seq = 7`);
    expect((await trail.verify()).faults).toMatchObject([{ kind: 'altered', position: 7 }]);
  });

  it('an event that was taken out, with or without its place in the chain', async () => {
    await trail.tamper('DELETE FROM event WHERE seq = 7');
    expect((await trail.verify()).faults).toMatchObject([{ kind: 'missing', position: 7 }]);
    await trail.tamper('DELETE FROM event_chain WHERE seq = 7');
    expect((await trail.verify()).faults[0]).toMatchObject({ kind: 'missing', position: 7 });
  });

  it('an event that was put in', async () => {
    await trail.tamper(
      `INSERT INTO event (type, actor, occurred_at, tx) VALUES ('x', 'y', now() - interval '5 minutes', 1)`,
    );
    expect((await trail.verify()).faults).toMatchObject([{ kind: 'unsealed' }]);
  });

  it('a chain that was made anew, by what was kept of the old one', async () => {
    const { last } = await trail.verify();
    if (!last) throw new Error('there is no chain');
    expect(await trail.verify([], [last])).toMatchObject({ faultCount: 0 });
    await trail.tamper(`UPDATE event SET actor = 'somebody else' WHERE seq = 7`);
    await trail.tamper(`DELETE FROM event_chain`);
    await trail.tamper(
      `UPDATE event_chain_head SET position = 0, tx = 0, seq = 0, hash = decode(repeat('00', 32), 'hex')`,
    );
    await trail.seal();
    expect(await trail.verify()).toMatchObject({ faultCount: 0 });
    expect((await trail.verify([], [last])).faults).toMatchObject([{ kind: 'head', position: 20 }]);
  });

  it('a chain whose end was cut off, by what was kept of it', async () => {
    const { last } = await trail.verify();
    await trail.tamper(`DELETE FROM event WHERE seq > 15`);
    await trail.tamper(`DELETE FROM event_chain WHERE seq > 15`);
    expect(await trail.verify()).toMatchObject({ events: 15, faultCount: 0 });
    expect((await trail.verify([], last ? [last] : [])).faults).toMatchObject([
      { kind: 'head', position: 20 },
    ]);
  });
});

function month(): string {
  return new Date().toISOString().slice(0, 7).replace('-', '_');
}
