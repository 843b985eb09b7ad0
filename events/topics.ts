import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import type { Config } from '../config.ts';
import type { Logger } from '../observability/logger.ts';
import { createKafka } from './kafka.ts';
import { brokerRefusals } from './refusals.ts';

export interface TopicDefinition {
  partitions: number;
  /** The topic's own settings, as Kafka names them; all values are text. */
  settings: Readonly<Record<string, string>>;
}

const day = 24 * 3600 * 1000;
const mebibyte = 1024 * 1024;

function log(retentionDays: number, maxMessageBytes = mebibyte): TopicDefinition {
  const own = settings('delete', retentionDays, maxMessageBytes);
  // Others write here: whatever they compress by, the broker keeps what kafkajs can read.
  return { partitions: 12, settings: { ...own, 'compression.type': 'gzip' } };
}

function compacted(retentionDays: number): TopicDefinition {
  return { partitions: 12, settings: settings('compact,delete', retentionDays, mebibyte) };
}

function settings(policy: string, retentionDays: number, maxMessageBytes: number): Record<string, string> {
  return {
    'cleanup.policy': policy,
    'retention.ms': String(retentionDays * day),
    'max.message.bytes': String(maxMessageBytes),
  };
}

/** The topics by which other systems live with this one. */
export const TOPICS = {
  /** Update orders, key `campaignId|tpeId`. */
  'tpe.update.command': log(7),
  /** The whole state of a terminal in a campaign, key `campaignId|tpeId`. */
  'tpe.update.status': compacted(90),
  /** The version that a terminal really runs, key `tpeId`. */
  'tpe.version.snapshot': compacted(30),
  /** What could not be published or handled, with the error. Takes what is too large elsewhere; 6 months. */
  'tpe.events.dlq': log(183, 10 * mebibyte),
} as const satisfies Record<string, TopicDefinition>;

export type TopicName = keyof typeof TOPICS;

export const TOPIC_NAMES = Object.keys(TOPICS) as TopicName[];

/** The name that a topic has on this broker: with the configured prefix. */
export function topicName(config: Pick<Config, 'kafka'>, name: TopicName): string {
  return config.kafka.topicPrefix + name;
}

/** The reverse of `topicName`; undefined for a topic that is not ours. */
export function knownTopic(config: Pick<Config, 'kafka'>, fullName: string): TopicName | undefined {
  return TOPIC_NAMES.find((name) => topicName(config, name) === fullName);
}

/**
 * Its settings on this cluster. Where there are three copies, a message counts once two have it: one broker may then be
 * lost without losing what was acknowledged, and without keeping anybody from writing.
 */
function wantedSettings(config: Pick<Config, 'kafka'>, name: TopicName): Readonly<Record<string, string>> {
  const own: Readonly<Record<string, string>> = TOPICS[name].settings;
  return config.kafka.replicationFactor < 3 ? own : { ...own, 'min.insync.replicas': '2' };
}

/** A topic can't be brought into the state that is asked for; the message says which, why and what to do. */
export class TopicError extends Error {
  override name = 'TopicError';
}

/**
 * Brings the topics on the broker into the state defined above: makes the missing ones, adds partitions where
 * there are fewer, corrects settings that differ and leaves other settings as they are. Harmless to repeat and
 * for several processes at once. A topic with more partitions stays as it is: Kafka can't take any away.
 * @throws TopicError where the broker refuses; KafkaJSError where it can't be reached
 */
export async function ensureTopics(config: Pick<Config, 'kafka'>, logger?: Logger): Promise<void> {
  const admin = createKafka(config.kafka, 'topics', logger).admin();
  try {
    await admin.connect();
    await whileBrokerLearns(async () => {
      await createMissing(admin, config, logger);
      await addPartitions(admin, config, logger);
      await correctSettings(admin, config, logger);
    });
  } finally {
    await admin.disconnect();
  }
}

/** Milliseconds that a broker has to learn of the topics that its controller has made; a busy one needs some. */
const LEARNING_MS = 30_000;
const LEARNING_STEP_MS = 100;

/** Repeats what the broker refuses for the moment, as it does with topics that it has not heard of yet. */
async function whileBrokerLearns(work: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + LEARNING_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const refusals = brokerRefusals(error);
      const passing = refusals.length > 0 && refusals.every(({ retriable }) => retriable);
      if (!passing || performance.now() > deadline) throw error;
      await sleep(LEARNING_STEP_MS);
    }
  }
}

