import { join, resolve } from 'node:path';
import { migrate } from '../db/migrate.ts';
import { openDataDir } from './data-dir.ts';
import { StackError } from './errors.ts';
import {
  checkOwnKafka,
  checkOwnTemporal,
  type InfrastructureContext,
  startKafka,
  startPostgres,
  startTemporal,
} from './infrastructure.ts';
import type { ManagedProcess } from './managed-process.ts';
import { assertFree, freePort, freePorts, type PortName, type Ports, portsFrom } from './ports.ts';
import { ensureDatabase } from './postgres.ts';
import { silentProgress, terminalProgress } from './progress.ts';
import {
  exampleSimulator,
  exampleTmsConfig,
  type RoleName,
  ROLES,
  roleSpec,
  type SimulatorOptions,
} from './roles.ts';
import { Supervisor } from './supervisor.ts';

export interface StackOptions {
  /** Where data and logs are kept; made if need be, used by one stack at a time. */
  dataDir: string;
  /** Deletes what an earlier stack has left in the data folder. */
  fresh?: boolean;
  /** Added to every port; default 0. */
  portOffset?: number;
  /** Ports that differ from those by environment; `free` takes any that are free. */
  ports?: Partial<Ports> | 'free';
  /** How the simulated TMSs behave, by default as in `examples/simulator.json`; false starts none. */
  simulator?: SimulatorOptions | false;
  /** The roles to start, by default all. Others can be started later. */
  roles?: readonly RoleName[];
  /** Tells nothing on stderr. */
  quiet?: boolean;
  /**
   * The environment, by default this process's own: ports, and the addresses of parts that run elsewhere
   * (`TEMPORAL_ADDRESS`, `DATABASE_URL`, `KAFKA_BROKERS`, `TMS_CONFIG`), which are then not started here.
   */
  env?: Record<string, string | undefined>;
  /** Keeps Temporal's data in memory: faster, and gone at the end. */
  temporalInMemory?: boolean;
  /** False lets PostgreSQL answer before its data is on the disk: for measuring only. */
  postgresDurable?: boolean;
  /** Aborting it gives up the start; everything that was started is stopped. */
  signal?: AbortSignal;
}

export interface Stack {
  dataDir: string;
  ports: Ports;
  /** The configuration of this stack's processes, by the names of `config.ts`. */
  env: Record<string, string>;
  /**
   * Starts a role, with settings that differ from `env`, and waits until it is ready.
   * @param instance name of a further process of a role that was started before; it gets any free port
   */
  startRole(name: RoleName, env?: Record<string, string>, instance?: string): Promise<ManagedProcess>;
  /** A process of the stack: a role, `temporal`, `postgres` or `kafka`. */
  process(name: string): ManagedProcess;
  /** Stops everything in the reverse order of the start. */
  stop(): Promise<void>;
}

/** Which ports each part takes when the stack starts it. */
const PORTS_OF: Record<'temporal' | 'postgres' | 'kafka' | RoleName, PortName[]> = {
  temporal: ['temporal', 'temporalUi'],
  postgres: ['postgres'],
  kafka: ['kafka', 'kafkaController'],
  simulator: ['simulatorTms', 'simulatorHardware'],
  orchestrator: ['orchestrator'],
  tms: ['tms'],
  relay: ['relay'],
  consumers: ['consumers'],
  api: ['api'],
};

