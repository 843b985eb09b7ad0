import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../workflows/names.ts';
import { cached } from './cache.ts';
import { downloadArchive } from './download.ts';
import { firstOf, type FetchContext } from './fetching.ts';
import { StackError } from './errors.ts';
import type { ProcessSpec } from './managed-process.ts';
import { temporalSettings } from './temporal-settings.ts';
import { onPath, run, versionOf } from './tools.ts';
import { isAtLeast, OLDEST_ACCEPTED, VERSIONS } from './versions.ts';

const LABEL = 'Temporal';

/** The path of the Temporal CLI, which holds the server and its Web UI. */
export async function findTemporal(context: FetchContext): Promise<string> {
  const version = VERSIONS.temporalCli;
  return firstOf(
    'the Temporal server',
    'Install the Temporal CLI or Go (1.25 or later), or set TEMPORAL_ADDRESS to a server that runs.',
    [
      { name: 'PATH', get: temporalOnPath },
      {
        name: `version ${version}`,
        get: async () => {
          const dir = await cached(`temporal-${version}`, async (target) => {
            context.task.update(`Downloading the Temporal server ${version}, first time only`);
            const failure = await download(target, context).catch((error: Error) => error);
            context.signal?.throwIfAborted();
            if (failure) await build(target, context, failure);
          });
          return join(dir, 'temporal');
        },
      },
    ],
    context.signal,
  );
}

async function temporalOnPath(): Promise<string | null> {
  const path = await onPath('temporal');
  const version = path === null ? null : await serverVersionOf(path);
  if (version !== null && !isAtLeast(version, OLDEST_ACCEPTED.temporalServer)) {
    throw new Error(`the server in ${path} is ${version}, older than ${OLDEST_ACCEPTED.temporalServer}`);
  }
  return version === null ? null : path;
}

/** The version of the server in a CLI, which is what matters: the CLI's own is not set in one built by Go. */
async function serverVersionOf(path: string): Promise<string | null> {
  const output = await run(path, ['--version'], { timeoutMs: 20_000 }).catch(() => '');
  return /Server (\d+(?:\.\d+)+)/.exec(output)?.[1] ?? null;
}

async function download(dir: string, { signal }: FetchContext): Promise<void> {
  const version = VERSIONS.temporalCli;
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  if (!arch) throw new StackError(`there is no download for ${process.arch}`);
  const release = `https://github.com/temporalio/cli/releases/download/v${version}`;
  await downloadArchive(
    {
      url: `${release}/temporal_cli_${version}_${process.platform}_${arch}.tar.gz`,
      checksums: { url: `${release}/checksums.txt`, algorithm: 'sha256' },
    },
    dir,
    { signal },
  );
  await assertRuns(dir);
}

async function build(dir: string, { task, signal }: FetchContext, downloadFailure: Error): Promise<void> {
  const go = await onPath('go');
  const version = go === null ? null : await versionOf(go, 'version');
  if (go === null || version === null || !isAtLeast(version, OLDEST_ACCEPTED.go)) {
    const missing =
      version === null ? 'go is not on PATH' : `go ${version} is older than ${OLDEST_ACCEPTED.go}`;
    throw new StackError(`${downloadFailure.message}; ${missing}`);
  }
  task.update(`Building the Temporal server ${VERSIONS.temporalCli}, first time only, 2–3 min`);
  await run(go, ['install', `github.com/temporalio/cli/cmd/temporal@v${VERSIONS.temporalCli}`], {
    env: { GOBIN: dir, GOFLAGS: '' },
    signal,
  });
  await assertRuns(dir);
}

async function assertRuns(dir: string): Promise<void> {
  const path = join(dir, 'temporal');
  if ((await serverVersionOf(path)) === null) throw new StackError(`${path} does not run`);
}

export interface TemporalOptions {
  /** The Temporal CLI. */
  command: string;
  port: number;
  uiPort: number;
  /** The database file; null keeps everything in memory. */
  file: string | null;
}

/**
 * Workflows that the development server keeps in memory: 3 GB with 30,000. A look at a terminal whose workflow is not there reads
 * it from the database, by nine statements. By itself it keeps 8,096; other servers keep 128,000.
 */
const CACHED_WORKFLOWS = 32_768;

export function temporalSpec({ command, port, uiPort, file }: TemporalOptions): ProcessSpec {
  const args = [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--ui-port',
    String(uiPort),
  ];
  args.push('--log-level', 'warn', '--color', 'never');
  if (file !== null) {
    // Without these two it starts 19 child workflows per second instead of 107.
    args.push(
      '--db-filename',
      file,
      '--sqlite-pragma',
      'journal_mode=wal',
      '--sqlite-pragma',
      'synchronous=normal',
    );
  }
  for (const name of SEARCH_ATTRIBUTES) args.push('--search-attribute', `${name}=Keyword`);
  const settings = [...temporalSettings(), ['history.hostLevelCacheMaxSize', CACHED_WORKFLOWS] as const];
  for (const [key, value] of settings) {
    args.push('--dynamic-config-value', `${key}=${JSON.stringify(value)}`);
  }
  return {
    name: 'temporal',
    label: LABEL,
    command,
    args,
    env: {
      // A profile of the person's own must not reach the server's start.
      TEMPORAL_ADDRESS: '',
      TEMPORAL_NAMESPACE: '',
      // Collects garbage less often, a part of its processor's time for some memory, up to so much of it.
      GOGC: process.env.GOGC ?? '200',
      GOMEMLIMIT: process.env.GOMEMLIMIT ?? '3GiB',
    },
    stage: 0,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    readyTimeoutMs: 60_000,
    check: () => checkTemporal(`127.0.0.1:${port}`),
    isBeyondHope: () => isInterrupted(`127.0.0.1:${port}`),
  };
}

/** Longer than a server that is merely busy takes to answer. */
const BUSY_MS = 30_000;

/**
 * Whether the development server has got stuck: when it gives up a statement of SQLite on a machine that is too busy,
 * its one connection may answer "interrupted" to everything from then on, for ever. Seen at a load of 50 on two cores.
 */
async function isInterrupted(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: BUSY_MS });
  try {
    await connection.withDeadline(Date.now() + BUSY_MS, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
    return false;
  } catch (error) {
    return /interrupted/.test((error as Error).message);
  } finally {
    await connection.close();
  }
}

/** Resolves when a Temporal server answers at `address` and serves the namespace. */
export async function checkTemporal(address: string, namespace = 'default'): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: '2s' });
  try {
    await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } finally {
    await connection.close();
  }
}
