/** Starts what a cluster keeps its state in: PostgreSQL, three Kafka nodes, and the services of Temporal. */
import { fetching } from '../infrastructure.ts';
import { findKafka, randomClusterId } from '../kafka.ts';
import { findPostgres, postgresSpec, postgresUrl, preparePostgres } from '../postgres.ts';
import { postgresUser } from '../postgres-user.ts';
import type { Progress } from '../progress.ts';
import { ensureSearchAttributes } from '../search-attributes.ts';
import type { Supervisor } from '../supervisor.ts';
import { kafkaNodeSpec, prepareKafkaNode } from './kafka.ts';
import { frontends, HOST, type Layout, type TemporalNode } from './layout.ts';
import { ensureNamespace } from './namespace.ts';
import { findTemporalServer, prepareTemporalDatabases, temporalNodeSpec } from './temporal-server.ts';

export interface ServersContext {
  layout: Layout;
  supervisor: Supervisor;
  progress: Progress;
  /** Where the servers keep their data. */
  dataDir: string;
  /** The namespace that is made. */
  namespace: string;
  signal?: AbortSignal;
}

/** Where the servers are. */
export interface ServerAddresses {
  /** Of the database of the platform, which is not made here. */
  database: string;
  brokers: string;
}

/** All processes of the Temporal server and of ours have sessions of their own; the embedded stack needs 200. */
const MAX_CONNECTIONS = 500;

/**
 * Starts all servers and makes the namespace with its search attributes.
 * @throws StackError when one can't be had or does not start; what was started is the supervisor's to stop
 */
export async function startServers(context: ServersContext): Promise<ServerAddresses> {
  const [database, brokers] = await Promise.all([startTemporal(context), startKafkaNodes(context)]);
  return { database, brokers };
}

/**
 * Starts PostgreSQL, and Temporal on it, in a process per node of the layout.
 * @returns where the platform's database is to be made
 */
export async function startTemporal(context: ServersContext): Promise<string> {
  const { layout, supervisor, dataDir, namespace, signal } = context;
  const temporal = await fetching(context, 'Looking for the Temporal server in services', findTemporalServer);
  const binaries = await fetching(context, 'Looking for PostgreSQL', findPostgres);
  const port = layout.postgresPort;
  const options = { binaries, user: await postgresUser(), port, dataDir, signal };
  await preparePostgres(options);
  const spec = postgresSpec(options);
  await supervisor.start(
    // Of a setting that is given twice PostgreSQL takes the last.
    { ...spec, args: [...spec.args, '-c', `max_connections=${MAX_CONNECTIONS}`] },
    `PostgreSQL ${binaries.version} on ${HOST}:${port}`,
  );
  await prepareTemporalDatabases(temporal, postgresUrl(port, 'postgres'), signal);
  const nodes = layout.temporal;
  const startNode = async (node: TemporalNode): Promise<void> => {
    const nodeOptions = { binaries: temporal, node, nodes, postgresUrl: postgresUrl(port, ''), dataDir };
    const done = `Temporal's ${node.name.slice('temporal-'.length)} on ${HOST}:${node.rpcPort}`;
    await supervisor.start(await temporalNodeSpec(nodeOptions), done);
  };
  const ofWorkers = (node: TemporalNode): boolean => node.service === 'worker';
  // The first writes the description of the cluster into the database; of two that do so at once one would end.
  const [first, ...others] = nodes.filter((node) => !ofWorkers(node));
  if (first) await startNode(first);
  await Promise.all(others.map(startNode));
  // Only now: one that finds no history gives up.
  await Promise.all(nodes.filter(ofWorkers).map(startNode));
  for (const address of frontends(layout)) await ensureNamespace(address, namespace, signal);
  await ensureSearchAttributes(frontends(layout)[0] ?? '', namespace);
  return postgresUrl(port, 'tpe');
}

async function startKafkaNodes(context: ServersContext): Promise<string> {
  const { layout, supervisor, dataDir, signal } = context;
  const jars = await fetching(context, 'Looking for Kafka', findKafka);
  const nodes = layout.kafka;
  const clusterId = randomClusterId();
  await Promise.all(nodes.map((node) => prepareKafkaNode({ jars, node, nodes, dataDir, signal }, clusterId)));
  // None is ready before two of them run: the controller is elected by a majority.
  await Promise.all(
    nodes.map((node) =>
      supervisor.start(
        kafkaNodeSpec({ jars, node, nodes, dataDir }),
        `Kafka ${node.id} on ${HOST}:${node.port}`,
      ),
    ),
  );
  return nodes.map(({ port }) => `${HOST}:${port}`).join(',');
}