/**
 * Starts Temporal, PostgreSQL and Kafka, brings the database to the newest schema, and starts the application's
 * processes. All of them are started again when they end, and stopped when this process ends, however it ends.
 * @throws StackError that says what is wrong and what to do: a taken port, a data folder in use, a missing tool,
 * a part that does not start. Nothing is left running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const outside = options.env ?? process.env;
  const roles = options.roles ?? ROLES.filter((role) => role !== 'simulator' || options.simulator !== false);
  const ports = await portsOf(options, outside);
  const progress = options.quiet ? silentProgress : terminalProgress();
  const dataDir = await openDataDir(resolve(options.dataDir), options.fresh);
  const supervisor = new Supervisor(dataDir, progress);
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    dataDir.release();
  };
  // The first failure ends what the others are at: a build may take minutes.
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
  signal.addEventListener('abort', () => void supervisor.stop(), { once: true });
  const together = async <T>(starting: readonly Promise<T>[]): Promise<T[]> => {
    for (const each of starting) each.catch((error: unknown) => failed.abort(error));
    await Promise.allSettled(starting);
    signal.throwIfAborted();
    return Promise.all(starting);
  };
  try {
    const own = (['temporal', 'postgres', 'kafka'] as const).filter((part) => !outside[VARIABLES[part]]);
    await assertFree(
      ports,
      [...own, ...roles].flatMap((part) => PORTS_OF[part]),
    );
    const context = { ...options, signal, dataDir: dataDir.path, supervisor, progress, ports };
    const [temporal = '', database = '', kafka = ''] = await together(startParts(context, outside));
    const env = {
      TEMPORAL_ADDRESS: temporal,
      TEMPORAL_NAMESPACE: namespaceOf(outside),
      TEMPORAL_UI_URL: outside.TEMPORAL_UI_URL || `http://127.0.0.1:${ports.temporalUi}`,
      DATABASE_URL: database,
      KAFKA_BROKERS: kafka,
      TMS_CONFIG: outside.TMS_CONFIG || exampleTmsConfig(ports.simulatorTms),
      HARDWARE_API_URL: outside.HARDWARE_API_URL || `http://127.0.0.1:${ports.simulatorHardware}`,
      API_PORT: String(ports.api),
      AUDIT_ARCHIVE_DIR: outside.AUDIT_ARCHIVE_DIR || join(dataDir.path, 'archive'),
    };
    const simulator = options.simulator ?? exampleSimulator();
    const start = async (
      name: RoleName,
      extra: Record<string, string> = {},
      further?: string,
    ): Promise<ManagedProcess> => {
      const instance = further === undefined ? undefined : { name: further, port: await freePort() };
      return supervisor.start(
        roleSpec(name, { ports, dataDir: dataDir.path, simulator, env: { ...env, ...extra }, instance }),
        instance ? undefined : runs(name, ports),
      );
    };
    // The simulator first: it is what the others call.
    await together(roles.filter((role) => role === 'simulator').map((role) => start(role)));
    await together(roles.filter((role) => role !== 'simulator').map((role) => start(role)));
    const find = (name: string): ManagedProcess => supervisor.get(name);
    return { dataDir: dataDir.path, ports, env, startRole: start, process: find, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The variables that say that a part runs elsewhere. */
const VARIABLES = { temporal: 'TEMPORAL_ADDRESS', postgres: 'DATABASE_URL', kafka: 'KAFKA_BROKERS' } as const;

type Environment = Record<string, string | undefined>;

/** Starts or checks Temporal, PostgreSQL and Kafka, in this order; gives their addresses. */
function startParts(context: InfrastructureContext, outside: Environment): Promise<string>[] {
  return [
    unlessGiven(
      outside.TEMPORAL_ADDRESS,
      (address) => checkOwnTemporal(address, namespaceOf(outside)),
      () => startTemporal(context),
    ),
    startDatabase(context, outside.DATABASE_URL),
    unlessGiven(outside.KAFKA_BROKERS, checkOwnKafka, () => startKafka(context)),
  ];
}

async function startDatabase(context: InfrastructureContext, given: string | undefined): Promise<string> {
  if (given && !URL.canParse(given)) {
    throw new StackError(`DATABASE_URL is not an address: ${given}`, {
      remedy: 'It has the form postgres://USER:PASSWORD@HOST:PORT/DATABASE.',
    });
  }
  const url = new URL(given || (await startPostgres(context)));
  if (!given) url.pathname = '/tpe';
  await ensureDatabase(url.href);
  context.signal?.throwIfAborted();
  await migrate(url.href);
  return url.href;
}

function namespaceOf(env: Environment): string {
  return env.TEMPORAL_NAMESPACE || 'default';
}

async function unlessGiven(
  address: string | undefined,
  check: (address: string) => Promise<void>,
  start: () => Promise<string>,
): Promise<string> {
  if (!address) return start();
  await check(address);
  return address;
}

async function portsOf(options: StackOptions, env: Environment): Promise<Ports> {
  if (options.ports === 'free') return freePorts();
  return { ...portsFrom(env, options.portOffset), ...options.ports };
}

function runs(name: RoleName, ports: Ports): string {
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  if (name === 'simulator') {
    return `Simulated TMSs on ${at(ports.simulatorTms)}, Hardware-API on ${at(ports.simulatorHardware)}`;
  }
  return `${name === 'api' ? 'API' : `Worker ${name}`} on ${at(ports[name])}`;
}
