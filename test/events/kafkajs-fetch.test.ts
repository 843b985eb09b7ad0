import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners } from 'kafkajs';
import type { Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKafka } from '../../events/kafka.ts';
import { ensureTopics, topicName } from '../../events/topics.ts';
import { Rig } from './rig.ts';

let rig: Rig;
const producers: Producer[] = [];

beforeAll(async () => {
  rig = await Rig.create();
  await ensureTopics(rig.config);
}, 120_000);
afterAll(async () => {
  await Promise.all(producers.map((producer) => producer.disconnect()));
  await rig.close();
});

async function begin(name: string) {
  const producer = createKafka(rig.config.kafka, 'test').producer({
    transactionalId: rig.config.kafka.topicPrefix + name,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: { retries: 10 },
  });
  producers.push(producer);
  await producer.connect();
  const transaction = await producer.transaction();
  const topic = topicName(rig.config, 'tpe.update.status');
  return {
    send: (value: string) => transaction.send({ topic, messages: [{ key: 'k', value }] }),
    commit: () => transaction.commit(),
    abort: () => transaction.abort(),
  };
}

async function values(): Promise<string[]> {
  return (await rig.records('tpe.update.status')).map(({ value }) => String(value));
}

test(
  'a consumer sees nothing that was aborted, also where the transactions overlap',
  { timeout: 60_000 },
  async () => {
    const [first, second, third] = [await begin('a'), await begin('b'), await begin('c')];
    await first.send('a1');
    await second.send('b1');
    await third.send('c1');
    await first.send('a2');
    await second.send('b2');
    // The last to begin is the first to end.
    await second.abort();
    await third.commit();
    await first.abort();
    // Nothing but what was aborted, and the ends of transactions, stands at the end of the partition.
    expect(await values()).toEqual(['c1']);
    const fourth = await begin('a');
    await fourth.send('d1');
    await fourth.commit();
    expect(await values()).toEqual(['c1', 'd1']);
  },
);

test(
  'a transaction under way is waited for when a topic is read to its end',
  { timeout: 60_000 },
  async () => {
    const open = await begin('open');
    const before = await values();
    await open.send('later');
    const reading = values();
    const first = await Promise.race([reading, sleep(1_500, 'still reading')]);
    expect(first).toBe('still reading');
    await open.commit();
    expect(await reading).toEqual([...before, 'later']);
  },
);
