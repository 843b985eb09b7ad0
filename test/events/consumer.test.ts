import { createHash } from 'node:crypto';
import kafkajs from 'kafkajs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConsumedMessage, Verdict } from '../../events/consumer.ts';
import { topicName } from '../../events/topics.ts';
import { registry } from '../../observability/metrics.ts';
import { ConsumerRig, texts } from './consumer-rig.ts';
import { until } from './rig.ts';

let rig: ConsumerRig;
beforeEach(async () => {
  rig = await ConsumerRig.create();
});
afterEach(() => rig.close());

const value = ({ value: bytes }: ConsumedMessage): string => String(bytes);
const fine: Verdict = {};
const busy: Verdict = { dead: { code: 'BUSY', message: 'Somebody else has it.', retriable: true } };
const wrong: Verdict = { dead: { code: 'WRONG', message: 'Nobody can read that: é.', retriable: false } };

/** Of `kafka_consumer_messages_total`, by outcome. */
async function counted(): Promise<Record<string, number>> {
  const metric = await registry.getSingleMetric('kafka_consumer_messages_total')?.get();
  const own = metric?.values.filter(({ labels }) => labels.group === `${rig.config.kafka.topicPrefix}test`);
  return Object.fromEntries(own?.map(({ labels, value: count }) => [labels.outcome, count]) ?? []);
}

test('a message is handled with all that it has, and committed', async () => {
  const got: ConsumedMessage[] = [];
  await rig.produce([
    { key: 'k', value: 'v', headers: { CE_Id: '1' }, partition: 3, timestamp: '1700000000000' },
  ]);
  const member = rig.member({
    handle: (messages) => {
      got.push(...messages);
      return Promise.resolve(messages.map(() => fine));
    },
  });
  await until(async () => (await rig.committed(member.group, 'tpe.update.command')) === 1);
  expect(got).toMatchObject([
    {
      topic: 'tpe.update.command',
      partition: 3,
      offset: '0',
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      headers: { ce_id: '1' },
      timestamp: '1700000000000',
    },
  ]);
  await until(() => member.ready());
  expect(await counted()).toEqual({ handled: 1 });
});

