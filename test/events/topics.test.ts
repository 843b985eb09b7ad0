import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Config } from '../../config.ts';
import { createKafka } from '../../events/kafka.ts';
import { TOPIC_NAMES, TopicError, ensureTopics, knownTopic, topicName } from '../../events/topics.ts';
import { createTestTopics } from '../support/stack.ts';
import { deleteTopics } from './rig.ts';

const { TOPIC } = kafkajs.ConfigResourceTypes;
const day = 24 * 3600 * 1000;
let admin: Admin;
let config: Pick<Config, 'kafka'>;

beforeAll(async () => {
  admin = createKafka(await createTestTopics(), 'test').admin();
  await admin.connect();
});
beforeEach(async () => {
  config = { kafka: await createTestTopics() };
});
afterEach(() => deleteTopics(config));
afterAll(() => admin.disconnect());

/** What the broker has, by the topic's own name: the number of partitions and the settings asked for. */
async function found(...names: string[]) {
  const topics = TOPIC_NAMES.map((name) => topicName(config, name));
  const metadata = await admin.fetchTopicMetadata({ topics });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((name) => ({ type: TOPIC, name })),
  });
  return Object.fromEntries(
    metadata.topics.map(({ name, partitions }) => {
      const entries = resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? [];
      const settings = names.map(
        (wanted) => entries.find((entry) => entry.configName === wanted)?.configValue,
      );
      return [knownTopic(config, name), [partitions.length, ...settings]];
    }),
  );
}

const designed = {
  'tpe.update.command': [12, 'delete', String(7 * day)],
  'tpe.update.status': [12, 'compact,delete', String(90 * day)],
  'tpe.version.snapshot': [12, 'compact,delete', String(30 * day)],
  'tpe.events.dlq': [12, 'delete', String(183 * day)],
};

test('the topics are made with the partitions, clean-up and retention of the design', async () => {
  await ensureTopics(config);
  expect(await found('cleanup.policy', 'retention.ms')).toEqual(designed);
});

test('several processes may make them at once, and again', async () => {
  await Promise.all([ensureTopics(config), ensureTopics(config), ensureTopics(config)]);
  await ensureTopics(config);
  expect(await found('cleanup.policy', 'retention.ms')).toEqual(designed);
});

test('a topic that is different is corrected, and what an operator has set beside it stays', async () => {
  const status = topicName(config, 'tpe.update.status');
  await admin.createTopics({
    waitForLeaders: false,
    topics: [
      {
        topic: status,
        numPartitions: 3,
        configEntries: [
          { name: 'cleanup.policy', value: 'delete' },
          { name: 'segment.ms', value: '3600000' },
        ],
      },
    ],
  });
  await Promise.all([ensureTopics(config), ensureTopics(config)]);
  // The broker answers with what was until it has read its own log of settings.
  await expect.poll(() => found('cleanup.policy', 'retention.ms'), { timeout: 20_000 }).toEqual(designed);
  expect((await found('segment.ms'))['tpe.update.status']).toEqual([12, '3600000']);
});

test('a topic with more partitions stays as it is', async () => {
  const command = topicName(config, 'tpe.update.command');
  await admin.createTopics({ waitForLeaders: false, topics: [{ topic: command, numPartitions: 16 }] });
  await ensureTopics(config);
  expect((await found())['tpe.update.command']).toEqual([16]);
});

test('more copies than the cluster has brokers are refused with the setting named', async () => {
  config.kafka.replicationFactor = 3;
  const ensuring = ensureTopics(config);
  await expect(ensuring).rejects.toThrow(TopicError);
  await expect(ensuring).rejects.toThrow(
    /^Topic test-.*\.tpe\.update\.command can't be created .*KAFKA_REPLICATION_FACTOR=3: .*INVALID_REPLICATION_FACTOR/,
  );
});

test('a broker that is not there is no refusal', async () => {
  const ensuring = ensureTopics({ kafka: { ...config.kafka, brokers: ['127.0.0.1:1'] } });
  await expect(ensuring).rejects.toThrow('127.0.0.1:1');
  await expect(ensuring).rejects.not.toThrow(TopicError);
});
