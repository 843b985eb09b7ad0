/** The whole platform on parts of its own that may be killed, with a proxy on every line; what rounds ask of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { type Config, loadConfig } from '../../config.ts';
import { createPool, type Pool } from '../../db/pool.ts';
import { startStack, type Stack } from '../../stack/stack.ts';
import type { SimulatorStats, TerminalTruth } from '../../tms/simulator/admin-routes.ts';
import type { Faults } from '../../tms/simulator/faults.ts';
import { untilDone } from '../support/persistence.ts';
import type { Random } from '../support/random.ts';
import { clockEnvironment, setClock } from './clocks.ts';
import { closeDisks, type Disks, NO_DISKS, openDisks } from './disks.ts';
import { inTime } from './in-time.ts';
import { addressesThrough, CALLS, Links, type Role } from './links.ts';

export const TARGET = '4.2.0';
const OLD = '4.1.0';
/** The system whose orders are taken from Kafka. */
export const ORDER_SOURCE = '/erp';
const SECRET = 'alpha-callback-secret';

export const ROLES = Object.keys(CALLS) as Role[];
export const SERVERS = ['temporal', 'kafka', 'postgres'] as const;
/** Every process of the platform; the simulator is the vendor's and the terminals', and never fails by itself. */
export const PROCESSES = [...SERVERS, ...ROLES] as const;
export type ProcessName = (typeof PROCESSES)[number];

export interface WorldOptions {
  /** How many times faster than real time terminals download and install; default 60. */
  speed?: number;
  /** Milliseconds (real) of a call to a TMS; default such that a dispatch lasts long enough to be disturbed. */
  latencyMs?: { min: number; max: number };
  /** Calls to a TMS at once; default 8. */
  concurrency?: number;
  /** Gives PostgreSQL and Kafka disks of their own that can be full, where that is possible; default true. */
  disks?: boolean;
}
/** Of one TMS: more than it is asked for, but what counts them goes by a clock. */
const REQUESTS_PER_SECOND = 500;
/** Twice what the slowest may take to become ready, with the pauses between its starts. */
const HEALED_MS = 300_000;
/** A client of the platform goes on trying for so long. */
const PATIENCE_MS = 180_000;

export interface Terminal {
  tpeId: string;
  tms: 'alpha' | 'beta';
}

export class World {
  readonly stack: Stack;
  readonly links: Links;
  /** What the platform is configured with, but past the proxies. */
  readonly config: Config;
  readonly db: Pool;
  readonly temporal: Client;
  readonly disks: Disks;
  readonly #folder: string;

  private constructor(stack: Stack, links: Links, temporal: Client, disks: Disks, folder: string) {
    this.stack = stack;
    this.links = links;
    this.temporal = temporal;
    this.disks = disks;
    this.#folder = folder;
    this.config = loadConfig(stack.env);
    this.db = createPool(this.config.database, 'faults');
  }

