/**
 * How many terminals per second get a workflow that follows them, once all have been asked for, against bare children
 * in shards of the same size that do nothing but wait. `--second` launches a campaign over 100 other terminals while the
 * first one's trackers start: its dispatch must not wait for them. `--postgres` has the Temporal server in services on
 * PostgreSQL in place of the embedded one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { positive, progress } from './boundary.ts';
import {
  addFleet,
  type BenchPlatform,
  type BenchPolicy,
  countTrackers,
  NEVER_DONE,
  round,
  SECOND,
  trigger,
  withPlatform,
} from './campaign-bench.ts';
import { startNaive, untilChildren } from './naive/naive.ts';
import { cpuSeconds, cpuSince } from './processes.ts';
import { type TemporalServers, withTemporalOnPostgres } from './temporal-on-postgres.ts';

const SAMPLE_MS = 500;
/** Bare children, at most: they cost as much each, however many. */
const BARE = 2_000;

/** The first look is due long after the measurement. */
const POLICY: BenchPolicy = {
  polling: { windows: [{ everySeconds: 43_200, attempts: 1 }] },
  deadlineSeconds: 86_400,
};

interface Sample {
  /** Epoch ms. */
  at: number;
  trackers: number;
}

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      terminals: { type: 'string', default: '3000' },
      second: { type: 'boolean', default: false },
      postgres: { type: 'boolean', default: false },
    },
  });
  const flags = { terminals: positive(values.terminals), withSecond: values.second };
  if (!values.postgres) return withPlatform({ alpha: NEVER_DONE }, (platform) => measure(platform, flags));
  return withTemporalOnPostgres((temporalAddress, servers) =>
    withPlatform({ alpha: NEVER_DONE, temporalAddress }, (platform) =>
      measure(platform, { ...flags, servers }),
    ),
  );
}

interface Measured {
  terminals: number;
  withSecond: boolean;
  /** The Temporal server, where it is not the stack's. */
  servers?: TemporalServers;
}

async function measure(
  platform: BenchPlatform,
  { terminals, withSecond, servers }: Measured,
): Promise<Record<string, unknown>> {
  const bare = await bareChildren(platform, Math.min(terminals, BARE));
  const fleet = await addFleet(platform, terminals);
  const secondFleet = await addFleet(platform, SECOND);
  progress(`campaign over ${terminals} terminals`);
  const { campaignId, requestedAt, triggerMs } = await trigger(platform, fleet, POLICY);
  const triggeredAt = requestedAt + triggerMs;
  progress(`  all asked for after ${triggerMs} ms`);
  const cpuBefore = cpuSeconds(platform.stack);
  const serversBefore = servers?.cpuSeconds();
  const samples: Sample[] = [];
  const sampling = sample(platform, campaignId, terminals, samples);
  let second: Record<string, unknown> = {};
  if (withSecond) {
    while ((samples.at(-1)?.trackers ?? 0) < terminals / 10) await sleep(SAMPLE_MS / 2);
    const figures = await trigger(platform, secondFleet, POLICY);
    progress(`  the second campaign: ${figures.triggerMs} ms`);
    second = {
      secondTriggerMs: figures.triggerMs,
      secondFirstCallMs: figures.firstCallMs,
      // Of the first campaign's, when the second one's last terminal was asked for.
      trackersBySecond: samples.at(-1)?.trackers ?? 0,
    };
  }
  await sampling;
  const trackedMs = (samples.at(-1)?.at ?? 0) - triggeredAt;
  return {
    terminals,
    triggerMs,
    firstTrackerMs: (samples.find(({ trackers }) => trackers > 0)?.at ?? 0) - triggeredAt,
    trackedMs,
    trackersPerSecond: round((terminals / trackedMs) * 1_000, 1),
    steadyTrackersPerSecond: steadyRate(samples, terminals),
    bareChildrenPerSecond: round(bare, 1),
    ratio: round(((terminals / trackedMs) * 1_000) / bare),
    ...second,
    cpuSeconds: cpuSince(platform.stack, cpuBefore),
    ...(servers && { temporalCpuSeconds: round(servers.cpuSeconds() - (serversBefore ?? 0), 1) }),
  };
}

/** @returns children started per second */
async function bareChildren(platform: BenchPlatform, children: number): Promise<number> {
  const naive = await startNaive(platform);
  try {
    progress(`bare children: ${children}`);
    const idTms = Array.from({ length: children }, (_, index) => `bare-${index}`);
    const { startedAt, end } = await naive.start({ idTms }, false);
    const tookMs = await untilChildren(platform, children, startedAt);
    const perSecond = (children / tookMs) * 1_000;
    progress(`  ${round(perSecond, 1)}/s`);
    await end();
    await untilNoChildren(platform);
    return perSecond;
  } finally {
    await naive.stop();
  }
}

/** The server ends them one after the other, which is work, too. */
async function untilNoChildren({ temporal }: BenchPlatform): Promise<void> {
  const running = `WorkflowType IN ('naiveShard', 'naiveTerminal') AND ExecutionStatus = 'Running'`;
  while ((await temporal.workflow.count(running)).count > 0) await sleep(SAMPLE_MS);
}

async function sample(
  platform: BenchPlatform,
  campaignId: string,
  terminals: number,
  samples: Sample[],
): Promise<void> {
  for (let told = 0; ; await sleep(SAMPLE_MS)) {
    const trackers = await countTrackers(platform, campaignId);
    samples.push({ at: Date.now(), trackers });
    if (trackers >= terminals) return;
    if (trackers - told >= terminals / 10) progress(`  ${(told = trackers)} are followed`);
  }
}

/** Per second, from the first tenth to the last: without the beginning and the end. */
function steadyRate(samples: readonly Sample[], terminals: number): number | null {
  const from = samples.find(({ trackers }) => trackers >= terminals / 10);
  const to = samples.find(({ trackers }) => trackers >= terminals * 0.9);
  if (!from || !to || to.at === from.at) return null;
  return round(((to.trackers - from.trackers) / (to.at - from.at)) * 1_000, 1);
}
