/** Three real Kafka nodes, as `npm run cluster` starts them. */
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { beforeAll, expect, test } from 'vitest';
import { loadConfig, type Config } from '../../config.ts';
import { readTopic } from '../../events/consume.ts';
import { createKafka } from '../../events/kafka.ts';
import { LaneSender } from '../../events/sender.ts';
import { ensureTopics, TOPIC_NAMES, topicName } from '../../events/topics.ts';
import { kafkaNodeSpec, prepareKafkaNode } from '../../stack/cluster/kafka.ts';
import { clusterLayout, HOST, type KafkaNode } from '../../stack/cluster/layout.ts';
import { findKafka, randomClusterId } from '../../stack/kafka.ts';
import { freePort } from '../../stack/ports.ts';
import { superviseInFile } from './rig.ts';

/** Three JVMs on a machine that does other things, too. */
const TIMEOUT_MS = 600_000;

const parts = superviseInFile(TIMEOUT_MS);
let config: Config;

beforeAll(async () => {
  const { dataDir, supervisor } = parts;
  const jars = await findKafka({ task: { update: () => undefined } });
  const nodes: KafkaNode[] = [];
  for (const node of clusterLayout().kafka) {
    nodes.push({ ...node, port: await freePort(), controllerPort: await freePort() });
  }
  const clusterId = randomClusterId();
  await Promise.all(
    nodes.map(async (node) => {
      const options = { jars, node, nodes, dataDir: dataDir.path };
      await prepareKafkaNode(options, clusterId);
      await supervisor.start(kafkaNodeSpec(options));
    }),
  );
  config = loadConfig({
    KAFKA_BROKERS: nodes.map(({ port }) => `${HOST}:${port}`).join(','),
    KAFKA_REPLICATION_FACTOR: '3',
  });
  await ensureTopics(config);
}, TIMEOUT_MS);

test('a topic of three copies takes a message only when two have it', async () => {
  const admin = createKafka(config.kafka, 'test').admin();
  await admin.connect();
  const topics = TOPIC_NAMES.map((name) => topicName(config, name));
  try {
    // Each node learns of the topics in its own time.
    const copies = async (): Promise<number[]> => {
      const { topics: found } = await admin.fetchTopicMetadata({ topics });
      return found.flatMap(({ partitions }) => partitions.map(({ replicas }) => replicas.length));
    };
    await expect.poll(copies, { timeout: 60_000 }).toEqual(Array(topics.length * 12).fill(3));
    const settings = async (): Promise<unknown[]> => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: topics.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
      });
      return resources.map(({ configEntries }) =>
        configEntries.find(({ configName }) => configName === 'min.insync.replicas'),
      );
    };
    // 1: set on the topic itself; the nodes of this cluster have the same by default.
    const wanted = expect.objectContaining({ configValue: '2', configSource: 1 });
    await expect.poll(settings, { timeout: 60_000 }).toEqual(topics.map(() => wanted));
  } finally {
    await admin.disconnect();
  }
});

test(
  'the batches of several lanes, whose partitions are led by three nodes, are there once, also when a node is killed',
  async () => {
    const topic = topicName(config, 'tpe.update.status');
    const lanes = [0, 1, 2, 3];
    const batches = 25;
    const perBatch = 24;
    await Promise.all(
      lanes.map(async (lane) => {
        const sender = new LaneSender({ config, kafka: createKafka(config.kafka, 'test'), lane });
        for (let batch = 1; batch <= batches; batch++) {
          if (lane === 0 && batch === 10) parts.supervisor.get('kafka-2').kill('SIGKILL');
          const outgoing = Array.from({ length: perBatch }, (_, n) => ({
            topic,
            message: { key: `${lane}|${n}`, value: '{}', headers: { ce_sequence: String(batch) } },
          }));
          await publish(sender, batch, outgoing);
        }
        await sender.close();
      }),
    );
    await parts.supervisor.get('kafka-2').ready();
    const { records } = await readTopic(config, 'tpe.update.status', { timeoutMs: 120_000 });
    const sequences = new Map<string, number[]>();
    for (const { key, headers } of records) {
      sequences.set(key, [...(sequences.get(key) ?? []), Number(headers.ce_sequence)]);
    }
    const all = Array.from({ length: batches }, (_, index) => index + 1);
    expect(sequences.size).toBe(lanes.length * perBatch);
    expect([...sequences.values()].filter((found) => found.join() !== all.join())).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'a batch is there whole when a leader falls after the other nodes have answered',
  async () => {
    const topic = topicName(config, 'tpe.update.status');
    const { prototype } = createRequire(import.meta.url)('kafkajs/src/broker/index.js') as {
      prototype: { produce: (this: { nodeId: number }, options: unknown) => Promise<unknown> };
    };
    const { produce } = prototype;
    const [victim] = await leaders(topic);
    const node = parts.supervisor.get(`kafka-${victim}`);
    let fallen = 0;
    prototype.produce = async function (options) {
      if (this.nodeId === victim && fallen++ === 0) {
        // The others have answered when the new leaders are known.
        node.kill('SIGKILL');
        await expect.poll(() => leaders(topic), { timeout: 60_000 }).not.toContain(victim);
      }
      return produce.call(this, options);
    };
    const sender = new LaneSender({ config, kafka: createKafka(config.kafka, 'test'), lane: 5 });
    const keys = Array.from({ length: 48 }, (_, n) => `fallen|${n}`);
    try {
      await publish(
        sender,
        1,
        keys.map((key) => ({ topic, message: { key, value: '{}' } })),
      );
    } finally {
      prototype.produce = produce;
      await sender.close();
    }
    await node.ready();
    const { records } = await readTopic(config, 'tpe.update.status', { timeoutMs: 120_000 });
    const found = records.map(({ key }) => key).filter((key) => key.startsWith('fallen|'));
    expect(fallen).toBeGreaterThan(0);
    expect(found.sort()).toEqual([...keys].sort());
  },
  TIMEOUT_MS,
);

/** The nodes that lead a partition of the topic. */
async function leaders(topic: string): Promise<number[]> {
  const admin = createKafka(config.kafka, 'test').admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics.flatMap(({ partitions }) => partitions.map(({ leader }) => leader));
  } finally {
    await admin.disconnect();
  }
}

/** As the relay does it: when it does not know what has become of a batch, it asks before it sends it again. */
async function publish(
  sender: LaneSender,
  batch: number,
  outgoing: Parameters<LaneSender['send']>[1],
): Promise<void> {
  for (;;) {
    try {
      if (!sender.ready && (await sender.takeOver()) >= batch) return;
      return await sender.send(batch, outgoing);
    } catch {
      await sleep(200);
    }
  }
}
