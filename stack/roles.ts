import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import type { z } from 'zod';
import type { simulatorConfigSchema } from '../tms/simulator/config.ts';
import { StackError } from './errors.ts';
import type { ProcessSpec } from './managed-process.ts';
import type { Ports } from './ports.ts';

/** The application's processes, in the order in which they are started. */
export const ROLES = ['simulator', 'orchestrator', 'tms', 'relay', 'consumers', 'api'] as const;
export type RoleName = (typeof ROLES)[number];

/** The simulator's configuration as its file has it. */
export type SimulatorOptions = z.input<typeof simulatorConfigSchema>;

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/**
 * Megabytes of long-lived objects at which Node collects them for good. By default that is gigabytes: what goes through
 * by the million would fill them before the first look. The orchestrator's three threads have as many each.
 */
const HEAP_MB: Partial<Record<RoleName, number>> = { orchestrator: 192, relay: 256, consumers: 256 };

/** Megabytes of a half of the young generation of those. Node lets it grow to 64, in every thread of the orchestrator. */
const SEMI_SPACE_MB = 16;

/** What a role has loaded before its file. */
const PRELOADED: Partial<Record<RoleName, readonly string[]>> = {
  orchestrator: ['./workers/without-stack-traces.ts', './workers/fewer-watchdogs.ts'],
};

/** What Node is started with for a role, before the file. */
export function nodeArgs(name: RoleName): string[] {
  const heap = HEAP_MB[name];
  return [
    ...(heap === undefined ? [] : [`--max-old-space-size=${heap}`, `--max-semi-space-size=${SEMI_SPACE_MB}`]),
    ...(PRELOADED[name] ?? []).map((module) => `--import=${module}`),
  ];
}

/** Those that tell others what has happened: where processors are short, what makes it happen goes first. */
const YIELDING: ReadonlySet<RoleName> = new Set<RoleName>(['relay', 'consumers']);

const ENTRIES: Record<RoleName, { file: string; label: string }> = {
  simulator: { file: 'tms/simulator/main.ts', label: 'the simulated TMSs and terminals' },
  orchestrator: { file: 'workers/orchestrator.ts', label: 'the orchestrator' },
  tms: { file: 'workers/tms.ts', label: 'the TMS worker' },
  relay: { file: 'workers/relay.ts', label: 'the relay' },
  consumers: { file: 'workers/consumers.ts', label: 'the consumers' },
  api: { file: 'api/main.ts', label: 'the API' },
};

/** What a role is started with. */
export interface RoleContext {
  ports: Ports;
  /** The configuration of all roles, by the names of `config.ts`. */
  env: Record<string, string>;
  /** Where the simulator's configuration is written to. */
  dataDir: string;
  simulator: SimulatorOptions | false;
  /** For another process of a role that runs already: its own name and port. */
  instance?: { name: string; port: number };
}

/** How a role runs as a process of its own. */
export function roleSpec(name: RoleName, context: RoleContext): ProcessSpec {
  const { ports, instance } = context;
  const { file, label } = ENTRIES[name];
  const simulator = name === 'simulator';
  const port = instance?.port ?? (simulator ? ports.simulatorTms : ports[name]);
  const urls = simulator
    ? [`http://127.0.0.1:${port}/healthz`, `http://127.0.0.1:${ports.simulatorHardware}/healthz`]
    : [`http://127.0.0.1:${port}/readyz`];
  return {
    name: instance?.name ?? name,
    label: instance ? `${label} (${instance.name})` : label,
    command: process.execPath,
    args: [...nodeArgs(name), join(ROOT, file), ...(simulator ? simulatorArgs(context) : [])],
    env: {
      ...context.env,
      ...(simulator ? {} : { [name === 'api' ? 'API_PORT' : 'WORKER_PORT']: String(port) }),
    },
    cwd: ROOT,
    yields: YIELDING.has(name),
    // By which it stops when we are gone. The simulator has no use for it.
    ipc: !simulator,
    stage: simulator ? 1 : 2,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 25_000,
    readyTimeoutMs: 120_000,
    check: () => checkHttp(urls),
  };
}

function simulatorArgs({ ports, dataDir, simulator }: RoleContext): string[] {
  if (simulator === false) throw new StackError('This stack was started without a simulator.');
  const file = join(dataDir, 'simulator.json');
  writeFileSync(file, `${JSON.stringify(callingBack(simulator, ports.api), null, 2)}\n`);
  return [
    '--tms-port',
    String(ports.simulatorTms),
    '--hardware-port',
    String(ports.simulatorHardware),
    '--config',
    file,
  ];
}

/** The simulator's configuration with its call-backs going to this stack's API. */
function callingBack(options: SimulatorOptions, apiPort: number): SimulatorOptions {
  return {
    ...options,
    tms: options.tms.map((vendor) => {
      if (!vendor.callbacks) return vendor;
      const { pathname } = new URL(vendor.callbacks.url);
      return { ...vendor, callbacks: { ...vendor.callbacks, url: `http://127.0.0.1:${apiPort}${pathname}` } };
    }),
  };
}

/** `examples/simulator.json`, its fleet with absolute paths. */
export function exampleSimulator(): SimulatorOptions {
  const file = join(ROOT, 'examples', 'simulator.json');
  const options = JSON.parse(readFileSync(file, 'utf8')) as SimulatorOptions;
  return { ...options, fleet: options.fleet?.map((path) => resolve(dirname(file), path)) };
}

/** `examples/tms.json` with its TMSs at the simulator's port, as `TMS_CONFIG`. */
export function exampleTmsConfig(simulatorPort: number): string {
  const entries = JSON.parse(readFileSync(join(ROOT, 'examples', 'tms.json'), 'utf8')) as { url: string }[];
  return JSON.stringify(
    entries.map((entry) => ({
      ...entry,
      url: `http://127.0.0.1:${simulatorPort}${new URL(entry.url).pathname}`,
    })),
  );
}

async function checkHttp(urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    const { statusCode, body } = await request(url, { headersTimeout: 5_000, bodyTimeout: 5_000 });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${url} answers ${statusCode} ${text.trim().slice(0, 200)}`);
  }
}
