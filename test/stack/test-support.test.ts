import { Client, Connection } from '@temporalio/client';
import { Kafka } from 'kafkajs';
import { Client as PgClient } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CAMPAIGN_TASK_QUEUE } from '../../workflows/names.ts';
import { createTestTopics, startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

test('a test file has a migrated database of its own', async () => {
  const client = new PgClient({ connectionString: stack.databaseUrl });
  await client.connect();
  const { rows } = await client.query('SELECT count(*)::int AS count FROM campaign');
  await client.end();
  expect(rows).toEqual([{ count: 0 }]);
});

test('a test file has a broker, and topics of its own by their prefix', async () => {
  const { brokers, topicPrefix } = stack.config.kafka;
  const admin = new Kafka({ brokers }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: `${topicPrefix}mine` }], waitForLeaders: false });
  await expect.poll(() => admin.listTopics()).toContain(`${topicPrefix}mine`);
  await admin.disconnect();
  expect((await createTestTopics()).topicPrefix).not.toBe(topicPrefix);
});

test('a test file has a namespace of its own in which workflows can be found by our search attributes', async () => {
  const { address, namespace } = stack.config.temporal;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  await client.workflow.start('campaign', {
    taskQueue: CAMPAIGN_TASK_QUEUE,
    workflowId: 'campaign-1',
    searchAttributes: { CampaignId: ['1'] },
  });
  const { count } = await client.workflow.count("CampaignId = '2'");
  await connection.close();
  expect(count).toBe(0);
});

test('a role runs against them and is started again when it is killed', async () => {
  const relay = await stack.startRole('relay');
  const first = relay.pid;
  relay.kill('SIGKILL');
  await relay.waitExit();
  await relay.ready();
  expect(relay.pid).not.toBe(first);
  expect(relay.restarts).toBe(1);
});
