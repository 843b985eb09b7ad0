/** What the measurements of the relay and of the consumers share. */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import type { Config } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import { createPool, type Pool } from '../db/pool.ts';
import { createKafka } from '../events/kafka.ts';
import { nodeArgs } from '../stack/roles.ts';
import { ensureTopics, TOPIC_NAMES, type TopicName, topicName } from '../events/topics.ts';

export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** @throws Error for what is no whole number above 0 */
export function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number <= 0) throw new Error(`"${text}" is no whole number above 0.`);
  return number;
}

/** `--events` that go through at once, then `--rate` per second for so many `--seconds`. */
export function readOptions(args: string[]): { events: number; rate: number; seconds: number } {
  const { values } = parseArgs({
    args,
    options: {
      events: { type: 'string', default: '50000' },
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '15' },
    },
  });
  return { events: positive(values.events), rate: positive(values.rate), seconds: positive(values.seconds) };
}

/** The value below which `share` of all lie; sorts them. */
export function percentile(values: number[], share: number): number {
  values.sort((a, b) => a - b);
  return values[Math.ceil(values.length * share) - 1] ?? 0;
}

/** Where a measurement works. */
export interface Bench {
  config: Config;
  db: Pool;
  /** Name of the topic that it is about. */
  topic: string;
}

/** Gives `work` a database and topics of its own on the configured servers, and throws them away after it. */
export async function withBench<T>(
  configured: Config,
  topic: TopicName,
  work: (bench: Bench) => Promise<T>,
): Promise<T> {
  const { config, discard } = await prepareBench(configured);
  const db = createPool(config.database, 'bench');
  try {
    return await work({ config, db, topic: topicName(config, topic) });
  } finally {
    await db.end();
    await discard();
  }
}

/** A database and topics of their own on the configured servers; `discard` throws them away. */
export async function prepareBench(
  configured: Config,
): Promise<{ config: Config; discard: () => Promise<void> }> {
  const name = `bench_${randomUUID().slice(0, 8)}`;
  const server = configured.database.url;
  await execute(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  await migrate(url.href);
  const config = {
    ...configured,
    database: { ...configured.database, url: url.href },
    kafka: { ...configured.kafka, topicPrefix: `${name}.` },
  };
  await ensureTopics(config);
  return {
    config,
    async discard() {
      await execute(server, `DROP DATABASE ${name} WITH (FORCE)`);
      const admin = createKafka(config.kafka, 'bench').admin();
      await admin.connect();
      await admin.deleteTopics({ topics: TOPIC_NAMES.map((topic) => topicName(config, topic)) });
      await admin.disconnect();
    },
  };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}

/** What went through a worker, against the same without it. */
export function comparedWith(
  baseline: number,
  eventsPerSecond: number,
): Record<'eventsPerSecond' | 'baselineEventsPerSecond' | 'ratio', number> {
  return {
    eventsPerSecond: Math.round(eventsPerSecond),
    baselineEventsPerSecond: Math.round(baseline),
    ratio: Number((eventsPerSecond / baseline).toFixed(2)),
  };
}

/** A worker process that is measured. */
export interface MeasuredWorker {
  /** The sum of a counter over all its labels, of those lines that `matching` fits. */
  count(metric: string, matching: string): Promise<number>;
  /** Resident memory, in MB. */
  memoryMb(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a role against the servers of `config`, as the stack would, and waits until it runs. */
export async function startMeasured(
  role: 'relay' | 'consumers',
  config: Config,
  env: Record<string, string> = {},
): Promise<MeasuredWorker> {
  const child = fork(fileURLToPath(new URL(`../workers/${role}.ts`, import.meta.url)), {
    silent: true,
    execArgv: nodeArgs(role),
    env: {
      ...process.env,
      DATABASE_URL: config.database.url,
      KAFKA_BROKERS: config.kafka.brokers.join(),
      KAFKA_TOPIC_PREFIX: config.kafka.topicPrefix,
      TEMPORAL_ADDRESS: config.temporal.address,
      WORKER_PORT: '0',
      LOG_LEVEL: 'info',
      ...env,
    },
  });
  child.stderr?.pipe(process.stderr);
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`The worker ${role} has ended before it ran.`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const logged = JSON.parse(line) as { url?: string; level: string; msg: string };
      if (logged.url) resolve(logged.url);
      if (logged.level !== 'info') progress(`  ${role}: ${logged.level}: ${logged.msg}`);
    });
  });
  const read = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
  return {
    async count(metric, matching) {
      const lines = (await read()).split('\n').filter((line) => line.startsWith(`${metric}{`));
      return lines
        .filter((line) => line.includes(matching))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
    async memoryMb() {
      return Math.round(
        Number(/^process_resident_memory_bytes (.+)$/m.exec(await read())?.[1] ?? 0) / 1024 / 1024,
      );
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Resident memory in MB while work goes through a worker: early, half way and at the end. */
export interface MemoryCourse {
  begin: number;
  middle: number;
  end: number;
}

/**
 * Waits until so many events have gone through a worker; the clock runs from its first to its last batch.
 * @param done how many have by now
 * @throws Error where that was too short to tell
 */
export async function throughput(
  worker: MeasuredWorker,
  events: number,
  done: () => Promise<number>,
): Promise<{ eventsPerSecond: number; memoryMb: MemoryCourse }> {
  let first: { at: number; count: number } | undefined;
  const memoryMb: MemoryCourse = { begin: 0, middle: 0, end: 0 };
  for (;;) {
    const count = await done();
    const at = performance.now();
    if (count > 0) first ??= { at, count };
    const now = await worker.memoryMb();
    if (count < events / 5) memoryMb.begin = now;
    if (count < events / 2) memoryMb.middle = now;
    memoryMb.end = now;
    if (first && count >= events) {
      const eventsPerSecond = ((count - first.count) / (at - first.at)) * 1_000;
      if (!Number.isFinite(eventsPerSecond))
        throw new Error('Too few events to measure: give a larger --events.');
      return { eventsPerSecond, memoryMb };
    }
    await sleep(100);
  }
}
