import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createKafka } from '../../events/kafka.ts';
import { TOPIC_NAMES, TopicError, ensureTopics, knownTopic, topicName } from '../../events/topics.ts';

const LIMIT = 60_000;
const { TOPIC } = kafkajs.ConfigResourceTypes;
const day = 24 * 3600 * 1000;
let admin: Admin;
let config: { kafka: { brokers: string[]; topicPrefix: string; replicationFactor: number } };

const base = { brokers: [process.env.TEST_KAFKA ?? ''], replicationFactor: 1 };

beforeAll(async () => {
  admin = createKafka({ ...base, topicPrefix: '' }, 'test').admin();
  await admin.connect();
});
beforeEach(() => {
  config = { kafka: { ...base, topicPrefix: `topics-${randomUUID().slice(0, 8)}.` } };
});
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

test(
  'the topics are made with the partitions, clean-up and retention of the design',
  async () => {
    await ensureTopics(config);
    expect(await found('cleanup.policy', 'retention.ms')).toEqual(designed);
  },
  LIMIT,
);

test(
  'several processes may make them at once, and again',
  async () => {
    await Promise.all([ensureTopics(config), ensureTopics(config), ensureTopics(config)]);
    await ensureTopics(config);
    expect(await found('cleanup.policy', 'retention.ms')).toEqual(designed);
  },
  LIMIT,
);

test(
  'a topic that is different is corrected, and what an operator has set beside it stays',
  async () => {
    const status = topicName(config, 'tpe.update.status');
    await admin.createTopics({
      waitForLeaders: true,
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
    expect(await found('cleanup.policy', 'retention.ms')).toEqual(designed);
    expect((await found('segment.ms'))['tpe.update.status']).toEqual([12, '3600000']);
  },
  LIMIT,
);

test(
  'a topic with more partitions stays as it is',
  async () => {
    const command = topicName(config, 'tpe.update.command');
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic: command, numPartitions: 16 }] });
    await ensureTopics(config);
    expect((await found())['tpe.update.command']).toEqual([16]);
  },
  LIMIT,
);

test(
  'more copies than the cluster has brokers are refused with the setting named',
  async () => {
    config.kafka.replicationFactor = 3;
    const ensuring = ensureTopics(config);
    await expect(ensuring).rejects.toThrow(TopicError);
    await expect(ensuring).rejects.toThrow(
      /^Topic topics-.*\.tpe\.update\.command can't be created .*KAFKA_REPLICATION_FACTOR=3: .*INVALID_REPLICATION_FACTOR/,
    );
  },
  LIMIT,
);

test(
  'a broker that is not there is no refusal',
  async () => {
    const ensuring = ensureTopics({ kafka: { ...config.kafka, brokers: ['127.0.0.1:1'] } });
    await expect(ensuring).rejects.toThrow('127.0.0.1:1');
    await expect(ensuring).rejects.not.toThrow(TopicError);
  },
  LIMIT,
);
