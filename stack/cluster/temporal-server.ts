/** The Temporal server of production, whose services are processes of their own, and its database. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { Connection } from '@temporalio/client';
import { cached } from '../cache.ts';
import { downloadArchive } from '../download.ts';
import { StackError } from '../errors.ts';
import { firstOf, type FetchContext } from '../fetching.ts';
import type { ProcessSpec } from '../managed-process.ts';
import { ensureDatabase } from '../postgres.ts';
import { onPath, run, versionOf } from '../tools.ts';
import { isAtLeast, OLDEST_ACCEPTED, VERSIONS } from '../versions.ts';
import { HOST, type TemporalNode, type TemporalService } from './layout.ts';
import { TEMPORAL_DATABASES, temporalConfig } from './temporal-config.ts';

/** The programs of the server, by path. */
export interface TemporalServerBinaries {
  server: string;
  /** Makes and updates the tables; it carries their definitions in itself. */
  sqlTool: string;
}

const SERVER = 'temporal-server';
const SQL_TOOL = 'temporal-sql-tool';

/** The server: from PATH, else its download, else built by Go. */
export async function findTemporalServer(context: FetchContext): Promise<TemporalServerBinaries> {
  const version = VERSIONS.temporalServer;
  return firstOf(
    'the Temporal server in services',
    'Install temporal-server and temporal-sql-tool, or Go (1.24 or later).',
    [
      { name: 'PATH', get: serverOnPath },
      {
        name: `version ${version}`,
        get: async () => {
          const dir = await cached(`temporal-server-${version}`, async (target) => {
            context.task.update(`Downloading the Temporal server ${version} in services, first time only`);
            const failure = await download(target, context).catch((error: Error) => error);
            context.signal?.throwIfAborted();
            if (failure) await build(target, context, failure);
          });
          return binariesIn(dir);
        },
      },
    ],
    context.signal,
  );
}

async function serverOnPath(): Promise<TemporalServerBinaries | null> {
  const [server, sqlTool] = [await onPath(SERVER), await onPath(SQL_TOOL)];
  const version = server === null ? null : await versionOf(server, '--version');
  if (server === null || sqlTool === null || version === null) return null;
  if (isAtLeast(version, OLDEST_ACCEPTED.temporalServer)) return { server, sqlTool };
  throw new Error(`${server} is ${version}, older than ${OLDEST_ACCEPTED.temporalServer}`);
}

function binariesIn(dir: string): TemporalServerBinaries {
  return { server: join(dir, SERVER), sqlTool: join(dir, SQL_TOOL) };
}

async function download(dir: string, { signal }: FetchContext): Promise<void> {
  const version = VERSIONS.temporalServer;
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  if (!arch) throw new StackError(`there is no download for ${process.arch}`);
  const release = `https://github.com/temporalio/temporal/releases/download/v${version}`;
  await downloadArchive(
    {
      url: `${release}/temporal_${version}_${process.platform}_${arch}.tar.gz`,
      checksums: { url: `${release}/checksums.txt`, algorithm: 'sha256' },
    },
    dir,
    { signal },
  );
  await assertRuns(binariesIn(dir));
}

async function build(dir: string, { task, signal }: FetchContext, downloadFailure: Error): Promise<void> {
  const go = await onPath('go');
  if (go === null) throw new StackError(`${downloadFailure.message}; go is not on PATH`);
  task.update(
    `Building the Temporal server ${VERSIONS.temporalServer} in services, first time only, 2–5 min`,
  );
  const version = `v${VERSIONS.temporalServer}`;
  await run(
    go,
    [
      'install',
      `go.temporal.io/server/cmd/server@${version}`,
      `go.temporal.io/server/cmd/tools/sql@${version}`,
    ],
    { env: { GOBIN: dir, GOFLAGS: '' }, signal },
  );
  const { server, sqlTool } = binariesIn(dir);
  // Go names a program by its folder; the download has these names.
  await rename(join(dir, 'server'), server);
  await rename(join(dir, 'sql'), sqlTool);
  await assertRuns({ server, sqlTool });
}

async function assertRuns({ server, sqlTool }: TemporalServerBinaries): Promise<void> {
  for (const path of [server, sqlTool]) {
    if ((await versionOf(path, '--version')) === null) throw new StackError(`${path} does not run`);
  }
}