describe('a message that fails', () => {
  test('and heals on its second try is handled, and is no dead letter', async () => {
    let tries = 0;
    await rig.produce([{ key: 'k', value: 'v' }]);
    const member = rig.member({
      handle: (messages) => Promise.resolve(messages.map(() => (++tries === 1 ? busy : fine))),
    });
    await until(async () => (await rig.committed(member.group, 'tpe.update.command')) === 1);
    expect(tries).toBe(2);
    expect(await counted()).toEqual({ handled: 1, retried: 1 });
    expect(await rig.written('tpe.events.dlq')).toBe(0);
  });

  test('three times, or for good, becomes a dead letter with its bytes and where it was', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await rig.produce([
      { key: null, value: bytes, partition: 5, headers: { 'X-Name': 'Zoë', raw: Buffer.from([0xff, 0]) } },
      {
        key: 'schlüssel',
        value: null,
        partition: 5,
        headers: { ce_id: 'e1', dlq_replay_of: 'r', dlq_error: 'OLD' },
      },
    ]);
    const member = rig.member({
      stage: 'orders',
      handle: (messages) => Promise.resolve(messages.map(({ key }) => (key === null ? busy : wrong))),
    });
    const [first, second, ...more] = (await rig.letters(2)).sort(
      (a, b) => Number(a.headers?.dlq_offset) - Number(b.headers?.dlq_offset),
    );
    expect(more).toEqual([]);
    expect([first?.key, second?.key?.toString()]).toEqual([null, 'schlüssel']);
    expect(first?.value).toEqual(bytes);
    expect(second?.value).toBeNull();
    expect(first?.headers?.raw).toEqual(Buffer.from([0xff, 0]));
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown;
    expect(texts(first?.headers)).toEqual({
      'X-Name': 'Zoë',
      raw: '\uFFFD\0',
      dlq_id: 'orders:tpe.update.command:5:0',
      dlq_topic: 'tpe.update.command',
      dlq_partition: '5',
      dlq_offset: '0',
      dlq_error: 'BUSY',
      dlq_reason: 'Somebody else has it.',
      dlq_stage: 'orders',
      dlq_tries: '3',
      dlq_time: time,
    });
    expect(texts(second?.headers)).toEqual({
      ce_id: 'e1',
      dlq_replay_of: 'r',
      dlq_id: 'orders:tpe.update.command:5:1',
      dlq_topic: 'tpe.update.command',
      dlq_partition: '5',
      dlq_offset: '1',
      dlq_error: 'WRONG',
      dlq_reason: 'Nobody can read that: é.',
      dlq_stage: 'orders',
      dlq_tries: '1',
      dlq_time: time,
    });
    await until(async () => (await rig.committed(member.group, 'tpe.update.command')) === 2);
    expect(await counted()).toEqual({ dead: 2, retried: 2 });
  });

  test('takes none of the 499 others with it when the handler throws for all of them', async () => {
    const messages = Array.from({ length: 500 }, (_, n) => ({
      key: `k${n}`,
      value: String(n),
      partition: 0,
    }));
    await rig.produce(messages);
    const handled = new Set<string>();
    let alone = 0;
    const member = rig.member({
      handle: (given) => {
        if (given.some((each) => value(each) === '137')) {
          if (given.length === 1) alone++;
          return Promise.reject(new TypeError('Cannot read properties of undefined'));
        }
        for (const each of given) handled.add(value(each));
        return Promise.resolve(given.map(() => fine));
      },
    });
    await until(async () => (await rig.committed(member.group, 'tpe.update.command')) === 500);
    expect(handled.size).toBe(499);
    expect(alone).toBe(3);
    const letters = await rig.letters(1);
    expect(letters.map((letter) => [String(letter.key), texts(letter.headers)])).toMatchObject([
      [
        'k137',
        {
          dlq_error: 'HANDLER_FAILED',
          dlq_reason: 'TypeError: Cannot read properties of undefined',
          dlq_tries: '3',
        },
      ],
    ]);
  });

  test('holds back those behind it that have its key, while it is tried again', async () => {
    const order: string[] = [];
    let tries = 0;
    await rig.produce(
      ['a0', 'b0', 'a1', 'b1', 'a2'].map((name) => ({ key: name[0] ?? '', value: name, partition: 1 })),
    );
    const member = rig.member({
      handle: (messages) =>
        Promise.resolve(
          messages.map((message) => {
            if (value(message) === 'a0' && ++tries < 3) return busy;
            order.push(value(message));
            return fine;
          }),
        ),
    });
    await until(async () => (await rig.committed(member.group, 'tpe.update.command')) === 5);
    expect(order.filter((name) => name.startsWith('a'))).toEqual(['a0', 'a1', 'a2']);
    expect(order.filter((name) => name.startsWith('b'))).toEqual(['b0', 'b1']);
    expect(tries).toBe(3);
  });

  test('and is larger than others by far is in its dead letter as a whole', async () => {
    const large = Buffer.alloc(1_000_000, 'x');
    const messages = Array.from({ length: 12 }, (_, partition) => ({
      key: `k${partition}`,
      value: large,
      partition,
    }));
    for (const message of messages) await rig.produce([message]);
    rig.member({ handle: (given) => Promise.resolve(given.map(() => wrong)) });
    const letters = await rig.letters(12);
    const hash = (bytes: Buffer | null): string =>
      createHash('sha256')
        .update(bytes ?? '')
        .digest('hex');
    expect(letters.map((letter) => hash(letter.value))).toEqual(Array(12).fill(hash(large)));
  });
});

