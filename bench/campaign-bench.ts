/** What the measurements of whole campaigns share: the platform on real parts, a simulated fleet, campaigns over it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { type Config, loadConfig } from '../config.ts';
import { createPool, type Pool } from '../db/pool.ts';
import { freePorts } from '../stack/ports.ts';
import type { SimulatorOptions } from '../stack/roles.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import type { SimulatorStats } from '../tms/simulator/admin-routes.ts';
import type { CampaignStatus, StatusCounts } from '../workflows/status.ts';
import { progress } from './boundary.ts';

export const TARGET = '4.2.0';
/** Terminals per second that surely get a tracker, also when there are 30,000 of them. */
export const TRACKED_PER_SECOND = 50;
/** Terminals of a second campaign, which is launched while the first one has the platform busy. */
export const SECOND = 100;

type TmsName = 'alpha' | 'beta';
type Vendor = SimulatorOptions['tms'][number];

export interface BenchPlatform {
  stack: Stack;
  config: Config;
  db: Pool;
  temporal: Client;
  /** Where the simulated TMSs are; its own paths (`/stats`, `/fleet`) are at its root. */
  simulator: string;
  /** Fleets that were made so far. */
  fleets: number;
}

export interface PlatformOptions {
  /** How the TMS `alpha` (which knows idempotency keys) and its terminals behave. */
  alpha: Omit<Vendor, 'name'>;
  /** The same for `beta`, which knows no keys; absent: there is none. */
  beta?: Omit<Vendor, 'name'>;
  /** How many times faster than real time terminals download and install; default 1. */
  speed?: number;
  /** Terminals per update request that alpha takes; default 1. */
  requestBulk?: number;
  /** A Temporal server that runs already; by default the embedded one is started. */
  temporalAddress?: string | undefined;
}

/** Terminals that are QUEUED at first and INSTALLING from a second on, for longer than any measurement. */
export const NEVER_DONE: Omit<Vendor, 'name'> = {
  queueSeconds: { min: 0, max: 1 },
  downloadSeconds: { min: 0, max: 0 },
  installSeconds: { min: 1e7, max: 1e7 },
};

