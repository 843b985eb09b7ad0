import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { countOpenLetters, forgetDeadLetters } from '../../db/dead-letter-intake.ts';
import { mirrorDeadLetters } from '../../events/dead-letter-mirror.ts';
import type { GroupConsumer } from '../../events/consumer.ts';
import { ConsumerRig, silent } from './consumer-rig.ts';
import { Rig, until } from './rig.ts';

let rig: Rig;
let consumers: ConsumerRig;
let mirror: GroupConsumer | undefined;

beforeAll(async () => {
  rig = await Rig.create();
});
beforeEach(async () => {
  consumers = await ConsumerRig.create();
  await rig.db.query('TRUNCATE dead_letter');
});
afterEach(async () => {
  await mirror?.stop();
  await consumers.close();
});
afterAll(() => rig.close());

async function start(): Promise<void> {
  await mirror?.stop();
  mirror = mirrorDeadLetters({ config: consumers.config, logger: silent, pool: rig.db });
}

/** Resolves when the mirror has come past so many messages. */
async function passed(count: number): Promise<void> {
  await until(async () => (await consumers.committed(String(mirror?.group), 'tpe.events.dlq')) === count);
}

const headers = (id: string): Record<string, string> => ({
  dlq_id: id,
  dlq_topic: 'tpe.update.command',
  dlq_partition: '3',
  dlq_offset: '17',
  dlq_error: 'WRONG',
  dlq_reason: 'It is wrong.',
  dlq_stage: 'orders',
  dlq_tries: '3',
  dlq_time: '2026-11-25T08:00:00.000Z',
});

async function stored(): Promise<Record<string, unknown>[]> {
  const { rows } = await rig.db.query<Record<string, unknown>>('SELECT * FROM dead_letter ORDER BY dlq_id');
  return rows;
}

test('a letter comes into the table as it is, and once, however often it comes', async () => {
  const value = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const letter = {
    key: Buffer.from([0xff, 0]),
    value,
    partition: 0,
    headers: { ...headers('a'), ce_id: 'é\0', dlq_replay_of: 'r' },
  };
  await consumers.produce(
    [letter, letter, { ...letter, key: null, value: null, headers: headers('b') }],
    'tpe.events.dlq',
  );
  await start();
  await passed(3);
  const common = {
    topic: 'tpe.update.command',
    partition: 3,
    offset: '17',
    stage: 'orders',
    error: 'WRONG',
    reason: 'It is wrong.',
    tries: 3,
    truncated_bytes: null,
    failed_at: new Date('2026-11-25T08:00:00Z'),
    state: 'OPEN',
  };
  expect(await stored()).toMatchObject([
    { ...common, dlq_id: 'a', key: letter.key, value, headers: { ce_id: 'é\uFFFD', dlq_replay_of: 'r' } },
    { ...common, dlq_id: 'b', key: null, value: null, headers: {} },
  ]);
  expect(await countOpenLetters(rig.db)).toBe(2);
  // What people have decided stays decided.
  await rig.db.query(`UPDATE dead_letter SET state = 'DISCARDED', decided_by = 'ana' WHERE dlq_id = 'a'`);
  await consumers.produce([{ ...letter, partition: 1 }], 'tpe.events.dlq');
  await passed(4);
  expect(await stored()).toMatchObject([
    { dlq_id: 'a', state: 'DISCARDED', decided_by: 'ana' },
    { dlq_id: 'b' },
  ]);
  expect(await countOpenLetters(rig.db)).toBe(1);
});

test('a letter far larger than what is fetched at once comes in as a whole', async () => {
  const value = Buffer.alloc(9_000_000, 'x');
  await consumers.produce([{ key: 'k', value, partition: 4, headers: headers('large') }], 'tpe.events.dlq');
  await start();
  await passed(1);
  const [letter] = await stored();
  // Compared by itself: 9 MB are too much for a report of what differs.
  expect(value.equals(letter?.value as Buffer)).toBe(true);
});

test('what strangers put on the topic is kept, too, and makes no letters about letters', async () => {
  await consumers.produce(
    [
      { key: 'k', value: 'v', partition: 2, headers: { hello: 'world' }, timestamp: '1700000000000' },
      { key: null, value: null, partition: 2 },
      { key: 'k', value: 'v', partition: 2, headers: { ...headers('c'), dlq_id: 'x'.repeat(10_000) } },
      { key: 'k', value: 'v', partition: 2, headers: { ...headers('c'), dlq_offset: 'first' } },
    ],
    'tpe.events.dlq',
  );
  await start();
  await passed(4);
  expect(await stored()).toMatchObject(
    [0, 1, 2, 3].map((offset) => ({
      dlq_id: `unknown:tpe.events.dlq:2:${offset}`,
      topic: 'tpe.events.dlq',
      partition: 2,
      offset: String(offset),
      stage: 'unknown',
      error: 'NO_DLQ_HEADERS',
    })),
  );
  expect(await consumers.written('tpe.events.dlq')).toBe(4);
});

test('a table that refuses everything for a while costs no letter', async () => {
  await rig.db.query('ALTER TABLE dead_letter RENAME TO elsewhere');
  try {
    await consumers.produce([{ key: 'k', value: 'v', headers: headers('d') }], 'tpe.events.dlq');
    await start();
    await until(() => mirror?.assigned().length === 12);
    await until(() => mirror?.ready() === false);
  } finally {
    await rig.db.query('ALTER TABLE elsewhere RENAME TO dead_letter');
  }
  await passed(1);
  expect(await stored()).toMatchObject([{ dlq_id: 'd' }]);
  await until(() => mirror?.ready() === true);
});

test('a letter that the table can not take is passed over, its neighbours are not', async () => {
  await rig.db.query(`ALTER TABLE dead_letter ADD CONSTRAINT fussy CHECK (reason <> 'no')`);
  try {
    await consumers.produce(
      ['e', 'f', 'g'].map((id) => ({
        key: 'k',
        value: 'v',
        partition: 0,
        headers: { ...headers(id), ...(id === 'f' ? { dlq_reason: 'no' } : {}) },
      })),
      'tpe.events.dlq',
    );
    await start();
    await passed(3);
  } finally {
    await rig.db.query('ALTER TABLE dead_letter DROP CONSTRAINT fussy');
  }
  expect(await stored()).toMatchObject([{ dlq_id: 'e' }, { dlq_id: 'g' }]);
  expect(await consumers.written('tpe.events.dlq')).toBe(3);
});

test('letters are forgotten by the time of their failure, but none that has only just come', async () => {
  await rig.db.query(
    `INSERT INTO dead_letter (dlq_id, topic, headers, stage, error, reason, tries, failed_at, received_at, state)
     SELECT id, 't', '{}', 's', 'e', 'r', 1, now() - failed * interval '1 day', now() - received * interval '1 day', state
     FROM (VALUES ('old', 184, 184, 'OPEN'), ('decided', 184, 184, 'REPLAYED'), ('young', 182, 182, 'OPEN'),
                  ('misdated', 10000, 1, 'OPEN')) AS letter(id, failed, received, state)`,
  );
  expect(await forgetDeadLetters(rig.db, 183)).toBe(2);
  expect((await stored()).map(({ dlq_id: id }) => id)).toEqual(['misdated', 'young']);
});
