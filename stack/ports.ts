import { connect, createServer } from 'node:net';
import { StackError } from './errors.ts';

/** Every port of a stack: its default, the variable that changes it, and whose it is. */
export const PORTS = {
  temporal: { default: 7233, variable: 'TEMPORAL_PORT', label: 'Temporal' },
  temporalUi: { default: 8233, variable: 'TEMPORAL_UI_PORT', label: 'the Temporal Web UI' },
  postgres: { default: 5433, variable: 'POSTGRES_PORT', label: 'PostgreSQL' },
  kafka: { default: 9092, variable: 'KAFKA_PORT', label: 'Kafka' },
  kafkaController: { default: 9093, variable: 'KAFKA_CONTROLLER_PORT', label: "Kafka's controller" },
  api: { default: 8080, variable: 'API_PORT', label: 'the API' },
  simulatorTms: { default: 9101, variable: 'SIMULATOR_TMS_PORT', label: 'the simulated TMS' },
  simulatorHardware: {
    default: 9102,
    variable: 'SIMULATOR_HARDWARE_PORT',
    label: 'the simulated Hardware-API',
  },
  orchestrator: { default: 9111, variable: 'ORCHESTRATOR_PORT', label: 'the orchestrator' },
  tms: { default: 9112, variable: 'TMS_WORKER_PORT', label: 'the TMS worker' },
  relay: { default: 9113, variable: 'RELAY_PORT', label: 'the relay' },
  consumers: { default: 9114, variable: 'CONSUMERS_PORT', label: 'the consumers' },
} as const;

export type PortName = keyof typeof PORTS;
export type Ports = Record<PortName, number>;

const HOST = '127.0.0.1';

/**
 * The ports by default and by `env`, all moved by `offset`.
 * @throws StackError that names a variable whose value is no port
 */
export function portsFrom(env: Record<string, string | undefined>, offset = 0): Ports {
  return mapPorts((name) => {
    const { default: byDefault, variable } = PORTS[name];
    const value = env[variable];
    const port = (value ? Number(value) : byDefault) + offset;
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new StackError(
        `${variable}=${value ?? byDefault} with the port offset ${offset} is not a port.`,
        {
          remedy: 'Ports go from 1 to 65535.',
        },
      );
    }
    return port;
  });
}

/** Ports that nothing listens on, different from one another. */
export async function freePorts(): Promise<Ports> {
  const taken = new Set<number>();
  const ports = new Map<string, number>();
  for (const name of Object.keys(PORTS)) {
    let port: number;
    do port = await freePort();
    while (taken.has(port));
    taken.add(port);
    ports.set(name, port);
  }
  return mapPorts((name) => ports.get(name) ?? 0);
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    // Below those from which the system gives its own: no outgoing connection takes it before we listen.
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    if (await isFree(port)) return port;
  }
}

/**
 * @throws StackError that names the first of `names` whose port is taken, whose it is, and how to change it
 */
export async function assertFree(ports: Ports, names: readonly PortName[]): Promise<void> {
  const users = new Map<number, PortName>();
  for (const name of names) {
    const port = ports[name];
    const { label, variable } = PORTS[name];
    const remedy = `Set ${variable} to a free port, or move all ports by --port-offset N (STACK_PORT_OFFSET).`;
    const other = users.get(port);
    if (other !== undefined) {
      throw new StackError(`Port ${port} is wanted twice: for ${PORTS[other].label} and ${label}.`, {
        remedy,
      });
    }
    users.set(port, name);
    if (!(await isFree(port))) throw new StackError(`Port ${port}, for ${label}, is taken.`, { remedy });
  }
}

/** Whether nothing listens on a port of the loopback interface. */
export async function isFree(port: number): Promise<boolean> {
  // Asked both ways: macOS lets us listen on a port of one address that somebody has on all addresses.
  return !(await answers(port)) && (await canListen(port));
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

function mapPorts(port: (name: PortName) => number): Ports {
  const entries = (Object.keys(PORTS) as PortName[]).map((name) => [name, port(name)] as const);
  return Object.fromEntries(entries) as Ports;
}
