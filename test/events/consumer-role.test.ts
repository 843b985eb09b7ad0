import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPool } from '../../db/pool.ts';
import type { Pool } from '../../db/pool.ts';
import { createKafka } from '../../events/kafka.ts';
import { topicName } from '../../events/topics.ts';
import { startTestStack } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';
import { deleteTopics, until } from './rig.ts';

let stack: TestStack;
let pool: Pool;

beforeAll(async () => {
  stack = await startTestStack();
  pool = createPool({ url: stack.databaseUrl, poolSize: 2 }, 'test');
});
afterAll(async () => {
  await pool.end();
  await stack.stop();
  await deleteTopics(stack.config);
});

async function metrics(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${stack.ports.consumers}/metrics`)).text();
}

test('the role makes the topics, mirrors the dead letters, and loses none when it is killed', async () => {
  const role = await stack.startRole('consumers');
  const producer = createKafka(stack.config.kafka, 'test').producer();
  await producer.connect();
  const topic = topicName(stack.config, 'tpe.events.dlq');
  const total = 600;
  const send = async (from: number, to: number): Promise<void> => {
    const messages = Array.from({ length: to - from }, (_, n) => ({
      key: `k${from + n}`,
      value: 'v',
      headers: { dlq_id: `test:${from + n}`, dlq_topic: 't', dlq_error: 'WRONG', dlq_stage: 'test' },
    }));
    await producer.send({ topic, messages });
  };
  for (let from = 0; from < total; from += 20) {
    await send(from, from + 20);
    if (from === 200 || from === 400) role.kill('SIGKILL');
  }
  await producer.disconnect();
  await role.ready();
  const count = async (): Promise<number> =>
    (await pool.query<{ count: number }>('SELECT count(*)::integer AS count FROM dead_letter')).rows[0]
      ?.count ?? 0;
  await until(async () => (await count()) === total);
  expect(role.restarts).toBeGreaterThan(0);
  await until(async () => (await metrics()).includes(`dead_letters_open ${total}\n`));
  const group = `${stack.config.kafka.topicPrefix}dead-letters`;
  const noLag = Array.from(
    { length: 12 },
    (_, partition) => `kafka_consumer_lag{group="${group}",topic="${topic}",partition="${partition}"} 0\n`,
  );
  await until(async () => {
    const text = await metrics();
    return noLag.every((line) => text.includes(line));
  });
}, 120_000);
