import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StackError } from './errors.ts';
import type { FetchContext } from './fetching.ts';
import { checkKafka, findKafka, kafkaSpec, prepareKafka } from './kafka.ts';
import type { Ports } from './ports.ts';
import { findPostgres, postgresSpec, postgresUrl, preparePostgres } from './postgres.ts';
import { postgresUser } from './postgres-user.ts';
import type { Progress } from './progress.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import type { Supervisor } from './supervisor.ts';
import { checkTemporal, findTemporal, temporalSpec } from './temporal.ts';

/** What starting a part is given. */
export interface InfrastructureContext {
  supervisor: Supervisor;
  progress: Progress;
  ports: Ports;
  dataDir: string;
  signal?: AbortSignal;
  /** Keeps Temporal's data in memory: faster, and gone at the end. */
  temporalInMemory?: boolean;
  /** False lets PostgreSQL answer before its data is on the disk. */
  postgresDurable?: boolean;
}

/** Starts Temporal and gives its address. */
export async function startTemporal(context: InfrastructureContext): Promise<string> {
  const { ports, supervisor, dataDir } = context;
  const command = await fetching(context, 'Looking for Temporal', findTemporal);
  const address = `127.0.0.1:${ports.temporal}`;
  const file = context.temporalInMemory ? null : join(dataDir, 'temporal.db');
  await mkdir(dataDir, { recursive: true });
  await supervisor.start(
    temporalSpec({ command, port: ports.temporal, uiPort: ports.temporalUi, file }),
    `Temporal on ${address}, its Web UI on http://127.0.0.1:${ports.temporalUi}`,
  );
  return address;
}

/** Starts PostgreSQL and gives the address of its database `postgres`. */
export async function startPostgres(context: InfrastructureContext): Promise<string> {
  const { ports, supervisor, dataDir, signal } = context;
  const binaries = await fetching(context, 'Looking for PostgreSQL', findPostgres);
  const options = {
    binaries,
    user: await postgresUser(),
    port: ports.postgres,
    dataDir,
    durable: context.postgresDurable,
    signal,
  };
  await preparePostgres(options);
  await supervisor.start(
    postgresSpec(options),
    `PostgreSQL ${binaries.version} on 127.0.0.1:${ports.postgres}`,
  );
  return postgresUrl(ports.postgres, 'postgres');
}

/** Starts Kafka and gives its broker's address. */
export async function startKafka(context: InfrastructureContext): Promise<string> {
  const { ports, supervisor, dataDir, signal } = context;
  const jars = await fetching(context, 'Looking for Kafka', findKafka);
  const options = { jars, port: ports.kafka, controllerPort: ports.kafkaController, dataDir, signal };
  await prepareKafka(options);
  const address = `127.0.0.1:${ports.kafka}`;
  await supervisor.start(kafkaSpec(options), `Kafka ${jars.version} on ${address}`);
  return address;
}

/** Gets all parts into the cache without starting any. */
export async function fetchInfrastructure(progress: Progress, signal?: AbortSignal): Promise<void> {
  await Promise.all([
    fetching({ progress, signal }, 'Looking for Temporal', findTemporal),
    fetching({ progress, signal }, 'Looking for PostgreSQL', findPostgres),
    fetching({ progress, signal }, 'Looking for Kafka', findKafka),
  ]);
}

/** Finds a part; only what takes long is told of. */
export async function fetching<T>(
  { progress, signal }: Pick<InfrastructureContext, 'progress' | 'signal'>,
  text: string,
  find: (context: FetchContext) => Promise<T>,
): Promise<T> {
  let task: ReturnType<Progress['task']> | undefined;
  let last = text;
  try {
    const found = await find({
      signal,
      task: {
        update(next) {
          last = next;
          if (task) task.update(next);
          else task = progress.task(next);
        },
      },
    });
    task?.done(last);
    return found;
  } catch (error) {
    task?.drop();
    throw error;
  }
}

/** Makes sure that a server of the person's own answers and has what we need. */
export async function checkOwnTemporal(address: string, namespace: string): Promise<void> {
  await reach('Temporal', 'TEMPORAL_ADDRESS', address, checkTemporal(address, namespace));
  await ensureSearchAttributes(address, namespace);
}

/** Makes sure that brokers of the person's own answer. */
export async function checkOwnKafka(brokers: string): Promise<void> {
  await reach('Kafka', 'KAFKA_BROKERS', brokers, checkKafka(brokers.split(',')));
}

async function reach(part: string, variable: string, address: string, check: Promise<void>): Promise<void> {
  try {
    await check;
  } catch (error) {
    throw new StackError(`${part} does not answer at ${address}: ${(error as Error).message}`, {
      remedy: `Start it, correct ${variable}, or unset ${variable} to have the stack start its own.`,
      cause: error,
    });
  }
}
