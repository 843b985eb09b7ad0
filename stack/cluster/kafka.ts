/** Three Kafka nodes that hold every message twice before it counts. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkKafka, javaArgs, type KafkaJars } from '../kafka.ts';
import type { ProcessSpec } from '../managed-process.ts';
import { run } from '../tools.ts';
import { HOST, type KafkaNode } from './layout.ts';

export interface KafkaNodeOptions {
  jars: KafkaJars;
  node: KafkaNode;
  /** All nodes, itself among them. */
  nodes: readonly KafkaNode[];
  /** The folder in which each node has one of its own. */
  dataDir: string;
  signal?: AbortSignal;
}

/**
 * The settings of one node. A write is answered when two of three nodes have it, so that any one of them may be
 * lost without losing a message or the ability to write.
 */
export function kafkaProperties({ node, nodes, dataDir }: Omit<KafkaNodeOptions, 'jars' | 'signal'>): string {
  const copies = nodes.length;
  const inSync = Math.floor(copies / 2) + 1;
  const voters = nodes.map(({ id, controllerPort }) => `${id}@${HOST}:${controllerPort}`).join(',');
  return `${[
    'process.roles=broker,controller',
    `node.id=${node.id}`,
    `controller.quorum.voters=${voters}`,
    `listeners=PLAINTEXT://${HOST}:${node.port},CONTROLLER://${HOST}:${node.controllerPort}`,
    `advertised.listeners=PLAINTEXT://${HOST}:${node.port}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names=CONTROLLER',
    `log.dirs=${join(dataDir, node.name)}`,
    'auto.create.topics.enable=false',
    `default.replication.factor=${copies}`,
    `min.insync.replicas=${inSync}`,
    // A node that has lost messages must not become a partition's leader.
    'unclean.leader.election.enable=false',
    `offsets.topic.replication.factor=${copies}`,
    'offsets.topic.num.partitions=8',
    `transaction.state.log.replication.factor=${copies}`,
    `transaction.state.log.min.isr=${inSync}`,
    'transaction.state.log.num.partitions=8',
    `share.coordinator.state.topic.replication.factor=${copies}`,
    `share.coordinator.state.topic.min.isr=${inSync}`,
    'group.initial.rebalance.delay.ms=0',
  ].join('\n')}\n`;
}

const settingsFile = ({ node, dataDir }: KafkaNodeOptions): string =>
  join(dataDir, `${node.name}.properties`);

/** Less than the embedded broker takes: three of them share one machine with all the rest. */
const HEAP_MB = 320;

/**
 * Writes a node's settings, and on a first start its data folder.
 * @param clusterId the same for all nodes; of a first start only
 */
export async function prepareKafkaNode(options: KafkaNodeOptions, clusterId: string): Promise<void> {
  const { jars, node, dataDir, signal } = options;
  await mkdir(dataDir, { recursive: true });
  await writeFile(settingsFile(options), kafkaProperties(options));
  if (existsSync(join(dataDir, node.name, 'meta.properties'))) return;
  await run(
    jars.java,
    [
      ...javaArgs(jars, HEAP_MB),
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId,
      '-c',
      settingsFile(options),
    ],
    { signal },
  );
}

export function kafkaNodeSpec(options: KafkaNodeOptions): ProcessSpec {
  const { jars, node } = options;
  return {
    name: node.name,
    label: `Kafka ${node.id}`,
    command: jars.java,
    args: [...javaArgs(jars, HEAP_MB), 'kafka.Kafka', settingsFile(options)],
    stage: 0,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 20_000,
    readyTimeoutMs: 120_000,
    check: () => checkKafka([`${HOST}:${node.port}`]),
  };
}
