/** What the measurements of the relay and of the consumers share. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { Config } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import { createKafka } from '../events/kafka.ts';
import { ensureTopics, TOPIC_NAMES, topicName } from '../events/topics.ts';

export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** @throws Error for what is no whole number above 0 */
export function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number <= 0) throw new Error(`"${text}" is no whole number above 0.`);
  return number;
}

/** The value below which `share` of all lie; sorts them. */
export function percentile(values: number[], share: number): number {
  values.sort((a, b) => a - b);
  return values[Math.ceil(values.length * share) - 1] ?? 0;
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
