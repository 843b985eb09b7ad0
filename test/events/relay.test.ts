import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fromKafkaMessage } from '../../events/cloud-event.ts';
import { readTopic } from '../../events/consume.ts';
import { topicName } from '../../events/topics.ts';
import type { NewRow } from './rig.ts';
import { Rig, Writer, expectedNumbers, numbersByKey, someKeys, until } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await Rig.create();
});
afterEach(() => rig.reset());
afterAll(() => rig.close());

/** The records whose key begins with `prefix`: every test has keys of its own. */
async function recordsOf(
  prefix: string,
  topic: 'tpe.update.status' | 'tpe.events.dlq' = 'tpe.update.status',
) {
  return (await rig.records(topic)).filter(({ key }) => key.startsWith(`${prefix}-`));
}

describe('a relay', { timeout: 120_000 }, () => {
  test('publishes what is committed, as CloudEvents, and nothing that is rolled back', async () => {
    const relay = await rig.startRelay();
    const client = await rig.db.connect();
    await client.query('BEGIN');
    await rig.insert([{ key: 'plain-rolled-back', data: { n: 0 } }], client);
    await client.query('ROLLBACK');
    client.release();
    await rig.insert([{ key: 'plain-0', data: { n: 0, text: 'é "quoted"' } }]);
    await rig.drained();
    const [record, ...more] = await recordsOf('plain');
    expect(more).toEqual([]);
    expect(record && fromKafkaMessage({ ...record, key: Buffer.from(record.key) })).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      source: '/tpe-campaigns',
      type: 'test.event',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      subject: 'plain-0',
      correlationId: 'correlation',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      key: 'plain-0',
      data: { n: 0, text: 'é "quoted"' },
    });
    await until(() => relay.ready());
    await until(async () => (await relay.metric('outbox_lanes_owned')) === 8);
  });

  test('publishes a tombstone, by which the compacted view forgets the key', async () => {
    await rig.startRelay();
    await rig.insert([
      { key: 'grave-0', data: { n: 0 } },
      { key: 'grave-1', data: { n: 0 } },
      { key: 'grave-0', data: null },
    ]);
    await rig.drained();
    const { records, latest } = await readTopic(rig.config, 'tpe.update.status');
    const last = records.findLast(({ key }) => key === 'grave-0');
    expect(last?.value).toBeNull();
    expect(last?.headers).not.toHaveProperty('content-type');
    expect(latest.has('grave-0')).toBe(false);
    expect(latest.get('grave-1')?.data).toEqual({ n: 0 });
  });

  test('publishes a raw row byte by byte, with its own headers only, and adds headers to others', async () => {
    await rig.startRelay();
    await rig.db.query(
      `INSERT INTO outbox (topic, key, type, data, headers, raw, raw_key, raw_value) VALUES
         ($1, 'raw-0', 'test.event', NULL, '{"x-one": "1"}', true, '\\x7261772d00ff', '\\x00ff10'),
         ($1, 'raw-1', 'test.event', NULL, '{"x-two": "2"}', true, NULL, NULL),
         ($1, 'raw-2', 'test.event', '{"n": 0}', '{"ce_status": "SUCCESS"}', false, NULL, NULL)`,
      [topicName(rig.config, 'tpe.update.command')],
    );
    await rig.drained();
    const records = await rig.records('tpe.update.command');
    const found = (name: string) => records.find(({ headers }) => name in headers);
    expect(records).toHaveLength(3);
    expect(found('x-one')).toMatchObject({
      key: Buffer.from('7261772d00ff', 'hex').toString(),
      value: Buffer.from('00ff10', 'hex'),
      headers: { 'x-one': '1' },
    });
    expect(Object.keys(found('x-one')?.headers ?? {})).toEqual(['x-one']);
    expect(found('x-two')).toMatchObject({ key: '', value: null, headers: { 'x-two': '2' } });
    expect(found('ce_status')?.headers).toMatchObject({
      ce_status: 'SUCCESS',
      ce_partitionkey: 'raw-2',
      ce_dataschema: '/schemas/test.event/1',
    });
  });

  test('that joins another takes half of its lanes, and nothing is repeated or reordered by it', async () => {
    const first = await rig.startRelay();
    const writer = new Writer(rig);
    const groups = ['a', 'b', 'c'].map((group) => someKeys(`join-${group}`, 16));
    const writing = Promise.all(groups.map((keys) => writer.write(keys, 40)));
    const second = await rig.startRelay();
    await until(async () => (await second.metric('outbox_lanes_owned')) === 4);
    await until(async () => (await first.metric('outbox_lanes_owned')) === 4);
    await writing;
    await Promise.all(groups.map((keys) => writer.write(keys, 10)));
    await rig.drained();
    const records = await recordsOf('join');
    expect(numbersByKey(records)).toEqual(expectedNumbers(writer.written));
    expect(records).toHaveLength(writer.total);
  });

  test('that is asked to stop finishes what it has begun, and the next one repeats nothing', async () => {
    const first = await rig.startRelay();
    const writer = new Writer(rig);
    const keys = someKeys('stop', 24);
    const writing = writer.write(keys, 60);
    await until(async () => (await recordsOf('stop')).length > 0);
    expect(await first.stop()).toBe(0);
    await rig.startRelay();
    await writing;
    await rig.drained();
    const records = await recordsOf('stop');
    expect(numbersByKey(records)).toEqual(expectedNumbers(writer.written));
    expect(records).toHaveLength(writer.total);
  });
});

