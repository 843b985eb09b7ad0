/** What the tests of consumers share: topics of their own, members of a group, and what is on a topic in bytes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners } from 'kafkajs';
import type { Admin, IHeaders, Kafka, KafkaMessage, Message, Producer } from 'kafkajs';
import type { Config } from '../../config.ts';
import { GroupConsumer } from '../../events/consumer.ts';
import type { ConsumerOptions } from '../../events/consumer.ts';
import { createKafka } from '../../events/kafka.ts';
import { ensureTopics, topicName } from '../../events/topics.ts';
import type { TopicName } from '../../events/topics.ts';
import { createLogger } from '../../observability/logger.ts';
import type { Logger } from '../../observability/logger.ts';
import { createTestTopics } from '../support/stack.ts';
import { deleteTopics } from './rig.ts';

export const silent: Logger = createLogger({ logLevel: 'silent' }, 'test');

export class ConsumerRig {
  readonly config: Pick<Config, 'kafka'>;
  readonly kafka: Kafka;
  readonly admin: Admin;
  readonly #producer: Producer;
  readonly #consumers: GroupConsumer[] = [];

  private constructor(kafka: Config['kafka']) {
    this.config = { kafka };
    this.kafka = createKafka(kafka, 'test', undefined, 20);
    this.admin = this.kafka.admin();
    this.#producer = this.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  }

  static async create(): Promise<ConsumerRig> {
    const rig = new ConsumerRig(await createTestTopics());
    await ensureTopics(rig.config);
    await Promise.all([rig.admin.connect(), rig.#producer.connect()]);
    return rig;
  }

  async close(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
    await Promise.all([this.admin.disconnect(), this.#producer.disconnect()]);
    await deleteTopics(this.config);
  }

  /** A member of group `test` on the command topic; `overrides` replaces any option. */
  member(overrides: Partial<ConsumerOptions> & Pick<ConsumerOptions, 'handle'>): GroupConsumer {
    const consumer = new GroupConsumer({
      config: this.config,
      logger: silent,
      group: 'test',
      topic: 'tpe.update.command',
      stage: 'test',
      isOutage: () => false,
      ...overrides,
    });
    this.#consumers.push(consumer);
    return consumer;
  }

  async produce(messages: Message[], topic: TopicName = 'tpe.update.command'): Promise<void> {
    await this.#producer.send({ topic: topicName(this.config, topic), messages });
  }

  /** All of a topic, by a client that has nothing to do with ours; reads on until `count` messages are there. */
  async read(topic: TopicName, count: number): Promise<KafkaMessage[]> {
    const groupId = `${this.config.kafka.topicPrefix}read-${Math.random()}`;
    const consumer = this.kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
    const messages: KafkaMessage[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic: topicName(this.config, topic), fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        messages.push(message);
        return Promise.resolve();
      },
    });
    while (messages.length < count) await sleep(25);
    await consumer.disconnect();
    return messages;
  }

  /** The dead letters, at least `count` of them. */
  letters(count: number): Promise<KafkaMessage[]> {
    return this.read('tpe.events.dlq', count);
  }

  /** How many messages were ever written to a topic. */
  async written(topic: TopicName): Promise<number> {
    const offsets = await this.admin.fetchTopicOffsets(topicName(this.config, topic));
    return offsets.reduce((sum, { high }) => sum + Number(high), 0);
  }

  /** The sum of what a group has committed; 0 also while a new broker still loads its groups. */
  async committed(group: string, topic: TopicName): Promise<number> {
    const topics = [topicName(this.config, topic)];
    const [offsets] = await this.admin.fetchOffsets({ groupId: group, topics }).catch(() => []);
    return (offsets?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  }
}

/** Headers as text. */
export function texts(headers: IHeaders | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}