async function createMissing(admin: Admin, config: Pick<Config, 'kafka'>, logger?: Logger): Promise<void> {
  const existing = new Set(await admin.listTopics());
  for (const name of TOPIC_NAMES) {
    const topic = topicName(config, name);
    if (existing.has(topic)) continue;
    const { partitions } = TOPICS[name];
    const { replicationFactor } = config.kafka;
    const own = wantedSettings(config, name);
    const created = await refusedClearly(
      `Topic ${topic} can't be created with ${partitions} partitions and KAFKA_REPLICATION_FACTOR=${replicationFactor}`,
      admin.createTopics({
        // kafkajs gives up waiting when the broker has not heard of the topic yet; see whileBrokerLearns.
        waitForLeaders: false,
        topics: [
          {
            topic,
            numPartitions: partitions,
            replicationFactor,
            configEntries: Object.entries(own).map(([key, value]) => ({ name: key, value })),
          },
        ],
      }),
    );
    // False: another process was faster.
    if (created) logger?.info({ topic, partitions }, `created topic ${topic}`);
  }
}

async function addPartitions(admin: Admin, config: Pick<Config, 'kafka'>, logger?: Logger): Promise<void> {
  const asked = new Set<string>();
  const deadline = performance.now() + LEARNING_MS;
  for (;;) {
    const fewer = [...(await partitionCounts(admin, config))].filter(
      ([topic, found]) => found < wantedPartitions(config, topic),
    );
    if (fewer.length === 0) return;
    for (const [topic, found] of fewer.filter(([name]) => !asked.has(name))) {
      const wanted = wantedPartitions(config, topic);
      logger?.warn({ topic, found, wanted }, `topic ${topic} gets partitions: keys will move between them`);
      await growTopic(admin, topic, found, wanted);
      asked.add(topic);
    }
    const [late] = fewer;
    if (late && performance.now() > deadline) {
      throw new TopicError(`Topic ${late[0]} still has ${late[1]} partitions after more were asked for.`);
    }
    // The broker tells the old number until it has learned of the new one.
    await sleep(LEARNING_STEP_MS);
  }
}

async function growTopic(admin: Admin, topic: string, found: number, wanted: number): Promise<void> {
  try {
    await refusedClearly(
      `Topic ${topic} has ${found} partitions and can't be given ${wanted}`,
      admin.createPartitions({ topicPartitions: [{ topic, count: wanted }] }),
    );
  } catch (error) {
    // Another process was faster: there are that many already.
    if (!brokerRefusals(error).some(({ type }) => type === 'INVALID_PARTITIONS')) throw error;
  }
}

function wantedPartitions(config: Pick<Config, 'kafka'>, topic: string): number {
  const name = knownTopic(config, topic);
  return name ? TOPICS[name].partitions : 0;
}

async function partitionCounts(admin: Admin, config: Pick<Config, 'kafka'>): Promise<Map<string, number>> {
  const { topics } = await admin.fetchTopicMetadata({
    topics: TOPIC_NAMES.map((name) => topicName(config, name)),
  });
  return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
}

/** Where a setting's value comes from: this says that it was set on the topic itself. */
const SET_ON_TOPIC = 1;

async function correctSettings(admin: Admin, config: Pick<Config, 'kafka'>, logger?: Logger): Promise<void> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: TOPIC_NAMES.map((name) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: topicName(config, name),
    })),
  });
  for (const { resourceName: topic, configEntries } of resources) {
    const name = knownTopic(config, topic);
    if (!name) continue;
    const wanted = wantedSettings(config, name);
    const found = new Map(configEntries.map((entry) => [entry.configName, entry.configValue]));
    const different = Object.keys(wanted).filter((key) => !sameSetting(found.get(key), wanted[key]));
    if (different.length === 0) continue;
    // The request replaces all of a topic's own settings: those that an operator made go with it.
    const kept = configEntries
      .filter((entry) => (entry.configSource as number) === SET_ON_TOPIC && !(entry.configName in wanted))
      .map((entry) => ({ name: entry.configName, value: entry.configValue }));
    const configEntriesWanted = Object.entries(wanted).map(([key, value]) => ({ name: key, value }));
    logger?.warn({ topic, different }, `topic ${topic} had other settings: ${different.join(', ')}`);
    await refusedClearly(
      `The settings of topic ${topic} can't be corrected`,
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: topic,
            configEntries: [...kept, ...configEntriesWanted],
          },
        ],
      }),
    );
  }
}

/** Lists are equal in any order: Kafka may give back `delete,compact`. */
function sameSetting(found: string | undefined, wanted: string | undefined): boolean {
  const canonical = (value: string | undefined): string | undefined => value?.split(',').sort().join(',');
  return canonical(found) === canonical(wanted);
}

/** Turns a refusal by the broker into a TopicError; a broker that is away stays the error that it is. */
async function refusedClearly<T>(what: string, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    const refusals = brokerRefusals(error).filter(({ retriable }) => !retriable);
    if (refusals.length === 0) throw error;
    const reasons = refusals.map(({ type, message }) => `${type} (${message})`).join('; ');
    throw new TopicError(`${what}: the broker answers ${reasons}.`, { cause: error });
  }
}
