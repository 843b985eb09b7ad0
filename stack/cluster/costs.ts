/** What one terminal of a campaign costs the servers: the figures of `docs/scaling.md`. */
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { Client } from 'pg';
import { request } from 'undici';
import type { Config } from '../../config.ts';
import type { SimulatorStats } from '../../tms/simulator/admin-routes.ts';
import type { Cluster } from './cluster.ts';
import { HOST } from './layout.ts';
import { TEMPORAL_DATABASES } from './temporal-config.ts';

/** Counters of all servers at one time; only their differences mean something. */
export interface Counters {
  /** Terminals whose state a TMS was asked for. */
  looks: number;
  /** Requests that came to Temporal's frontends, those that wait for work among them. */
  frontendRequests: number;
  /** Rows written, changed and deleted in the platform's database, and its transactions. */
  platformRows: number;
  platformCommits: number;
  /** The same in Temporal's two databases. */
  temporalRows: number;
  temporalCommits: number;
}

/** What a campaign itself has left behind, which no restart loses. */
export interface Traces {
  /** Messages on all topics of ours. */
  kafkaMessages: number;
  /** Workflows, the changes of their states that Temporal has written, and the events of their histories. */
  workflows: number;
  stateTransitions: number;
  historyEvents: number;
}

/** `Counters` and `Traces`, for each terminal. */
export type CostsPerTerminal = { [Name in keyof (Counters & Traces) as `${Name}PerTerminal`]: number };

/** Reads all counters. A killed process begins anew at 0: meant for runs without. */
export async function readCounters(cluster: Cluster): Promise<Counters> {
  const [simulator, metrics, databases] = await Promise.all([
    readSimulator(cluster),
    Promise.all(cluster.layout.temporal.map(({ metricsPort }) => readMetrics(metricsPort))),
    readDatabases(cluster.stack.env.DATABASE_URL ?? ''),
  ]);
  const total = (name: string): number => sum(metrics.map((text) => sumOf(text, name)));
  const platform = databases.filter(({ name }) => name === 'tpe');
  const temporal = databases.filter(({ name }) => name !== 'tpe');
  return {
    looks: simulator.observedOperations,
    frontendRequests: total('service_requests{[^}]*service_name="frontend"'),
    platformRows: sum(platform.map(({ rows }) => rows)),
    platformCommits: sum(platform.map(({ commits }) => commits)),
    temporalRows: sum(temporal.map(({ rows }) => rows)),
    temporalCommits: sum(temporal.map(({ commits }) => commits)),
  };
}

export function costsPerTerminal(
  before: Counters,
  after: Counters,
  traces: Traces,
  terminals: number,
): CostsPerTerminal {
  const spent = (Object.keys(before) as (keyof Counters)[]).map(
    (name) => [name, after[name] - before[name]] as const,
  );
  const perTerminal = [...spent, ...Object.entries(traces)].map(
    ([name, amount]) => [`${name}PerTerminal`, Math.round((amount / terminals) * 10) / 10] as const,
  );
  return Object.fromEntries(perTerminal) as CostsPerTerminal;
}

/** Reads what Temporal has written down about a campaign's workflows; those that have ended are complete. */
export async function readWorkflows(
  config: Config,
  campaignId: string,
): Promise<Omit<Traces, 'kafkaMessages'>> {
  const { address, namespace } = config.temporal;
  const connection = await Connection.connect({ address });
  const sums = { workflows: 0, stateTransitions: 0, historyEvents: 0 };
  try {
    const { workflow } = new TemporalClient({ connection, namespace });
    for await (const { historyLength, raw } of workflow.list({ query: `CampaignId = '${campaignId}'` })) {
      sums.workflows++;
      sums.historyEvents += historyLength;
      sums.stateTransitions += Number(raw.stateTransitionCount);
    }
    return sums;
  } finally {
    await connection.close();
  }
}

/**
 * The sum over all series of a metric in Prometheus's text.
 * @param name a regular expression for the name, and for the labels that it must have
 */
export function sumOf(text: string, name: string): number {
  const line = new RegExp(String.raw`^${name}.*?\s([\d.e+]+)$`, 'gm');
  return sum([...text.matchAll(line)].map(([, value]) => Number(value)));
}

async function readMetrics(port: number): Promise<string> {
  const { body } = await request(`http://${HOST}:${port}/metrics`);
  return body.text();
}

async function readSimulator({ stack }: Cluster): Promise<SimulatorStats> {
  const { body } = await request(`http://${HOST}:${stack.ports.simulatorTms}/stats`);
  return (await body.json()) as SimulatorStats;
}

interface DatabaseCounters {
  name: string;
  rows: number;
  commits: number;
}

async function readDatabases(url: string): Promise<DatabaseCounters[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<DatabaseCounters>(
      `SELECT datname AS name, (tup_inserted + tup_updated + tup_deleted)::float8 AS rows, xact_commit::float8 AS commits
       FROM pg_stat_database WHERE datname = ANY ($1)`,
      [['tpe', ...Object.values(TEMPORAL_DATABASES)]],
    );
    return rows;
  } finally {
    await client.end();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
