/**
 * The real parts for tests. Each test file gets its own database, topics and Temporal namespace on servers that
 * all files share, so that files run side by side; a server is started when the first file wants it.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { Client } from 'pg';
import { inject } from 'vitest';
import { type Config, loadConfig } from '../../config.ts';
import { ensureSearchAttributes } from '../../stack/search-attributes.ts';
import { startStack, type Stack } from '../../stack/stack.ts';
import type { SimulatorOptions } from '../../stack/roles.ts';
import { TEMPLATE_DATABASE } from './global-setup.ts';

/** The time limit of a `beforeAll` that starts parts, in ms: the first one on a slow machine waits for Kafka. */
export const START_TIMEOUT_MS = 180_000;

export interface TestDatabase {
  /** A database with the newest schema that nobody else uses. */
  url: string;
  drop(): Promise<void>;
}

/** A new database, copied from one that was migrated. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = await part('postgres');
  const name = `test_${unique()}`;
  await query(server, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => query(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** A database server's address without any schema of ours; for tests of the migrations themselves. */
export async function postgresServer(): Promise<string> {
  return part('postgres');
}

/** The broker, and a prefix by which this file's topics are its own. */
export async function createTestTopics(): Promise<Config['kafka']> {
  return { brokers: [await part('kafka')], topicPrefix: `test-${unique()}.`, replicationFactor: 1 };
}

export interface TestNamespace {
  address: string;
  namespace: string;
}

/** A new Temporal namespace with our search attributes. */
export async function createTestNamespace(): Promise<TestNamespace> {
  const address = await part('temporal');
  const namespace = `test-${unique()}`;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    // The server's own cache of namespaces knows it a few seconds later.
    for (;;) {
      const known = await connection.workflowService
        .countWorkflowExecutions({ namespace, query: '' })
        .then(() => true)
        .catch(() => false);
      if (known) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await connection.close();
  }
  await ensureSearchAttributes(address, namespace);
  return { address, namespace };
}

export interface TestStackOptions {
  /** How the simulated TMSs behave when `startRole('simulator')` is called; absent where it never is. */
  simulator?: SimulatorOptions;
  /** Settings of all roles, by the names of `config.ts`. */
  env?: Record<string, string>;
}

export interface TestStack extends Stack {
  /** What the roles of this stack are configured with. */
  config: Config;
  databaseUrl: string;
  /** Stops the roles and drops the database. */
  stop(): Promise<void>;
}

/**
 * A database, topics and a namespace of this file's own, against which roles run as processes of their own on
 * free ports. No role is started: call `startRole` for each one that the test needs.
 */
export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const [database, kafka, temporal] = await Promise.all([
    createTestDatabase(),
    createTestTopics(),
    createTestNamespace(),
  ]);
  const folder = await mkdtemp(join(tmpdir(), 'tpe-test-roles-'));
  const stack = await startStack({
    dataDir: folder,
    ports: 'free',
    roles: [],
    quiet: true,
    simulator: options.simulator ?? false,
    env: {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      DATABASE_URL: database.url,
      KAFKA_BROKERS: kafka.brokers.join(','),
    },
  });
  // Shared with `startRole`, which reads it.
  Object.assign(stack.env, { KAFKA_TOPIC_PREFIX: kafka.topicPrefix, LOG_LEVEL: 'info' }, options.env);
  return {
    ...stack,
    config: loadConfig(stack.env),
    databaseUrl: database.url,
    async stop() {
      await stack.stop();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function part(name: 'temporal' | 'postgres' | 'kafka'): Promise<string> {
  const response = await fetch(`${inject('partsUrl')}/${name}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

async function query(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Lower-case letters and digits: fit for the name of a database, a topic and a namespace. */
function unique(): string {
  return randomBytes(6).toString('hex');
}
