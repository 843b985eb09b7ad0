/** A whole installation as on several machines, on one: every server and every role several times. */
import { join, resolve } from 'node:path';
import { openDataDir } from '../data-dir.ts';
import type { ManagedProcess } from '../managed-process.ts';
import { silentProgress, terminalProgress } from '../progress.ts';
import type { SimulatorOptions } from '../roles.ts';
import { type Stack, startStack } from '../stack.ts';
import { Supervisor } from '../supervisor.ts';
import { assertServerPortsFree, clusterLayout, frontends, HOST, type Layout } from './layout.ts';
import { startServers } from './servers.ts';

export interface ClusterOptions {
  /** Where data and logs are kept: the servers' in `servers/`, ours in `platform/`. */
  dataDir: string;
  /** Deletes what an earlier cluster has left there. */
  fresh?: boolean;
  /** Added to every port; default 0. */
  portOffset?: number;
  /** How the simulated TMSs behave, by default as in `examples/simulator.json`. */
  simulator?: SimulatorOptions;
  /** Tells nothing on stderr. */
  quiet?: boolean;
  /** Aborting it gives up the start; everything that was started is stopped. */
  signal?: AbortSignal;
}

export interface Cluster {
  layout: Layout;
  /** Our own part; its `env` is that of the first process of each role. */
  stack: Stack;
  /** Addresses of the API's processes. */
  apis: string[];
  /** Any process, by the names of the layout. */
  process(name: string): ManagedProcess;
  /** Stops everything: first what is ours, then the servers. */
  stop(): Promise<void>;
}

const NAMESPACE = 'default';

/**
 * Starts everything and waits until all of it is ready.
 * @throws StackError as `startStack` does; nothing is left running then
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const layout = clusterLayout(options.portOffset);
  await assertServerPortsFree(layout);
  const progress = options.quiet ? silentProgress : terminalProgress();
  const root = resolve(options.dataDir);
  const dataDir = await openDataDir(join(root, 'servers'), options.fresh);
  const supervisor = new Supervisor(dataDir, progress);
  const stopServers = async (): Promise<void> => {
    await supervisor.stop();
    dataDir.release();
  };
  const { signal } = options;
  const giveUp = (): void => void supervisor.stop();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    const { database, brokers } = await startServers({
      layout,
      supervisor,
      progress,
      dataDir: dataDir.path,
      namespace: NAMESPACE,
      signal,
    });
    // From now on what is ours has to stop first.
    signal?.removeEventListener('abort', giveUp);
    signal?.throwIfAborted();
    const stack = await startPlatform(options, layout, join(root, 'platform'), { database, brokers });
    const ours = new Set([...layout.roles.map(({ name }) => name), 'simulator']);
    return {
      layout,
      stack,
      apis: layout.roles
        .filter(({ role }) => role === 'api')
        .map(({ name }) => `http://${HOST}:${stack.process(name).spec.env?.API_PORT}`),
      process: (name) => (ours.has(name) ? stack.process(name) : supervisor.get(name)),
      async stop() {
        await stack.stop();
        await stopServers();
      },
    };
  } catch (error) {
    await stopServers();
    throw error;
  }
}

async function startPlatform(
  options: ClusterOptions,
  layout: Layout,
  dataDir: string,
  { database, brokers }: { database: string; brokers: string },
): Promise<Stack> {
  const addresses = frontends(layout);
  const stack = await startStack({
    dataDir,
    fresh: options.fresh,
    portOffset: options.portOffset,
    simulator: options.simulator,
    quiet: options.quiet,
    signal: options.signal,
    roles: ['simulator'],
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: addresses[0],
      TEMPORAL_NAMESPACE: NAMESPACE,
      DATABASE_URL: database,
      KAFKA_BROKERS: brokers,
    },
  });
  try {
    await Promise.all(
      layout.roles.map(({ role, instance }) =>
        stack.startRole(role, roleEnv(addresses, instance !== undefined, layout), instance),
      ),
    );
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/**
 * The second process of each role calls the second frontend: what a load balancer does before several of them. A
 * client has one address, and waits for it when it is away.
 */
function roleEnv(addresses: readonly string[], second: boolean, { kafka }: Layout): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: addresses[second ? 1 : 0] ?? '',
    KAFKA_REPLICATION_FACTOR: String(kafka.length),
    // Twenty processes would otherwise fill the disk with what each request does.
    LOG_LEVEL: 'warn',
  };
}