describe('a relay that dies', { timeout: 120_000 }, () => {
  test('between publishing and deleting leaves rows that the next one knows to be published', async () => {
    const writer = new Writer(rig);
    await writer.write(someKeys('killed', 20), 12);
    const holder = await rig.db.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM outbox FOR UPDATE');
      const first = await rig.startRelay();
      await until(async () => (await recordsOf('killed')).length === writer.total);
      const deleting = `FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'relay'
                        AND wait_event_type = 'Lock'`;
      await until(async () => (await rig.count(`SELECT count(*) ${deleting}`)) > 0);
      await first.kill();
      // The deletions that the server still has in hand die with their client, as if they had never been sent.
      await rig.db.query(`SELECT pg_terminate_backend(pid, 5000) ${deleting}`);
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
    expect(await rig.count('SELECT count(*) FROM outbox')).toBe(writer.total);

    await writer.write(someKeys('killed', 20), 3);
    await rig.startRelay();
    await rig.drained();
    const records = await recordsOf('killed');
    expect(records).toHaveLength(writer.total);
    expect(numbersByKey(records)).toEqual(expectedNumbers(writer.written));
    const { latest } = await readTopic(rig.config, 'tpe.update.status');
    for (const [key, count] of writer.written) expect(latest.get(key)?.data).toEqual({ n: count - 1 });
  });

  test('leaves its lanes to the others, at any moment, with nothing lost, repeated or reordered', async () => {
    const writer = new Writer(rig);
    const groups = ['a', 'b'].map((group) => someKeys(`dies-${group}`, 16));
    await rig.startRelay();
    for (let round = 0; round < 3; round++) {
      const victim = await rig.startRelay();
      await until(async () => (await victim.metric('outbox_lanes_owned')) === 4);
      const writing = Promise.all(groups.map((keys) => writer.write(keys, 30)));
      const before = (await recordsOf('dies')).length;
      await until(async () => (await recordsOf('dies')).length > before);
      await victim.kill();
      await writing;
      await rig.drained();
    }
    const records = await recordsOf('dies');
    expect(records).toHaveLength(writer.total);
    expect(numbersByKey(records)).toEqual(expectedNumbers(writer.written));
  });

  test('only by losing its connection to the lanes takes them again and goes on', async () => {
    const relay = await rig.startRelay();
    const writer = new Writer(rig);
    const keys = someKeys('session', 16);
    for (let round = 0; round < 3; round++) {
      const writing = writer.write(keys, 20);
      await until(async () => (await relay.metric('outbox_lanes_owned')) === 8);
      await rig.db.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'relay-lanes'`,
      );
      await writing;
      await rig.drained();
    }
    expect(relay.alive).toBe(true);
    const records = await recordsOf('session');
    expect(records).toHaveLength(writer.total);
    expect(numbersByKey(records)).toEqual(expectedNumbers(writer.written));
  });
});

describe('a message that Kafka refuses for good', { timeout: 120_000 }, () => {
  /** A row whose JSON text has exactly this many bytes. */
  function padded(key: string, bytes: number): NewRow {
    return { key, data: { pad: 'x'.repeat(bytes - '{"pad": ""}'.length) } };
  }

  test.each([
    ['far too large', padded('refused-large', 1_500_000), 'MESSAGE_TOO_LARGE'],
    ['too large by its envelope only', padded('refused-edge', 1_048_500), 'MESSAGE_TOO_LARGE'],
    [
      'for a topic that does not exist',
      { key: 'refused-topic', data: { n: 0 }, topic: 'nowhere' },
      'UNKNOWN_TOPIC',
    ],
  ] as [string, NewRow, string][])(
    '(%s) goes to the dead letters and holds up nothing',
    async (_, poison, code) => {
      const relay = await rig.startRelay();
      const numbered = (n: number) => ({ key: poison.key, data: { n } });
      await rig.insert([numbered(0), numbered(1), poison, numbered(2), numbered(3)]);
      await rig.drained();
      const good = await recordsOf('refused');
      expect(numbersByKey(good.filter(({ key }) => key === poison.key)).get(poison.key)).toEqual([
        0, 1, 2, 3,
      ]);
      const dead = (await recordsOf('refused', 'tpe.events.dlq')).filter(({ key }) => key === poison.key);
      expect(dead).toHaveLength(1);
      expect(dead[0]?.headers).toMatchObject({
        ce_type: 'test.event',
        dlq_topic: poison.topic ?? 'tpe.update.status',
        dlq_error: code,
        dlq_reason: expect.stringMatching(/./),
        dlq_stage: 'relay',
      });
      expect(JSON.parse(String(dead[0]?.value))).toEqual(poison.data);
      expect(relay.output).toContain('goes to the dead letters');
      await until(() => relay.ready());
    },
  );

  test('and that even the dead letters do not take is kept there by its beginning', async () => {
    await rig.startRelay();
    await rig.insert([padded('refused-huge', 11_000_000), { key: 'refused-after', data: { n: 0 } }]);
    await rig.drained();
    expect((await recordsOf('refused')).map(({ key }) => key)).toContain('refused-after');
    const dead = (await recordsOf('refused', 'tpe.events.dlq')).find(({ key }) => key === 'refused-huge');
    expect(dead?.headers.dlq_truncated).toBe('11000000');
    expect(dead?.value).toHaveLength(64 * 1024);
  });
});
