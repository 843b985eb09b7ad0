import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../db/pool.ts';
import { takeIn } from '../../db/inbox.ts';
import type { ConsumedMessage, GroupConsumer } from '../../events/consumer.ts';
import { ConsumerRig } from './consumer-rig.ts';
import { Rig, someKeys, until } from './rig.ts';

let rig: Rig;
let consumers: ConsumerRig;

beforeAll(async () => {
  [rig, consumers] = await Promise.all([Rig.create(), ConsumerRig.create()]);
  await rig.db.query('CREATE TABLE effect (place bigserial, key text, n integer, member text)');
});
afterAll(async () => {
  await consumers.close();
  await rig.close();
});

/** A member whose handler has its effect in the database: one per event, whoever handles it how often. */
function member(name: string, group: string): GroupConsumer {
  return consumers.member({
    group,
    maxBatch: 20,
    handle: (messages: readonly ConsumedMessage[]) =>
      inTransaction(rig.db, async (client) => {
        const events = messages.map(({ headers }) => ({ source: group, eventId: headers.ce_id ?? '' }));
        const isNew = await takeIn(client, events);
        const fresh = messages.filter((_, index) => isNew[index]);
        await client.query(
          `INSERT INTO effect (key, n, member)
           SELECT key, n, $3 FROM unnest($1::text[], $2::integer[]) AS message(key, n)`,
          [fresh.map(({ key }) => String(key)), fresh.map(({ value }) => Number(value)), name],
        );
        return isNew.map((each) => ({ repeated: !each }));
      }),
  });
}

test('members that come and go share the partitions, and each message has its effect once, in the order of its key', async () => {
  const keys = someKeys('shared', 60);
  let rounds = 0;
  const writer = { enough: false };
  const write = async (): Promise<void> => {
    for (; !writer.enough; rounds++) {
      const n = String(rounds);
      await consumers.produce(keys.map((key) => ({ key, value: n, headers: { ce_id: `${key}:${n}` } })));
      await sleep(20);
    }
  };
  const one = member('one', 'sharing');
  await until(() => one.assigned().length === 12);
  const writing = write();
  const two = member('two', 'sharing');
  await until(() => one.assigned().length === 6 && two.assigned().length === 6);
  expect([...one.assigned(), ...two.assigned()].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 12 }, (_, partition) => partition),
  );
  const three = member('three', 'sharing');
  await until(() => [one, two, three].every((each) => each.assigned().length === 4));
  await one.stop();
  expect(one.assigned()).toEqual([]);
  await until(() => [two, three].every((each) => each.assigned().length === 6));
  writer.enough = true;
  await writing;
  await until(
    async () => (await consumers.committed(two.group, 'tpe.update.command')) === rounds * keys.length,
  );
  const { rows } = await rig.db.query<{ key: string; numbers: number[] }>(
    'SELECT key, array_agg(n ORDER BY place) AS numbers FROM effect GROUP BY key',
  );
  const all = Array.from({ length: rounds }, (_, n) => n);
  expect(new Map(rows.map(({ key, numbers }) => [key, numbers]))).toEqual(
    new Map(keys.map((key) => [key, all])),
  );
  const { rows: busy } = await rig.db.query<{ member: string }>(
    'SELECT DISTINCT member FROM effect ORDER BY member',
  );
  expect(busy.map((row) => row.member)).toEqual(['one', 'three', 'two']);
  expect(await consumers.written('tpe.events.dlq')).toBe(0);
}, 120_000);

test('a message in hand while the group is shared out anew is finished, and not handled again', async () => {
  const goOn = Promise.withResolvers<void>();
  const inHand = Promise.withResolvers<void>();
  const group = { group: 'in-hand', topic: 'tpe.update.status' } as const;
  const handled: string[] = [];
  await consumers.produce([{ key: 'k', value: 'v', partition: 0 }], group.topic);
  const first = consumers.member({
    ...group,
    async handle(messages) {
      inHand.resolve();
      await goOn.promise;
      handled.push('first');
      return messages.map(() => ({}));
    },
  });
  await inHand.promise;
  const second = consumers.member({
    ...group,
    handle: (messages) => {
      handled.push('second');
      return Promise.resolve(messages.map(() => ({})));
    },
  });
  await until(async () => {
    const { groups } = await consumers.admin.describeGroups([first.group]);
    return groups[0]?.state === 'PreparingRebalance';
  });
  goOn.resolve();
  await until(() => first.assigned().length === 6 && second.assigned().length === 6);
  expect(await consumers.committed(first.group, group.topic)).toBe(1);
  expect(handled).toEqual(['first']);
}, 120_000);
