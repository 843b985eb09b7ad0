/**
 * Looks per second with so many terminals in flight: at a rate that must be kept (that of 30,000 terminals every 5
 * minutes), with the cores that it takes, and at one that is more than can be kept, against bare calls of the same kind.
 * Before that, what the whole life of a terminal that times out after all its 48 looks costs the Temporal server, in
 * history events and in requests, by a schedule that is compressed and otherwise the standard one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { POLLING_SCHEDULES } from '../workflows/policy/polling.ts';
import { tpeWorkflowId } from '../workflows/names.ts';
import { bareLooks } from './bare-calls.ts';
import { positive, progress } from './boundary.ts';
import {
  addFleet,
  type BenchPlatform,
  type Fleet,
  NEVER_DONE,
  positiveNumber,
  round,
  simulatorStats,
  TRACKED_PER_SECOND,
  trigger,
  untilEnded,
  untilTracked,
  withPlatform,
} from './campaign-bench.ts';
import { cpuSeconds, cpuSince, sumBy, temporalMetrics } from './processes.ts';

/** The standard schedule's seconds, divided by this, for a whole life: 72 s. */
const COMPRESSION = 1_200;
/** Requests by which workers ask for work: they come also when there is none. */
const POLLS = new Set(['PollWorkflowTaskQueue', 'PollActivityTaskQueue', 'PollNexusTaskQueue']);
/** The shortest interval that a policy may have. */
const SHORTEST_CADENCE = 0.2;
/** Seconds that trackers may take to start beyond what `TRACKED_PER_SECOND` says. */
const MARGIN_SECONDS = 60;

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      terminals: { type: 'string', default: '3000' },
      // Looks per second to be kept, and more than can be.
      rate: { type: 'string', default: '100' },
      peak: { type: 'string', default: '400' },
      // Of each of the two phases, at least.
      seconds: { type: 'string', default: '120' },
      // Terminals whose whole life is counted.
      lives: { type: 'string', default: '20' },
    },
  });
  const terminals = positive(values.terminals);
  const [rate, peak] = [positiveNumber(values.rate), positiveNumber(values.peak)];
  const seconds = positiveNumber(values.seconds);
  return withPlatform({ alpha: NEVER_DONE }, async (platform) => {
    const life = await wholeLives(platform, positive(values.lives));
    const fleet = await addFleet(platform, terminals);
    progress('bare looks');
    const bare = (terminals / (await bareLooks(platform, fleet))) * 1_000;
    progress(`  ${Math.round(bare)}/s`);
    const [kept, faster] = [cadence(terminals, rate, seconds), cadence(terminals, peak, seconds)];
    // The first window lasts until it has surely been measured.
    const trackingSeconds = terminals / TRACKED_PER_SECOND + MARGIN_SECONDS;
    const attempts = Math.min(1_000, Math.ceil((trackingSeconds + kept.measureSeconds) / kept.everySeconds));
    const { campaignId, requestedAt } = await trigger(platform, fleet, {
      polling: {
        windows: [
          { everySeconds: kept.everySeconds, attempts },
          { everySeconds: faster.everySeconds, attempts: 1_000 },
        ],
      },
      deadlineSeconds: 86_400,
    });
    progress(`campaign over ${terminals} terminals`);
    await untilTracked(platform, campaignId, terminals);
    const trackedAt = Date.now();
    progress(`all are followed after ${Math.round((trackedAt - requestedAt) / 1_000)} s`);
    // A first look that is due before all have a tracker is a herd of its own.
    await sleep(Math.max(0, requestedAt + kept.everySeconds * 1_000 - trackedAt));
    const steady = await measureLooks(platform, kept.measureSeconds);
    progress(`  offered ${rate}/s: ${steady.looksPerSecond}/s with ${steady.cores} cores`);
    await sleep(Math.max(0, trackedAt + (attempts + 1) * kept.everySeconds * 1_000 - Date.now()));
    const most = await measureLooks(platform, faster.measureSeconds);
    progress(`  offered ${peak}/s: ${most.looksPerSecond}/s with ${most.cores} cores`);
    return {
      terminals,
      offeredPerSecond: rate,
      looksPerSecond: steady.looksPerSecond,
      busiestSecond: steady.busiestSecond,
      cores: steady.cores,
      cpuSeconds: steady.cpuSeconds,
      peakOfferedPerSecond: peak,
      peakLooksPerSecond: most.looksPerSecond,
      peakCores: most.cores,
      peakCpuSeconds: most.cpuSeconds,
      bareLooksPerSecond: Math.round(bare),
      ratio: round(most.looksPerSecond / bare, 3),
      ...life,
    };
  });
}

/**
 * How often each terminal is looked at for so many looks a second, and how long that is measured: for whole rounds, because
 * terminals that were asked for together are looked at together.
 */