/** Starts the platform with all its roles, runs `work` on it, and throws everything away. */
export async function withPlatform<T>(
  options: PlatformOptions,
  work: (platform: BenchPlatform) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'tpe-bench-'));
  const ports = await freePorts();
  const simulator = `http://127.0.0.1:${ports.simulatorTms}`;
  const { alpha, beta, speed = 1 } = options;
  try {
    const stack = await startStack({
      dataDir: folder,
      ports,
      env: { TEMPORAL_ADDRESS: options.temporalAddress, TMS_CONFIG: tmsConfig(simulator, options) },
      simulator: {
        seed: 42,
        speed,
        tms: [{ ...alpha, name: 'alpha' }, ...(beta ? [{ ...beta, name: 'beta', idempotent: false }] : [])],
      },
    });
    try {
      return await onPlatform(stack, simulator, work);
    } finally {
      await stack.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function onPlatform<T>(
  stack: Stack,
  simulator: string,
  work: (platform: BenchPlatform) => Promise<T>,
): Promise<T> {
  const config = loadConfig(stack.env);
  const db = createPool(config.database, 'bench');
  const connection = await Connection.connect({ address: config.temporal.address });
  const temporal = new Client({ connection, namespace: config.temporal.namespace });
  try {
    return await work({ stack, config, db, temporal, simulator, fleets: 0 });
  } finally {
    await connection.close();
    await db.end();
  }
}

function tmsConfig(simulator: string, { beta, requestBulk = 1 }: PlatformOptions): string {
  const entry = (name: TmsName, capabilities: object): object => ({
    name,
    adapter: 'reference',
    url: `${simulator}/${name}`,
    capabilities,
  });
  return JSON.stringify([
    entry('alpha', { idempotent: true, requestBulk }),
    ...(beta ? [entry('beta', { idempotent: false })] : []),
  ]);
}

/** Terminals that one campaign is about. */
export interface Fleet {
  terminals: number;
  targets: { rule: string };
  tpeIds: string[];
  /** Their ids at their TMS, in the same order. */
  idTms: string[];
}

/** Makes terminals, told apart from all others by their model, known to the platform and to the simulator. */
export async function addFleet(
  platform: BenchPlatform,
  terminals: number,
  tms: readonly TmsName[] = ['alpha'],
): Promise<Fleet> {
  const series = ++platform.fleets;
  const model = `bench-${series}`;
  const tpeIds = Array.from(
    { length: terminals },
    (_, index) => `${String(series).padStart(8, '0')}-0000-4000-8000-${String(index).padStart(12, '0')}`,
  );
  const idTms = tpeIds.map((_, index) => `${series}-${index}`);
  const lines = tpeIds.map(
    (tpeId, index) => `${tpeId},${idTms[index]},${tms[index % tms.length]},${model},Lyon-${index % 40},4.1.0`,
  );
  const csv = ['tpeId,idTms,tms,model,site,version', ...lines].join('\n');
  const registered = await fetch(`${platform.simulator}/fleet`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: csv,
  });
  if (!registered.ok) throw new Error(`The simulator refuses the fleet: ${await registered.text()}`);
  await call(platform, '/tpes/import', csv, 'text/csv');
  return { terminals, targets: { rule: `model = "${model}"` }, tpeIds, idTms };
}

export interface CampaignView {
  campaignId: string;
  status: CampaignStatus;
  total: number;
  counts: StatusCounts;
  final: number;
  dispatchedAt: string | null;
}

/** A GET of our API, or a POST where there is a body. @throws Error with what was answered, where that is no success */
export async function call<T>(
  { stack }: BenchPlatform,
  path: string,
  body?: unknown,
  type = 'application/json',
): Promise<T> {
  const post = {
    method: 'POST',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
  const url = `http://127.0.0.1:${stack.ports.api}/api/v1${path}`;
  const response = await fetch(url, body === undefined ? {} : post);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** What a campaign's policy is beside its schedule: nothing that a measurement provokes stops it. */
export interface BenchPolicy {
  polling: { windows: { everySeconds: number; attempts: number }[] };
  deadlineSeconds: number;
  [more: string]: unknown;
}

export interface Triggered {
  campaignId: string;
  /** Epoch ms of the HTTP request that created the campaign. */
  requestedAt: number;
  /** Milliseconds from it to its answer, to the TMS's first and to its last update call. */
  answeredMs: number;
  firstCallMs: number;
  triggerMs: number;
}

/**
 * Launches a campaign and waits until each of its terminals was accepted by its TMS. No other campaign may be asking
 * meanwhile, and the simulator counts from 0 again.
 */
export async function trigger(
  platform: BenchPlatform,
  { terminals, targets }: Pick<Fleet, 'terminals'> & { targets: object },
  policy: BenchPolicy,
): Promise<Triggered> {
  await fetch(`${platform.simulator}/stats/reset`, { method: 'POST' });
  const requestedAt = Date.now();
  const { campaignId } = await launch(platform, targets, policy);
  const answeredMs = Date.now() - requestedAt;
  let stats = await simulatorStats(platform);
  while (stats.accepted < terminals) {
    await sleep(50);
    stats = await simulatorStats(platform);
  }
  return {
    campaignId,
    requestedAt,
    answeredMs,
    firstCallMs: (stats.firstUpdateCallAt ?? 0) - requestedAt,
    triggerMs: (stats.lastUpdateCallAt ?? 0) - requestedAt,
  };
}

export function launch(platform: BenchPlatform, targets: object, policy: BenchPolicy): Promise<CampaignView> {
  return call<CampaignView>(platform, '/campaigns', {
    targetVersion: TARGET,
    targets,
    policy: { failureThreshold: null, stallSeconds: null, progressEverySeconds: 1, ...policy },
  });
}

export async function simulatorStats({ simulator }: BenchPlatform): Promise<SimulatorStats> {
  return (await (await fetch(`${simulator}/stats`)).json()) as SimulatorStats;
}

/** Terminals of a campaign that have no final status. */
export async function countOpen({ db }: BenchPlatform, campaignId: string): Promise<number> {
  const { rows } = await db.query<{ open: number }>(
    `SELECT count(*)::integer AS open FROM campaign_tpe
     WHERE campaign_id = $1 AND status IN ('PENDING', 'REQUESTED', 'INSTALLING')`,
    [campaignId],
  );
  return rows[0]?.open ?? 0;
}

/** Workflows of a type that were started for a campaign, as Temporal lists them: that lags by less than a second. */
export async function countTrackers({ temporal }: BenchPlatform, campaignId: string): Promise<number> {
  const { count } = await temporal.workflow.count(
    `WorkflowType = 'tpeUpdate' AND CampaignId = '${campaignId}'`,
  );
  return count;
}

/** Waits until every terminal of a campaign is followed by a workflow of its own. */
export async function untilTracked(
  platform: BenchPlatform,
  campaignId: string,
  terminals: number,
): Promise<void> {
  for (let told = 0; ; await sleep(1_000)) {
    const count = await countTrackers(platform, campaignId);
    if (count >= terminals) return;
    if (count - told >= terminals / 10) progress(`  ${(told = count)} are followed`);
  }
}

/** Waits until a campaign has ended. @returns how */
export async function untilEnded(platform: BenchPlatform, campaignId: string): Promise<CampaignView> {
  for (let told = 0; ; await sleep(500)) {
    const view = await call<CampaignView>(platform, `/campaigns/${campaignId}`).catch(() => undefined);
    if (!view) continue;
    if (['COMPLETED', 'CANCELLED', 'ABORTED'].includes(view.status)) return view;
    if (view.final - told >= view.total / 10) progress(`  ${(told = view.final)} final`);
  }
}

/** `--terminals` and the like, to whole numbers and fractions of a second. @throws Error for what is no number above 0 */
export function positiveNumber(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`"${text}" is no number above 0.`);
  return number;
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