/**
 * Makes the two databases of the server where they are missing and brings their tables to its version. Harmless
 * to repeat.
 * @param postgresUrl the PostgreSQL server; the database it names does not matter
 */
export async function prepareTemporalDatabases(
  { sqlTool }: TemporalServerBinaries,
  postgresUrl: string,
  signal?: AbortSignal,
): Promise<void> {
  const url = new URL(postgresUrl);
  for (const [kind, database] of Object.entries(TEMPORAL_DATABASES)) {
    url.pathname = `/${database}`;
    await ensureDatabase(url.href);
    const tool = (...args: string[]): Promise<string> =>
      run(sqlTool, args, { env: sqlToolEnv(url, database), signal });
    // The table of versions, which a second time is there already, and is left as it is.
    await tool('setup-schema', '--version', '0.0');
    await tool(
      'update-schema',
      '--schema-name',
      `postgresql/v12/${kind === 'store' ? 'temporal' : 'visibility'}`,
    );
  }
}

function sqlToolEnv(url: URL, database: string): Record<string, string> {
  return {
    SQL_PLUGIN: 'postgres12',
    SQL_HOST: url.hostname,
    SQL_PORT: url.port,
    SQL_USER: decodeURIComponent(url.username),
    SQL_PASSWORD: decodeURIComponent(url.password),
    SQL_DATABASE: database,
  };
}

export interface TemporalNodeOptions {
  binaries: TemporalServerBinaries;
  node: TemporalNode;
  postgresUrl: string;
  /** All nodes of the cluster. */
  nodes: readonly TemporalNode[];
  /** The folder in which each node has one of its own, for its configuration. */
  dataDir: string;
}

/** Writes a node's configuration and says how it runs. */
export async function temporalNodeSpec(options: TemporalNodeOptions): Promise<ProcessSpec> {
  const { binaries, node, dataDir } = options;
  const config = join(dataDir, node.name, 'cluster.yaml');
  await mkdir(dirname(config), { recursive: true });
  await writeFile(config, `${JSON.stringify(temporalConfig(options), null, 2)}\n`);
  return {
    name: node.name,
    label: `Temporal's ${node.service} ${node.name.slice(-1)}`,
    command: binaries.server,
    args: [
      '--root',
      dirname(config),
      '--config',
      '.',
      '--env',
      'cluster',
      '--allow-no-auth',
      'start',
      '--service',
      node.service,
    ],
    // Variables of a person's own must not change what the file says.
    env: Object.fromEntries(FOREIGN_VARIABLES.map((name) => [name, ''])),
    stage: stageOf(node.service),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 15_000,
    readyTimeoutMs: 90_000,
    check: () => checkNode(node),
  };
}

const FOREIGN_VARIABLES = [
  'TEMPORAL_ROOT',
  'TEMPORAL_CONFIG_DIR',
  'TEMPORAL_ENVIRONMENT',
  'TEMPORAL_AVAILABILITY_ZONE',
  'TEMPORAL_AVAILABILTY_ZONE',
];

/** Those that call are stopped before those that they call, and all before PostgreSQL, which is stage 0. */
function stageOf(service: TemporalService): number {
  return service === 'history' ? 1 : 2;
}

/** What the services call themselves to who asks how they are. The worker has nothing to ask. */
const HEALTH_NAMES: Partial<Record<TemporalService, string>> = {
  frontend: 'temporal.api.workflowservice.v1.WorkflowService',
  history: 'temporal.api.workflowservice.v1.HistoryService',
  matching: 'temporal.api.workflowservice.v1.MatchingService',
};

const SERVING = 1;

async function checkNode({ service, rpcPort, membershipPort }: TemporalNode): Promise<void> {
  const name = HEALTH_NAMES[service];
  if (name === undefined) return listens(membershipPort);
  const connection = Connection.lazy({ address: `${HOST}:${rpcPort}`, connectTimeout: '2s' });
  try {
    const { status } = await connection.withDeadline(Date.now() + 2_000, () =>
      connection.healthService.check({ service: name }),
    );
    if ((status as number) !== SERVING) throw new Error(`its health is ${status}`);
  } finally {
    await connection.close();
  }
}

function listens(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: HOST }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