  static async start(
    random: Random,
    {
      speed = 60,
      latencyMs = { min: 20, max: 60 },
      concurrency = 8,
      disks: withDisks = true,
    }: WorldOptions = {},
  ): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'tpe-faults-'));
    const disks = withDisks ? await openDisks(folder) : NO_DISKS;
    try {
      return await World.#startIn(folder, disks, random, { speed, latencyMs, concurrency });
    } catch (error) {
      await closeDisks(disks);
      throw error;
    }
  }

  static async #startIn(
    folder: string,
    disks: Disks,
    random: Random,
    { speed, latencyMs, concurrency }: Required<Omit<WorldOptions, 'disks'>>,
  ): Promise<World> {
    const stack = await startStack({
      dataDir: folder,
      ports: 'free',
      quiet: true,
      roles: [],
      env: {},
      simulator: {
        seed: Math.floor(random() * 1e9),
        speed,
        tms: [
          {
            name: 'alpha',
            latencyMs,
            failRate: 0.03,
            callbacks: {
              url: 'http://127.0.0.1:1/api/v1/tms/alpha/events',
              secret: SECRET,
              rate: 0.7,
              duplicateRate: 0.2,
              lateRate: 0.1,
              forgedRate: 0.2,
            },
          },
          { name: 'beta', idempotent: false, latencyMs, failRate: 0.03 },
        ],
      },
    });
    const links = await Links.open(stack, random);
    Object.assign(stack.env, {
      ORDER_SOURCES: ORDER_SOURCE,
      ORDER_KEEP_OPEN_SECONDS: '10',
      LOG_LEVEL: 'info',
      TMS_CONFIG: JSON.stringify(tmsConfig(links, concurrency)),
    });
    await stack.startRole('simulator');
    await Promise.all(
      ROLES.map((role) =>
        stack.startRole(role, { ...addressesThrough(links, role, stack), ...clockEnvironment(folder, role) }),
      ),
    );
    const connection = Connection.lazy({ address: stack.env.TEMPORAL_ADDRESS ?? '' });
    const temporal = new Client({ connection, namespace: stack.env.TEMPORAL_NAMESPACE ?? 'default' });
    return new World(stack, links, temporal, disks, folder);
  }

  /** @param keep leaves the logs and the data where they are, disks mounted */
  async stop(keep = false): Promise<void> {
    await this.temporal.connection.close();
    await this.db.end();
    await this.stack.stop();
    await this.links.close();
    if (keep) return;
    await closeDisks(this.disks);
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Resolves once every process runs. @throws Error that names one that does not come back */
  async healed(): Promise<void> {
    await Promise.all(
      PROCESSES.map((name) => inTime(`the start of ${name}`, this.stack.process(name).ready(), HEALED_MS)),
    );
  }

  /** Sets the clock of a role, as from now and until it is set again, also for its successors. @param aheadMs of the true time */
  setClock(role: Role, aheadMs: number): void {
    setClock(this.#folder, role, aheadMs);
  }

  /** Adds terminals to the fleet, one group to find them by. */
  async addTerminals(group: string, terminals: readonly Terminal[]): Promise<void> {
    const lines = terminals.map(
      ({ tpeId, tms }, n) => `${tpeId},${tms}-${group}-${n},${tms},A920,${group},${OLD}`,
    );
    const csv = ['tpeId,idTms,tms,model,site,version', ...lines].join('\n');
    await this.call('POST', '/tpes/import', csv);
    await this.askSimulator('POST', '/fleet', csv);
  }

  /**
   * Calls our HTTP API as its users do: again while it can't be reached or says that it can't at the moment.
   * @throws Error with what was answered, where it was refused
   */
  async call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const { status, text } = await untilDone(async () => {
      const response = await fetch(`http://127.0.0.1:${this.stack.ports.api}/api/v1${path}`, {
        method,
        headers: { 'content-type': typeof body === 'string' ? 'text/csv' : 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      });
      const answer = { status: response.status, text: await response.text() };
      if (answer.status >= 500) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
      return answer;
    }, PATIENCE_MS);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  }

  async askSimulator<T>(method: string, path: string, body?: string): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.stack.ports.simulatorTms}${path}`, {
      method,
      headers: { 'content-type': path === '/fleet' ? 'text/csv' : 'application/json' },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`simulator ${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  setTmsFault(faults: Faults): Promise<unknown> {
    return this.askSimulator('POST', '/faults', JSON.stringify(faults));
  }

  stats(): Promise<SimulatorStats> {
    return this.askSimulator('GET', '/stats');
  }

  async truth(): Promise<TerminalTruth[]> {
    return (await this.askSimulator<{ terminals: TerminalTruth[] }>('GET', '/terminals')).terminals;
  }
}

function tmsConfig(links: Links, concurrency: number): unknown[] {
  const limits = { concurrency };
  return [
    {
      name: 'alpha',
      adapter: 'reference',
      url: `http://127.0.0.1:${links.port('tms', 'alpha')}/alpha`,
      capabilities: { idempotent: true, push: true },
      limits,
      callbackSecret: SECRET,
    },
    {
      name: 'beta',
      adapter: 'reference',
      url: `http://127.0.0.1:${links.port('tms', 'beta')}/beta`,
      capabilities: { idempotent: false },
      limits: { ...limits, requestsPerSecond: REQUESTS_PER_SECOND },
    },
  ];
}
