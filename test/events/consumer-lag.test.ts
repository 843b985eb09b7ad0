import { afterAll, beforeAll, expect, test } from 'vitest';
import { Partitioners } from 'kafkajs';
import type { Producer } from 'kafkajs';
import { LagWatch, lagOf } from '../../events/lag.ts';
import { topicName } from '../../events/topics.ts';
import { registry } from '../../observability/metrics.ts';
import { ConsumerRig, silent } from './consumer-rig.ts';
import { until } from './rig.ts';

let rig: ConsumerRig;
let producer: Producer;

beforeAll(async () => {
  rig = await ConsumerRig.create();
  producer = rig.kafka.producer({
    transactionalId: `${rig.config.kafka.topicPrefix}test`,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
});
afterAll(async () => {
  await producer.disconnect();
  await rig.close();
});

/** `kafka_consumer_lag` of the command topic, by partition. */
async function lags(): Promise<Map<string, number>> {
  const topic = topicName(rig.config, 'tpe.update.command');
  const metric = await registry.getSingleMetric('kafka_consumer_lag')?.get();
  const own = metric?.values.filter(({ labels }) => labels.topic === topic) ?? [];
  return new Map(own.map(({ labels, value }) => [String(labels.partition), value]));
}

async function transaction(
  partition: number,
  values: readonly string[],
  end: 'commit' | 'abort',
): Promise<void> {
  const transacting = await producer.transaction();
  const messages = values.map((value) => ({ key: value, value, partition }));
  await transacting.send({ topic: topicName(rig.config, 'tpe.update.command'), messages });
  await transacting[end]();
}

test('the lag is what is there less what is committed, or less what is gone', () => {
  expect(lagOf({ low: '0', high: '7' }, '5')).toBe(2);
  expect(lagOf({ low: '0', high: '7' }, '-1')).toBe(7);
  expect(lagOf({ low: '5', high: '7' }, '-1')).toBe(2);
  expect(lagOf({ low: '5', high: '7' }, '3')).toBe(2);
  expect(lagOf({ low: '7', high: '7' }, '2')).toBe(0);
  expect(lagOf({ low: '0', high: '9007199254740993' }, '9007199254740992')).toBe(1);
});

test('the lag of what is read to its end is 0, also after transactions and behind aborted ones', async () => {
  const handled: string[] = [];
  await rig.produce([{ key: 'plain', value: 'plain', partition: 0 }]);
  await transaction(1, ['a', 'b'], 'commit');
  await transaction(2, ['never'], 'abort');
  const member = rig.member({
    handle: (messages) => {
      handled.push(...messages.map(({ value }) => String(value)));
      return Promise.resolve(messages.map(() => ({})));
    },
  });
  const watch = new LagWatch({ config: rig.config, logger: silent, consumers: [member] });
  const noLag = async (): Promise<boolean> => {
    const found = await lags();
    return found.size === 12 && [...found.values()].every((lag) => lag === 0);
  };
  // 1 message, 2 with their mark, 1 with its mark.
  await until(async () => (await rig.committed(member.group, 'tpe.update.command')) === 6);
  await until(noLag);
  // Also what comes when the partition had been read to its end.
  await transaction(1, ['c'], 'commit');
  await transaction(1, ['never'], 'abort');
  await transaction(3, ['never'], 'abort');
  await until(async () => (await rig.committed(member.group, 'tpe.update.command')) === 12);
  await until(noLag);
  expect(handled.sort()).toEqual(['a', 'b', 'c', 'plain']);
  await member.stop();
  await until(async () => (await lags()).size === 0);
  await watch.stop();
}, 60_000);

test('the lag of a consumer that hangs grows', async () => {
  const goOn = Promise.withResolvers<void>();
  const member = rig.member({
    group: 'hangs',
    topic: 'tpe.version.snapshot',
    async handle(messages) {
      await goOn.promise;
      return messages.map(() => ({}));
    },
  });
  const topic = topicName(rig.config, 'tpe.version.snapshot');
  const watch = new LagWatch({ config: rig.config, logger: silent, consumers: [member] });
  const messages = Array.from({ length: 7 }, (_, n) => ({ key: 'k', value: String(n), partition: 4 }));
  await rig.produce(messages, 'tpe.version.snapshot');
  const lag = async (): Promise<number | undefined> => {
    const metric = await registry.getSingleMetric('kafka_consumer_lag')?.get();
    return metric?.values.find(({ labels }) => labels.topic === topic && labels.partition === '4')?.value;
  };
  await until(async () => (await lag()) === 7);
  goOn.resolve();
  await until(async () => (await lag()) === 0);
  await watch.stop();
}, 60_000);
