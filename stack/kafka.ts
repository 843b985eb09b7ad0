import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import kafkajs from 'kafkajs';
import { cached } from './cache.ts';
import { downloadArchive } from './download.ts';
import { StackError } from './errors.ts';
import { firstOf, type FetchContext } from './fetching.ts';
import { copyJars, findJava } from './java.ts';
import type { ProcessSpec } from './managed-process.ts';
import { onPath, run } from './tools.ts';
import { isAtLeast, OLDEST_ACCEPTED, VERSIONS } from './versions.ts';

export interface KafkaJars {
  java: string;
  /** The folder of the jars. */
  lib: string;
  version: string;
}

/** Kafka's jars: of an installation on PATH, else its download, else from Maven. */
export async function findKafka(context: FetchContext): Promise<KafkaJars> {
  const java = await findJava('Kafka');
  const version = VERSIONS.kafka;
  return firstOf(
    'Kafka',
    'Install Maven (Debian: apt install maven) or Kafka, or set KAFKA_BROKERS to brokers that run.',
    [
      { name: 'PATH', get: async () => installed(java) },
      {
        name: `version ${version}`,
        get: async () => {
          const dir = await cached(`kafka-${version}`, async (target) => {
            context.task.update(`Downloading Kafka ${version}, first time only`);
            const failure = await download(target, context).catch((error: Error) => error);
            context.signal?.throwIfAborted();
            if (failure) await resolve(target, context, failure);
          });
          return { java, lib: join(dir, 'libs'), version };
        },
      },
    ],
    context.signal,
  );
}

async function installed(java: string): Promise<KafkaJars | null> {
  const script = (await onPath('kafka-server-start.sh')) ?? (await onPath('kafka-server-start'));
  if (script === null) return null;
  const home = dirname(dirname(await realpath(script)));
  for (const lib of [join(home, 'libs'), join(home, 'libexec', 'libs')]) {
    const jar = existsSync(lib)
      ? (await readdir(lib)).find((name) => /^kafka_2\.\d+-[\d.]+\.jar$/.test(name))
      : undefined;
    const version = jar?.slice(jar.indexOf('-') + 1, -'.jar'.length);
    if (!version) continue;
    if (isAtLeast(version, OLDEST_ACCEPTED.kafka)) return { java, lib, version };
    throw new Error(`${script} is ${version}, older than ${OLDEST_ACCEPTED.kafka}`);
  }
  return null;
}

async function download(dir: string, { signal }: FetchContext): Promise<void> {
  const url = `https://archive.apache.org/dist/kafka/${VERSIONS.kafka}/kafka_${VERSIONS.kafkaScala}-${VERSIONS.kafka}.tgz`;
  await downloadArchive({ url, checksums: { url: `${url}.sha512`, algorithm: 'sha512' } }, dir, {
    strip: 1,
    signal,
  });
}

async function resolve(dir: string, context: FetchContext, downloadFailure: Error): Promise<void> {
  context.task.update(`Fetching Kafka ${VERSIONS.kafka} by Maven, first time only`);
  const lib = join(dir, 'libs');
  await mkdir(lib);
  const found = await copyJars(
    [
      `org.apache.kafka:kafka_${VERSIONS.kafkaScala}:${VERSIONS.kafka}`,
      `org.slf4j:slf4j-simple:${VERSIONS.slf4jOfKafka}`,
    ],
    lib,
    context,
  );
  if (!found) throw new StackError(`${downloadFailure.message}; mvn is not on PATH`);
}

export interface KafkaOptions {
  jars: KafkaJars;
  port: number;
  controllerPort: number;
  /** The stack's data folder. */
  dataDir: string;
  signal?: AbortSignal;
}

/** One node that is broker and controller; its few topics are ours, and are made by us. */
function properties({ port, controllerPort, dataDir }: KafkaOptions): string {
  return `${[
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names=CONTROLLER',
    `log.dirs=${join(dataDir, 'kafka')}`,
    'auto.create.topics.enable=false',
    'offsets.topic.replication.factor=1',
    // Each partition is a folder of files that is made before the first consumer may go on.
    'offsets.topic.num.partitions=8',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=4',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    // A consumer that is alone in its group need not wait for others.
    'group.initial.rebalance.delay.ms=0',
  ].join('\n')}\n`;
}

const settingsFile = ({ dataDir }: KafkaOptions): string => join(dataDir, 'kafka.properties');

const HEAP_MB = 512;

/** What Java is started with for a node, or a tool, of Kafka, before its class. @param heapMb at most */
export function javaArgs(jars: KafkaJars, heapMb: number): string[] {
  return [
    '-Xms128m',
    `-Xmx${heapMb}m`,
    '-Djava.net.preferIPv4Stack=true',
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    '-cp',
    join(jars.lib, '*'),
  ];
}

/** A cluster id as Kafka makes them. One that begins with a hyphen is taken for an option by its own tool. */
export function randomClusterId(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8(bytes.readUInt8() & 0x7f);
  return bytes.toString('base64url');
}

/** Writes the settings, and on a first start the data folder. */
export async function prepareKafka(options: KafkaOptions): Promise<void> {
  await writeFile(settingsFile(options), properties(options));
  if (existsSync(join(options.dataDir, 'kafka', 'meta.properties'))) return;
  await run(
    options.jars.java,
    [
      ...javaArgs(options.jars, HEAP_MB),
      'kafka.tools.StorageTool',
      'format',
      '-t',
      randomClusterId(),
      '-c',
      settingsFile(options),
    ],
    { signal: options.signal },
  );
}

export function kafkaSpec(options: KafkaOptions): ProcessSpec {
  return {
    name: 'kafka',
    label: 'Kafka',
    command: options.jars.java,
    args: [...javaArgs(options.jars, HEAP_MB), 'kafka.Kafka', settingsFile(options)],
    stage: 0,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 20_000,
    readyTimeoutMs: 90_000,
    check: () => checkKafka([`127.0.0.1:${options.port}`]),
  };
}

/** Resolves when the brokers answer and one of them is the controller. */
export async function checkKafka(brokers: string[]): Promise<void> {
  const kafka = new kafkajs.Kafka({
    clientId: 'stack',
    brokers,
    connectionTimeout: 1_000,
    requestTimeout: 3_000,
    retry: { retries: 0 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { brokers: known, controller } = await admin.describeCluster();
    if (known.length === 0 || controller === null) throw new Error('the cluster has no controller yet');
  } finally {
    await admin.disconnect();
  }
}
