/** Which processes a cluster on one machine is made of, and where each listens. */
import { StackError } from '../errors.ts';
import { isFree } from '../ports.ts';
import type { RoleName } from '../roles.ts';

export const HOST = '127.0.0.1';

/** The services that a Temporal server is made of, as it names them itself. */
export type TemporalService = 'frontend' | 'history' | 'matching' | 'worker';

/** One process of the Temporal server. */
export interface TemporalNode {
  /** Name of the process, of its log and of its folder. */
  name: string;
  service: TemporalService;
  /** What other nodes and, at a frontend, everybody calls. */
  rpcPort: number;
  /** Where the nodes tell one another who is there. */
  membershipPort: number;
  /** `/metrics` for Prometheus. */
  metricsPort: number;
}

/** One Kafka node, broker and controller in one. */
export interface KafkaNode {
  name: string;
  /** Its `node.id`, from 1. */
  id: number;
  port: number;
  controllerPort: number;
}

/** A further process of a role of ours, or its first. */
export interface RoleInstance {
  /** Name of the process; the first of a role has the role's own name. */
  name: string;
  role: RoleName;
  /** Given to the process only where it is not the first, whose name is the role's. */
  instance?: string;
}

export interface Layout {
  temporal: TemporalNode[];
  kafka: KafkaNode[];
  roles: RoleInstance[];
  postgresPort: number;
}

/** How many processes of each service. */
export type TemporalNodes = Record<TemporalService, number>;

/** A second one of the worker would only wait. */
const TEMPORAL_NODES: TemporalNodes = { frontend: 2, history: 2, matching: 2, worker: 1 };

/** The ports that Temporal's own example configurations have; each further node of a service is 10 higher. */
const RPC_PORTS: Record<TemporalService, number> = {
  frontend: 7233,
  history: 7234,
  matching: 7235,
  worker: 7239,
};
const MEMBERSHIP_BELOW_RPC = 300;
const METRICS_ABOVE_RPC = 700;
const NEXT_NODE = 10;

const BROKERS = 3;
const KAFKA_PORT = 9092;
/** A node has two ports; those of our own processes begin at 9101. */
const KAFKA_STEP = 2;

const POSTGRES_PORT = 5433;

/** Of each role of ours two processes run; the simulated TMSs and terminals stand for the world outside. */
const ROLE_PROCESSES = [
  'orchestrator',
  'tms',
  'relay',
  'consumers',
  'api',
] as const satisfies readonly RoleName[];

/**
 * The processes with their ports.
 * @param portOffset added to every port
 */
export function clusterLayout(portOffset = 0, nodes = TEMPORAL_NODES): Layout {
  const temporal = (Object.keys(nodes) as TemporalService[]).flatMap((service) =>
    Array.from({ length: nodes[service] }, (_, index): TemporalNode => {
      const rpcPort = RPC_PORTS[service] + index * NEXT_NODE + portOffset;
      return {
        name: `temporal-${service}-${index + 1}`,
        service,
        rpcPort,
        membershipPort: rpcPort - MEMBERSHIP_BELOW_RPC,
        metricsPort: rpcPort + METRICS_ABOVE_RPC,
      };
    }),
  );
  const kafka = Array.from({ length: BROKERS }, (_, index): KafkaNode => {
    const port = KAFKA_PORT + index * KAFKA_STEP + portOffset;
    return { name: `kafka-${index + 1}`, id: index + 1, port, controllerPort: port + 1 };
  });
  const roles = ROLE_PROCESSES.flatMap((role): RoleInstance[] => [
    { name: role, role },
    { name: `${role}-2`, role, instance: `${role}-2` },
  ]);
  return { temporal, kafka, roles, postgresPort: POSTGRES_PORT + portOffset };
}

/** Addresses of the frontends, which clients call. */
export function frontends({ temporal }: Layout): string[] {
  return temporal.filter(({ service }) => service === 'frontend').map(({ rpcPort }) => `${HOST}:${rpcPort}`);
}

/** Every port of the servers, with the process that has it. */
export function serverPorts({ temporal, kafka, postgresPort }: Layout): [port: number, owner: string][] {
  return [
    ...temporal.flatMap(({ name, rpcPort, membershipPort, metricsPort }): [number, string][] => [
      [rpcPort, name],
      [membershipPort, name],
      [metricsPort, name],
    ]),
    ...kafka.flatMap(({ name, port, controllerPort }): [number, string][] => [
      [port, name],
      [controllerPort, name],
    ]),
    [postgresPort, 'postgres'],
  ];
}

/** @throws StackError that names the first port that is taken, and whose it is */
export async function assertServerPortsFree(layout: Layout): Promise<void> {
  for (const [port, owner] of serverPorts(layout)) {
    if (await isFree(port)) continue;
    throw new StackError(`Port ${port}, for ${owner}, is taken.`, {
      remedy: 'Stop what runs there, or move all ports by --port-offset N (STACK_PORT_OFFSET).',
    });
  }
}
