/**
 * How long it takes from the HTTP request that creates a campaign to the TMS's last update call, one call per
 * terminal, against a bare loop that makes the same calls with the same HTTP client and concurrency. With
 * `--settle` also until every terminal is final, the history of the campaign and the CPU that each process took.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import pLimit from 'p-limit';
import { Pool } from 'undici';
import { loadConfig } from '../config.ts';
import { type Stack, startStack } from '../stack/stack.ts';
import type { SimulatorStats } from '../tms/simulator/admin-routes.ts';
import { campaignWorkflowId } from '../workflows/names.ts';

const TARGET = '4.2.0';
/** The processes whose CPU is told apart. */
const PROCESSES = [
  'temporal',
  'orchestrator',
  'tms',
  'relay',
  'consumers',
  'api',
  'postgres',
  'kafka',
  'simulator',
];
/** Of /proc/<pid>/stat's times, per second. */
const TICKS = 100;

interface CampaignView {
  campaignId: string;
  status: string;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: { terminals: { type: 'string', default: '3000' }, settle: { type: 'boolean', default: false } },
  });
  const terminals = Number(values.terminals);
  if (!Number.isInteger(terminals) || terminals < 1)
    throw new Error('--terminals is a whole number above 0.');
  const folder = await mkdtemp(join(tmpdir(), 'tpe-bench-'));
  const stack = await startStack({
    dataDir: folder,
    ports: 'free',
    env: {},
    simulator: {
      speed: 240,
      tms: [
        { name: 'alpha', latencyMs: { min: 1, max: 5 } },
        { name: 'beta', idempotent: false },
      ],
    },
  });
  try {
    return await measure(stack, terminals, values.settle);
  } finally {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(stack: Stack, terminals: number, settle: boolean): Promise<Record<string, unknown>> {
  const config = loadConfig(stack.env);
  const concurrency = config.tms[0]?.limits.concurrency ?? 64;
  await register(stack, 'bare', terminals);
  progress(`bare loop: ${terminals} calls, ${concurrency} at once`);
  const bareMs = await bareLoop(stack, terminals, concurrency);
  progress(`  ${bareMs} ms`);

  const fleet = await register(stack, 'tpe', terminals);
  await fetch(`${simulatorUrl(stack)}/stats/reset`, { method: 'POST' });
  await call(stack, '/tpes/import', fleet, 'text/csv');
  const cpuBefore = cpuSeconds(stack);
  progress(`campaign over ${terminals} terminals`);
  const requestedAt = Date.now();
  const { campaignId } = await call<CampaignView>(stack, '/campaigns', {
    targetVersion: TARGET,
    targets: { all: true },
    policy: {
      polling: { windows: [{ everySeconds: 10, attempts: 60 }] },
      deadlineSeconds: 600,
      progressEverySeconds: 1,
    },
  });
  const answeredMs = Date.now() - requestedAt;
  let stats = await simulatorStats(stack);
  while (stats.byTms.alpha?.accepted !== terminals) {
    await sleep(50);
    stats = await simulatorStats(stack);
  }
  const triggerMs = (stats.lastUpdateCallAt ?? 0) - requestedAt;
  progress(`  ${triggerMs} ms`);
  return {
    terminals,
    triggerMs,
    answeredMs,
    firstCallMs: (stats.byTms.alpha?.firstUpdateCallAt ?? 0) - requestedAt,
    bareMs,
    ratio: Number((triggerMs / bareMs).toFixed(2)),
    duplicates: stats.duplicates,
    ...(settle ? await untilSettled(stack, campaignId, requestedAt, cpuBefore) : {}),
  };
}

async function untilSettled(
  stack: Stack,
  campaignId: string,
  requestedAt: number,
  cpuBefore: Record<string, number>,
): Promise<Record<string, unknown>> {
  let status = 'RUNNING';
  while (status !== 'COMPLETED') {
    await sleep(1_000);
    const view = await call<{ status: string; final: number }>(stack, `/campaigns/${campaignId}`);
    status = view.status;
    progress(`  ${view.final} final`);
  }
  const settledMs = Date.now() - requestedAt;
  const cpuAfter = cpuSeconds(stack);
  const { address, namespace } = loadConfig(stack.env).temporal;
  const connection = await Connection.connect({ address });
  const handle = new Client({ connection, namespace }).workflow.getHandle(campaignWorkflowId(campaignId));
  const { historyLength } = await handle.describe();
  await connection.close();
  return {
    settledMs,
    campaignHistoryEvents: historyLength,
    cpuSeconds: Object.fromEntries(
      PROCESSES.map((name) => [name, Number(((cpuAfter[name] ?? 0) - (cpuBefore[name] ?? 0)).toFixed(1))]),
    ),
  };
}

/** The same calls without a platform around them. */
async function bareLoop(stack: Stack, terminals: number, concurrency: number): Promise<number> {
  const pool = new Pool(simulatorUrl(stack), { connections: concurrency, pipelining: 1 });
  const limit = pLimit(concurrency);
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: terminals }, (_, index) =>
      limit(async () => {
        const { body } = await pool.request({
          method: 'POST',
          path: '/alpha/updates',
          headers: { 'content-type': 'application/json', 'idempotency-key': `bare-${index}` },
          body: JSON.stringify({ idTms: `bare-${index}`, targetVersion: TARGET }),
        });
        await body.json();
      }),
    ),
  );
  const bareMs = Math.round(performance.now() - begun);
  await pool.close();
  return bareMs;
}

/** Makes terminals known to the simulator. @returns them as CSV */
async function register(stack: Stack, prefix: string, terminals: number): Promise<string> {
  const series = prefix === 'bare' ? '1' : '2';
  const lines = Array.from({ length: terminals }, (_, index) => {
    const tpeId = `${series}0000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    return `${tpeId},${prefix}-${index},alpha,A920,Lyon-${index % 40},4.1.0`;
  });
  const csv = ['tpeId,idTms,tms,model,site,version', ...lines].join('\n');
  const response = await fetch(`${simulatorUrl(stack)}/fleet`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: csv,
  });
  if (!response.ok) throw new Error(`the simulator refuses the fleet: ${await response.text()}`);
  return csv;
}

function simulatorUrl(stack: Stack): string {
  return `http://127.0.0.1:${stack.ports.simulatorTms}`;
}

async function simulatorStats(stack: Stack): Promise<SimulatorStats> {
  return (await (await fetch(`${simulatorUrl(stack)}/stats`)).json()) as SimulatorStats;
}

/** A GET, or a POST where there is a body. */
async function call<T>(stack: Stack, path: string, body?: unknown, type = 'application/json'): Promise<T> {
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

/** CPU seconds that each process has taken so far. PostgreSQL's own children are not in it. */
function cpuSeconds(stack: Stack): Record<string, number> {
  return Object.fromEntries(
    PROCESSES.map((name) => {
      const { pid } = stack.process(name);
      if (pid === undefined) return [name, 0];
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [name, (Number(fields[11]) + Number(fields[12])) / TICKS];
    }),
  );
}
