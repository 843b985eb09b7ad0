import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createKafka } from '../../events/kafka.ts';
import { LaneSender } from '../../events/sender.ts';
import { topicName } from '../../events/topics.ts';
import { Rig, Writer, expectedNumbers, numbersByKey, someKeys, until } from './rig.ts';
import type { RelayProcess } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await Rig.create();
});
afterEach(() => rig.reset());
afterAll(() => rig.close());

async function recordsOf(prefix: string) {
  return (await rig.records('tpe.update.status')).filter(({ key }) => key.startsWith(`${prefix}-`));
}

/** Every event that was written is on the topic once, those of a key in their order. */
async function expectExactlyOnce(prefix: string, writer: Writer): Promise<void> {
  await rig.drained();
  const records = await recordsOf(prefix);
  expect(numbersByKey(records)).toEqual(expectedNumbers(writer.written));
  expect(records).toHaveLength(writer.total);
}

/** Writes under several groups of keys at once, until `work` is done. */
async function whileWriting(prefix: string, work: () => Promise<void>): Promise<Writer> {
  const writer = new Writer(rig);
  const groups = ['a', 'b', 'c'].map((group) => someKeys(`${prefix}-${group}`, 16));
  const done = new AbortController();
  const writing = Promise.all(
    groups.map(async (keys) => {
      while (!done.signal.aborted) {
        await writer.write(keys, 1);
        await sleep(20);
      }
    }),
  );
  try {
    await work();
  } finally {
    done.abort();
    await writing;
  }
  return writer;
}

async function lanesOf(relay: RelayProcess, lanes: number): Promise<void> {
  await until(async () => (await relay.metric('outbox_lanes_owned')) === lanes);
}

/** Something that the relays have published since. */
async function progress(): Promise<void> {
  const before = await rig.count('SELECT coalesce(sum(batch), 0) AS count FROM outbox_batch');
  const now = () => rig.count('SELECT coalesce(sum(batch), 0) AS count FROM outbox_batch');
  await until(async () => (await now()) > before + 8);
}

describe('each event is on its topic once, in order', { timeout: 180_000 }, () => {
  test('although the only relay is killed again and again in the middle of the stream', async () => {
    const writer = await whileWriting('killed', async () => {
      for (let round = 0; round < 6; round++) {
        const relay = await rig.startRelay();
        await progress();
        await sleep(Math.random() * 100);
        await relay.kill();
      }
    });
    await rig.startRelay();
    await expectExactlyOnce('killed', writer);
  });

  test('although a relay is killed while another takes its lanes', async () => {
    const writer = await whileWriting('taken', async () => {
      let survivor = await rig.startRelay();
      await lanesOf(survivor, 8);
      for (let round = 0; round < 4; round++) {
        const next = await rig.startRelay();
        await lanesOf(next, 4);
        await progress();
        await survivor.kill();
        await lanesOf(next, 8);
        survivor = next;
      }
    });
    await expectExactlyOnce('taken', writer);
  });

  test('although a relay is suspended, loses its lanes without noticing, and wakes up again', async () => {
    const writer = await whileWriting('asleep', async () => {
      const sleeper = await rig.startRelay();
      await lanesOf(sleeper, 8);
      for (let round = 0; round < 2; round++) {
        await progress();
        sleeper.suspend();
        const other = await rig.startRelay();
        // The server ends the session of the relay that says nothing.
        await lanesOf(other, 8);
        await progress();
        sleeper.resume();
        await lanesOf(sleeper, 4);
        await progress();
        expect(await other.stop()).toBe(0);
        await lanesOf(sleeper, 8);
      }
      expect(sleeper.alive).toBe(true);
    });
    await expectExactlyOnce('asleep', writer);
  });

  test('although lanes move between three relays that come and go', async () => {
    const writer = await whileWriting('moving', async () => {
      const relays = [await rig.startRelay(), await rig.startRelay(), await rig.startRelay()];
      for (let round = 0; round < 3; round++) {
        await until(async () => {
          const lanes = await Promise.all(relays.map((relay) => relay.metric('outbox_lanes_owned')));
          return lanes.every((count) => count >= 2) && lanes.reduce((sum, count) => sum + count) === 8;
        });
        await progress();
        expect(await relays.shift()?.stop()).toBe(0);
        await progress();
        relays.push(await rig.startRelay());
      }
    });
    await expectExactlyOnce('moving', writer);
  });
});

describe('the sender of a lane', { timeout: 120_000 }, () => {
  function sender(): LaneSender {
    const { config } = rig;
    return new LaneSender({ config, kafka: createKafka(config.kafka, 'test'), lane: 5 });
  }
  function messages(...values: string[]) {
    const topic = topicName(rig.config, 'tpe.version.snapshot');
    return values.map((value) => ({ topic, message: { key: 'fence-0', value } }));
  }
  /** What a relay leaves that dies in the middle of sending. */
  async function openTransaction() {
    const { kafka } = rig.config;
    const transactionalId = `${kafka.topicPrefix}relay-lane-5`;
    const dying = createKafka(kafka, 'test').producer({ transactionalId, maxInFlightRequests: 1 });
    await dying.connect();
    const transaction = await dying.transaction();
    await transaction.sendBatch({
      topicMessages: messages('unfinished').map(({ topic, message }) => ({ topic, messages: [message] })),
    });
    return { commit: () => transaction.commit(), disconnect: () => dying.disconnect() };
  }
  async function valuesOnTopic(): Promise<string[]> {
    return (await rig.records('tpe.version.snapshot')).map(({ value }) => String(value));
  }

  test('is fenced by the next one, whatever it still has to send, and knows what was published', async () => {
    await rig.startRelay();
    await rig.insert([{ key: 'fence-1', data: { n: 0 } }]);
    await rig.drained();
    const [first, second] = [sender(), sender()];
    const open = await openTransaction();
    try {
      const start = await first.takeOver();
      await expect(open.commit()).rejects.toThrow('old epoch');
      await first.send(start + 1, messages('1', '2'));
      expect(await second.takeOver()).toBe(start + 1);
      await expect(first.send(start + 2, messages('late'))).rejects.toThrow('old epoch');
      expect(first.ready).toBe(false);
      await second.send(start + 2, messages('3'));
      await expect(first.send(start + 2, messages('late'))).rejects.toThrow('has not been taken over');
      expect(await first.takeOver()).toBe(start + 2);
      await first.send(start + 3, messages('4'));
      expect(await valuesOnTopic()).toEqual(['1', '2', '3', '4']);
    } finally {
      await Promise.all([first.close(), second.close(), open.disconnect()]);
    }
  });
});
