import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../db/pool.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { Rig, Writer, expectedNumbers, numbersByKey, someKeys, until } from './rig.ts';

let rig: Rig;
let broker: FaultProxy;
let database: FaultProxy;

beforeAll(async () => {
  rig = await Rig.create();
  broker = await FaultProxy.open(Number(rig.config.kafka.brokers[0]?.split(':')[1]), { kafka: true });
  database = await FaultProxy.open(Number(new URL(rig.config.database.url).port));
});
afterEach(async () => {
  await rig.reset();
  broker.mend();
  database.mend();
});
afterAll(async () => {
  await broker.close();
  await database.close();
  await rig.close();
});

function throughProxies(): Record<string, string> {
  const url = new URL(rig.config.database.url);
  url.port = String(database.port);
  return { DATABASE_URL: url.href, KAFKA_BROKERS: `127.0.0.1:${broker.port}` };
}

/** The numbers that are on the topic under keys with the prefix; each event must be there once. */
async function numbersOf(prefix: string): Promise<Map<string, number[]>> {
  const records = await rig.records('tpe.update.status');
  const found = records.filter(({ key }) => key.startsWith(`${prefix}-`));
  expect(new Set(found.map(({ headers }) => headers.ce_id)).size).toBe(found.length);
  return numbersByKey(found);
}

describe('while Kafka is away', { timeout: 120_000 }, () => {
  test('a relay says so, keeps everything, and goes on in order when Kafka is back', async () => {
    const relay = await rig.startRelay(throughProxies());
    await until(() => relay.ready());
    const writer = new Writer(rig);
    const groups = ['a', 'b'].map((group) => someKeys(`broker-${group}`, 16));
    for (let round = 0; round < 3; round++) {
      const writing = Promise.all(groups.map((keys) => writer.write(keys, 40)));
      broker.cut();
      await until(async () => !(await relay.ready()));
      await writing;
      expect(await rig.count('SELECT count(*) FROM outbox')).toBeGreaterThan(0);
      broker.mend();
      await rig.drained();
    }
    expect(relay.alive).toBe(true);
    await until(() => relay.ready());
    expect(await numbersOf('broker')).toEqual(expectedNumbers(writer.written));
  });

  test('a relay that is started waits for it', async () => {
    broker.cut();
    const relay = await rig.startRelay(throughProxies());
    const writer = new Writer(rig);
    await writer.write(someKeys('early', 8), 5);
    await until(() => relay.output.includes('Kafka is not there yet'));
    expect(await relay.ready()).toBe(false);
    broker.mend();
    await rig.drained();
    expect(await numbersOf('early')).toEqual(expectedNumbers(writer.written));
  });

  test('a relay that is asked to stop does, and its rows stay for the next one', async () => {
    const relay = await rig.startRelay(throughProxies());
    await until(() => relay.ready());
    broker.cut();
    const writer = new Writer(rig);
    await writer.write(someKeys('leave', 8), 5);
    await until(async () => !(await relay.ready()));
    expect(await relay.stop()).toBe(0);
    await rig.startRelay();
    await rig.drained();
    expect(await numbersOf('leave')).toEqual(expectedNumbers(writer.written));
  });
});

describe('while PostgreSQL is away', { timeout: 120_000 }, () => {
  test('a transaction that loses its connection fails, the process does not', async () => {
    const losing = inTransaction(rig.db, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const lost = new Promise((resolve) => client.once('end', resolve));
      await rig.db.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
      await lost;
      await client.query('SELECT 1');
    });
    await expect(losing).rejects.toThrow('not queryable');
    expect(await rig.count('SELECT 1 AS count')).toBe(1);
  });

  test('a relay has no lanes, another takes them, and both go on in order when it is back', async () => {
    const cutOff = await rig.startRelay(throughProxies());
    await until(() => cutOff.ready());
    const writer = new Writer(rig);
    const groups = ['a', 'b'].map((group) => someKeys(`database-${group}`, 16));
    for (let round = 0; round < 2; round++) {
      const writing = Promise.all(groups.map((keys) => writer.write(keys, 40)));
      database.cut();
      await until(async () => (await cutOff.metric('outbox_lanes_owned')) === 0);
      expect(await cutOff.ready()).toBe(false);
      const other = await rig.startRelay();
      await until(async () => (await other.metric('outbox_lanes_owned')) === 8);
      await writing;
      await rig.drained();
      database.mend();
      await until(async () => (await cutOff.metric('outbox_lanes_owned')) === 4);
      await writer.write(groups.flat(), 10);
      await rig.drained();
      expect(await other.stop()).toBe(0);
      await until(async () => (await cutOff.metric('outbox_lanes_owned')) === 8);
    }
    expect(cutOff.alive).toBe(true);
    expect(await numbersOf('database')).toEqual(expectedNumbers(writer.written));
  });
});
