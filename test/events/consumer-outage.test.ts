import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isDatabaseAway } from '../../db/outage.ts';
import { createPool } from '../../db/pool.ts';
import type { Pool } from '../../db/pool.ts';
import { GroupConsumer } from '../../events/consumer.ts';
import { ConsumerRig, silent, texts } from './consumer-rig.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { Rig, someKeys, until } from './rig.ts';

let rig: Rig;
let database: FaultProxy;
let broker: FaultProxy;
let pool: Pool;
let consumers: ConsumerRig;

beforeAll(async () => {
  rig = await Rig.create();
  broker = await FaultProxy.open(Number(rig.config.kafka.brokers[0]?.split(':')[1]), { kafka: true });
  database = await FaultProxy.open(Number(new URL(rig.config.database.url).port));
  const url = new URL(rig.config.database.url);
  url.port = String(database.port);
  pool = createPool({ url: url.href, poolSize: 4 }, 'test');
  await rig.db.query('CREATE TABLE effect (place bigserial, key text, n integer)');
});
beforeEach(async () => {
  consumers = await ConsumerRig.create();
  await rig.db.query('TRUNCATE effect');
});
afterEach(async () => {
  broker.mend();
  database.mend();
  await consumers.close();
});
afterAll(async () => {
  await pool.end();
  await broker.close();
  await database.close();
  await rig.close();
});

/** A member that writes down what it handles, and reaches both Kafka and PostgreSQL through the proxies. */
function member(): GroupConsumer {
  const { kafka } = consumers.config;
  return new GroupConsumer({
    config: { kafka: { ...kafka, brokers: [`127.0.0.1:${broker.port}`] } },
    logger: silent,
    group: 'test',
    topic: 'tpe.update.command',
    stage: 'test',
    isOutage: isDatabaseAway,
    maxBatch: 10,
    async handle(messages) {
      await pool.query('INSERT INTO effect (key, n) SELECT * FROM unnest($1::text[], $2::integer[])', [
        messages.map(({ key }) => String(key)),
        messages.map(({ value }) => Number(value)),
      ]);
      return messages.map(({ value }) =>
        Number(value) === 1_000 ? { dead: { code: 'ODD', message: 'odd', retriable: false } } : {},
      );
    },
  });
}

const keys = someKeys('k', 24);

async function write(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) await consumers.produce(keys.map((key) => ({ key, value: String(n) })));
}

/** The numbers of each key in the order in which they first had an effect. */
async function effects(): Promise<Map<string, number[]>> {
  const { rows } = await rig.db.query<{ key: string; numbers: number[] }>(
    `SELECT key, array_agg(n ORDER BY place) AS numbers
     FROM (SELECT key, n, min(place) AS place FROM effect GROUP BY key, n) AS first GROUP BY key`,
  );
  return new Map(rows.map(({ key, numbers }) => [key, numbers]));
}

function expected(count: number): Map<string, number[]> {
  return new Map(keys.map((key) => [key, Array.from({ length: count }, (_, n) => n)]));
}

describe('while a part is away', { timeout: 120_000 }, () => {
  test('PostgreSQL: everything waits, nothing is lost, nothing dies', async () => {
    const consumer = member();
    await write(0, 5);
    await until(() => consumer.ready());
    for (let round = 1; round <= 2; round++) {
      const writing = write(round * 5, round * 5 + 5);
      database.cut();
      await writing;
      await until(() => !consumer.ready());
      database.mend();
      await until(
        async () =>
          (await consumers.committed(consumer.group, 'tpe.update.command')) === keys.length * (round + 1) * 5,
      );
      await until(() => consumer.ready());
    }
    await consumer.stop();
    expect(await effects()).toEqual(expected(15));
    expect(await consumers.written('tpe.events.dlq')).toBe(0);
  });

  test('PostgreSQL: a member that is asked to stop does, and another goes on', async () => {
    const consumer = member();
    await until(() => consumer.ready());
    database.cut();
    await write(0, 3);
    await until(() => !consumer.ready());
    await consumer.stop();
    database.mend();
    const next = member();
    await until(
      async () => (await consumers.committed(next.group, 'tpe.update.command')) === keys.length * 3,
    );
    await next.stop();
    expect(await effects()).toEqual(expected(3));
  });

  test('Kafka: a member says so, comes back by itself, and what was to be a dead letter is one', async () => {
    const consumer = member();
    await write(0, 3);
    await until(() => consumer.ready());
    broker.cut();
    await write(3, 6);
    await consumers.produce([{ key: 'odd', value: '1000' }]);
    await until(() => !consumer.ready());
    broker.mend();
    await until(
      async () => (await consumers.committed(consumer.group, 'tpe.update.command')) === keys.length * 6 + 1,
    );
    await until(() => consumer.ready());
    await consumer.stop();
    const found = await effects();
    found.delete('odd');
    expect(found).toEqual(expected(6));
    const letters = await consumers.letters(1);
    expect(new Set(letters.map(({ headers }) => texts(headers).dlq_id)).size).toBe(1);
    expect(letters.map(({ key }) => String(key))).toContain('odd');
  });

  test('Kafka, for one member and long: another has its messages, and what it commits late is refused', async () => {
    const goOn = Promise.withResolvers<void>();
    const inHand = Promise.withResolvers<void>();
    const handled: string[] = [];
    const { kafka } = consumers.config;
    const cutOff = consumers.member({
      config: { kafka: { ...kafka, brokers: [`127.0.0.1:${broker.port}`] } },
      maxBatch: 1,
      async handle(messages) {
        inHand.resolve();
        await goOn.promise;
        handled.push(...messages.map(({ value }) => `late ${String(value)}`));
        return messages.map(() => ({}));
      },
    });
    await consumers.produce(['0', '1'].map((value) => ({ key: 'k', value, partition: 0 })));
    await inHand.promise;
    broker.cut();
    const other = consumers.member({
      handle: (messages) => {
        handled.push(...messages.map(({ value }) => String(value)));
        return Promise.resolve(messages.map(() => ({})));
      },
    });
    await until(async () => (await consumers.committed(other.group, 'tpe.update.command')) === 2);
    expect(other.assigned()).toHaveLength(12);
    broker.mend();
    goOn.resolve();
    await until(() => cutOff.assigned().length === 6 && other.assigned().length === 6);
    await consumers.produce([{ key: 'k', value: '2', partition: 0 }]);
    await until(async () => (await consumers.committed(other.group, 'tpe.update.command')) === 3);
    expect(handled.map((each) => each.replace('late 2', '2'))).toEqual(['0', '1', 'late 0', '2']);
  });

  test('Kafka: a member that is started waits for it, and one that waits can be stopped', async () => {
    broker.cut();
    const consumer = member();
    const waiting = member();
    await write(0, 2);
    expect(consumer.ready()).toBe(false);
    await waiting.stop();
    broker.mend();
    await until(
      async () => (await consumers.committed(consumer.group, 'tpe.update.command')) === keys.length * 2,
    );
    await consumer.stop();
    expect(await effects()).toEqual(expected(2));
  });
});