function cadence(
  terminals: number,
  looksPerSecond: number,
  seconds: number,
): { everySeconds: number; measureSeconds: number } {
  const everySeconds = Math.max(SHORTEST_CADENCE, terminals / looksPerSecond);
  return { everySeconds, measureSeconds: Math.ceil(seconds / everySeconds) * everySeconds };
}

interface Phase {
  looksPerSecond: number;
  /** Most looks in any second. */
  busiestSecond: number;
  /** Of all processes but the simulator. */
  cores: number;
  cpuSeconds: Record<string, number>;
}

async function measureLooks(platform: BenchPlatform, seconds: number): Promise<Phase> {
  const looks = async (): Promise<number> => (await simulatorStats(platform)).hardware.calls;
  const cpuBefore = cpuSeconds(platform.stack);
  const begun = performance.now();
  const first = { at: begun, looks: await looks() };
  let last = first;
  let busiestSecond = 0;
  while (last.at - begun < seconds * 1_000) {
    await sleep(1_000);
    const now = { at: performance.now(), looks: await looks() };
    busiestSecond = Math.max(busiestSecond, perSecond(last, now));
    last = now;
  }
  const cpu = cpuSince(platform.stack, cpuBefore);
  const platformCpu = Object.entries(cpu).filter(([name]) => name !== 'simulator');
  const took = (last.at - begun) / 1_000;
  return {
    looksPerSecond: round(perSecond(first, last), 1),
    busiestSecond: Math.round(busiestSecond),
    cores: round(platformCpu.reduce((sum, [, each]) => sum + each, 0) / took),
    cpuSeconds: cpu,
  };
}

function perSecond(from: { at: number; looks: number }, to: { at: number; looks: number }): number {
  return ((to.looks - from.looks) / (to.at - from.at)) * 1_000;
}

async function wholeLives(platform: BenchPlatform, lives: number): Promise<Record<string, unknown>> {
  const windows = POLLING_SCHEDULES.standard.map(({ everySeconds, attempts }) => ({
    everySeconds: everySeconds / COMPRESSION,
    attempts,
  }));
  const looks = windows.reduce((sum, { attempts }) => sum + attempts, 0);
  const longest = windows.reduce((sum, { everySeconds, attempts }) => sum + everySeconds * attempts, 0);
  progress(`the whole life of ${lives} terminals: ${looks} looks in ${Math.round(longest)} s`);
  const fleet = await addFleet(platform, lives);
  const before = await requests(platform);
  // By the schedule alone: with the standard deadline it would be cut off after 24 h.
  const { campaignId } = await trigger(platform, fleet, {
    polling: { windows },
    deadlineSeconds: Math.ceil(longest * 4),
  });
  const { counts } = await untilEnded(platform, campaignId);
  const after = await requests(platform);
  const byOperation = Object.fromEntries(
    Object.entries(after)
      .map(([operation, count]) => [operation, round((count - (before[operation] ?? 0)) / lives, 1)] as const)
      .filter(([, each]) => each >= 0.5)
      .sort(([, a], [, b]) => b - a),
  );
  const perLife = Object.entries(byOperation);
  const histories = await historyLengths(platform, campaignId, fleet);
  return {
    lives,
    lifeLooks: round((await simulatorStats(platform)).hardware.calls / lives, 1),
    lifeEndedIn: Object.keys(counts),
    historyEventsPerLife: round(histories.reduce((sum, each) => sum + each, 0) / histories.length, 1),
    mostHistoryEvents: Math.max(...histories),
    // Both null where the server runs elsewhere.
    requestsPerLife: perLife.length === 0 ? null : total(perLife),
    requestsPerLifeWithoutPolls:
      perLife.length === 0 ? null : total(perLife.filter(([operation]) => !POLLS.has(operation))),
    requestsByOperation: byOperation,
  };
}

function total(entries: readonly (readonly [string, number])[]): number {
  return round(
    entries.reduce((sum, [, count]) => sum + count, 0),
    1,
  );
}

/** Requests that the frontend of the Temporal server has answered, by operation. */
async function requests({ stack }: BenchPlatform): Promise<Record<string, number>> {
  const metrics = await temporalMetrics(stack);
  return metrics === null ? {} : sumBy(metrics, 'service_requests', 'operation', 'service_name="frontend"');
}

async function historyLengths(
  { temporal }: BenchPlatform,
  campaignId: string,
  { tpeIds }: Fleet,
): Promise<number[]> {
  return Promise.all(
    tpeIds.map(async (tpeId) => {
      const { historyLength } = await temporal.workflow
        .getHandle(tpeWorkflowId(campaignId, tpeId))
        .describe();
      return historyLength;
    }),
  );
}
