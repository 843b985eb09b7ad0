/**
 * The same campaign with 1, 2 and 4 processes of the roles `tms` and `orchestrator`, and with 1 and 2 of the API: how the
 * work is shared, by what each process has counted, and that nothing is done twice. On one machine more processes share
 * the same cores: what is to be seen is that they take work from one another, not that it is done sooner.
 */
import { parseArgs } from 'node:util';
import { positive, progress } from './boundary.ts';
import {
  addFleet,
  type BenchPlatform,
  round,
  trigger,
  untilEnded,
  untilTracked,
  withPlatform,
} from './campaign-bench.ts';
import { metricsOf, sumOf } from './processes.ts';
import { reckon } from './reckoning.ts';

/** Requests to the API that are spread over its processes in turn. */
const READS = 200;

/** What a process counts of its work, and of which role. A dispatch is shared by batches: 500 terminals of one TMS. */
const WORK = {
  dispatched: { role: 'tms', metric: 'tms_requests_total', matching: 'operation="request"' },
  observed: { role: 'tms', metric: 'tms_requests_total', matching: 'operation="observe"' },
  recorded: { role: 'orchestrator', metric: 'saga_step_duration_seconds_count', matching: 'step="record"' },
  answered: {
    role: 'api',
    metric: 'http_request_duration_seconds_count',
    matching: 'route="/api/v1/campaigns/{campaignId}"',
  },
} as const;
type Work = keyof typeof WORK;
const KINDS = Object.keys(WORK) as Work[];
const SCALED = ['tms', 'orchestrator', 'api'] as const;
type Scaled = (typeof SCALED)[number];

interface Round {
  workers: number;
  apis: number;
  triggerMs: number;
  trackedMs: number;
  endedMs: number;
  /** Work of each process, largest share first. */
  shares: Record<Work, number[]>;
  duplicates: number;
  repeatedMessages: number;
  lost: number;
}

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      terminals: { type: 'string', default: '3000' },
      workers: { type: 'string', default: '1,2,4' },
    },
  });
  const terminals = positive(values.terminals);
  const soon = { min: 0, max: 5 };
  const behaviour = { queueSeconds: soon, downloadSeconds: soon, installSeconds: soon };
  return withPlatform({ alpha: behaviour, beta: behaviour }, async (platform) => {
    const rounds: Round[] = [];
    const names: Record<Scaled, string[]> = { tms: ['tms'], orchestrator: ['orchestrator'], api: ['api'] };
    for (const workers of values.workers.split(',').map(positive)) {
      const apis = workers > 1 ? 2 : 1;
      await grow(platform, names, { tms: workers, orchestrator: workers, api: apis });
      rounds.push(await oneRound(platform, names, terminals, { workers, apis }));
    }
    const [first, last] = [rounds[0], rounds.at(-1)];
    return {
      terminals,
      endedMs: last?.endedMs,
      // With one process of each role.
      baselineEndedMs: first?.endedMs,
      ratio: round((last?.endedMs ?? 0) / (first?.endedMs ?? 1)),
      // Of an even share, what the process had that had least in the last round: 1 is shared evenly.
      leastShares: last && Object.fromEntries(KINDS.map((kind) => [kind, leastShare(last.shares[kind])])),
      duplicates: sum(rounds, ({ duplicates }) => duplicates),
      repeatedMessages: sum(rounds, ({ repeatedMessages }) => repeatedMessages),
      lost: sum(rounds, ({ lost }) => lost),
      rounds,
    };
  });
}

async function grow(
  { stack }: BenchPlatform,
  names: Record<Scaled, string[]>,
  wanted: Record<Scaled, number>,
): Promise<void> {
  for (const role of SCALED) {
    while (names[role].length < wanted[role]) {
      const name = `${role}-${names[role].length + 1}`;
      await stack.startRole(role, {}, name);
      names[role].push(name);
    }
  }
}

async function oneRound(
  platform: BenchPlatform,
  names: Record<Scaled, string[]>,
  terminals: number,
  size: { workers: number; apis: number },
): Promise<Round> {
  progress(`${size.workers} tms and orchestrator, ${size.apis} API: campaign over ${terminals} terminals`);
  const fleet = await addFleet(platform, terminals, ['alpha', 'beta']);
  const before = await counts(platform, names);
  const { campaignId, requestedAt, triggerMs } = await trigger(platform, fleet, {
    polling: { windows: [{ everySeconds: 10, attempts: 100 }] },
    deadlineSeconds: 900,
  });
  await untilTracked(platform, campaignId, terminals);
  const trackedMs = Date.now() - requestedAt;
  await untilEnded(platform, campaignId);
  const endedMs = Date.now() - requestedAt;
  await readFromAll(platform, names.api, campaignId);
  const after = await counts(platform, names);
  const shareOf = (kind: Work): number[] =>
    after[kind].map((count, index) => count - (before[kind][index] ?? 0)).toSorted((a, b) => b - a);
  const shares = byKind(shareOf);
  progress(`  ended after ${endedMs} ms, shared ${JSON.stringify(shares)}`);
  const { duplicates, repeatedMessages, lost } = await reckon(platform, campaignId);
  return { ...size, triggerMs, trackedMs, endedMs, shares, duplicates, repeatedMessages, lost };
}

async function counts(
  { stack }: BenchPlatform,
  names: Record<Scaled, string[]>,
): Promise<Record<Work, number[]>> {
  const all = SCALED.flatMap((role) => names[role]);
  const texts = new Map(
    await Promise.all(all.map(async (name) => [name, await metricsOf(stack, name)] as const)),
  );
  return byKind((kind) => {
    const { role, metric, matching } = WORK[kind];
    return names[role].map((name) => sumOf(texts.get(name) ?? '', metric, matching));
  });
}

function byKind<T>(of: (kind: Work) => T): Record<Work, T> {
  return Object.fromEntries(KINDS.map((kind) => [kind, of(kind)])) as Record<Work, T>;
}

/** As a load balancer does it: one request to each in turn. @throws Error where two processes say different things */
async function readFromAll(
  { stack }: BenchPlatform,
  apis: readonly string[],
  campaignId: string,
): Promise<void> {
  const answers = new Set<string>();
  for (let read = 0; read < READS; read++) {
    const { env } = stack.process(apis[read % apis.length] ?? 'api').spec;
    const answer = await fetch(`http://127.0.0.1:${env?.API_PORT}/api/v1/campaigns/${campaignId}`);
    const { status, counts: byStatus } = (await answer.json()) as { status: string; counts: object };
    answers.add(JSON.stringify([answer.status, status, byStatus]));
  }
  if (answers.size !== 1) throw new Error(`The APIs say different things: ${[...answers].join('; ')}`);
}

function leastShare(byProcess: readonly number[]): number {
  const all = sum(byProcess, (count) => count);
  return all === 0 ? 0 : round(((byProcess.at(-1) ?? 0) / all) * byProcess.length);
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