test('a member whose handler never comes back can be stopped; its message is for the next one', async () => {
  const inHand = Promise.withResolvers<void>();
  const never = Promise.withResolvers<void>();
  await rig.produce([{ key: 'k', value: 'v' }]);
  const stuck = rig.member({
    async handle(messages) {
      inHand.resolve();
      await never.promise;
      return messages.map(() => fine);
    },
  });
  await inHand.promise;
  await stuck.stop();
  expect(await rig.committed(stuck.group, 'tpe.update.command')).toBe(0);
  const next = rig.member({ handle: (messages) => Promise.resolve(messages.map(() => fine)) });
  await until(async () => (await rig.committed(next.group, 'tpe.update.command')) === 1);
  never.resolve();
}, 120_000);

test('a letter that its topic does not take has the beginning of the value, and its neighbours are whole', async () => {
  const dlq = topicName(rig.config, 'tpe.events.dlq');
  const entry = { name: 'max.message.bytes', value: '100000' };
  await rig.admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: dlq, configEntries: [entry] }],
  });
  // Until the broker goes by it, it takes what is too large.
  const probe = Buffer.alloc(150_000);
  await until(() =>
    rig.produce([{ key: 'probe', value: probe }], 'tpe.events.dlq').then(
      () => false,
      () => true,
    ),
  );
  const sizes = [10, 500_000, 20];
  await rig.produce(sizes.map((size, n) => ({ key: `k${n}`, value: Buffer.alloc(size, 'x'), partition: 0 })));
  const member = rig.member({ handle: (given) => Promise.resolve(given.map(() => wrong)) });
  await until(async () => (await rig.committed(member.group, 'tpe.update.command')) === 3);
  const own = (await rig.letters(3)).filter(({ key }) => String(key) !== 'probe');
  // The neighbours may be there twice: what was refused was a part of one request with them.
  const found = new Map(
    own.map(({ key, value: kept, headers }) => [String(key), [kept?.length, texts(headers).dlq_truncated]]),
  );
  expect(found).toEqual(
    new Map([
      ['k0', [10, undefined]],
      ['k1', [65_536, '500000']],
      ['k2', [20, undefined]],
    ]),
  );
});

test('what others have compressed is read', async () => {
  const topic = topicName(rig.config, 'tpe.update.command');
  const producer = rig.kafka.producer();
  await producer.connect();
  const messages = Array.from({ length: 50 }, (_, n) => ({ key: 'k', value: `value ${n}` }));
  await producer.send({ topic, messages, compression: kafkajs.CompressionTypes.GZIP });
  await producer.disconnect();
  const got: string[] = [];
  rig.member({
    handle: (given) => {
      got.push(...given.map(value));
      return Promise.resolve(given.map(() => fine));
    },
  });
  await until(() => got.length === 50);
  expect(got).toEqual(messages.map((message) => message.value));
});

test('a member that is stopped finishes what it is at, and the next one goes on behind it', async () => {
  const handled: string[] = [];
  const inHand = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  await rig.produce(Array.from({ length: 30 }, (_, n) => ({ key: `k${n}`, value: String(n), partition: 2 })));
  const first = rig.member({
    maxBatch: 10,
    async handle(messages) {
      inHand.resolve();
      await goOn.promise;
      handled.push(...messages.map(value));
      return messages.map(() => fine);
    },
  });
  await inHand.promise;
  const stopping = first.stop();
  goOn.resolve();
  await stopping;
  expect(handled).toHaveLength(10);
  expect(await rig.committed(first.group, 'tpe.update.command')).toBe(10);
  expect(first.ready()).toBe(false);
  const second = rig.member({
    handle: (messages) => {
      handled.push(...messages.map(value));
      return Promise.resolve(messages.map(() => fine));
    },
  });
  await until(async () => (await rig.committed(second.group, 'tpe.update.command')) === 30);
  expect(handled).toEqual(Array.from({ length: 30 }, (_, n) => String(n)));
});
