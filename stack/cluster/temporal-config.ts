/** What each process of the Temporal server is told: its own ports, and what all of them share. */
import { TEMPORAL_SETTINGS_FILE } from '../temporal-settings.ts';
import { HOST, type TemporalNode, type TemporalService } from './layout.ts';

/** Fixed when the cluster is made: a running one can't be given another number. */
const HISTORY_SHARDS = 512;

/** The databases of the Temporal server, beside the one of the platform. */
export const TEMPORAL_DATABASES = { store: 'temporal', visibility: 'temporal_visibility' } as const;

/** Connections of one process to the store; history shards are what writes. */
const STORE_CONNECTIONS: Record<TemporalService, number> = {
  frontend: 5,
  history: 30,
  matching: 15,
  worker: 5,
};
const VISIBILITY_CONNECTIONS = 5;

export interface TemporalConfigOptions {
  node: TemporalNode;
  /** All nodes of the cluster. */
  nodes: readonly TemporalNode[];
  /** The PostgreSQL server, as `postgres://USER:PASSWORD@HOST:PORT`; its databases are named here. */
  postgresUrl: string;
}

/** The configuration of one process, as the server reads it from a YAML file; JSON is YAML. */
export function temporalConfig(options: TemporalConfigOptions): object {
  const { node, nodes, postgresUrl } = options;
  const { username: user, password, host: connectAddr } = new URL(postgresUrl);
  const database = (databaseName: string, connections: number): object => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr,
      connectProtocol: 'tcp',
      user: decodeURIComponent(user),
      password: decodeURIComponent(password),
      maxConns: connections,
      maxIdleConns: connections,
      maxConnLifetime: '1h',
    },
  });
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'store',
      visibilityStore: 'visibility',
      numHistoryShards: HISTORY_SHARDS,
      datastores: {
        store: database(TEMPORAL_DATABASES.store, STORE_CONNECTIONS[node.service]),
        visibility: database(TEMPORAL_DATABASES.visibility, VISIBILITY_CONNECTIONS),
      },
    },
    global: {
      // Nodes find one another by the table `cluster_membership`, in which each writes this address and its port.
      membership: { maxJoinDuration: '30s', broadcastAddress: HOST },
      metrics: { prometheus: { framework: 'tally', listenAddress: `${HOST}:${node.metricsPort}` } },
    },
    services: services(node, nodes),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `${HOST}:${first('frontend', nodes).rpcPort}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: TEMPORAL_SETTINGS_FILE, pollInterval: '60s' },
  };
}

/**
 * Every service has to be named, or its ring is not followed. The ports of those that don't run here are not used:
 * each node tells its own to the ring.
 */
function services(own: TemporalNode, nodes: readonly TemporalNode[]): Record<string, object> {
  const names = [...new Set(nodes.map(({ service }) => service))];
  return Object.fromEntries(
    names.map((service) => {
      const { rpcPort, membershipPort } = service === own.service ? own : first(service, nodes);
      return [service, { rpc: { grpcPort: rpcPort, membershipPort, bindOnLocalHost: true } }];
    }),
  );
}

function first(service: TemporalService, nodes: readonly TemporalNode[]): TemporalNode {
  const found = nodes.find((node) => node.service === service);
  if (!found) throw new Error(`There is no node of the service ${service}.`);
  return found;
}
