/**
 * Resident memory of each process with so many terminals in flight, over some minutes, each looked at so often that there
 * are 100 looks a second (30,000 terminals every 5 minutes). The baseline is the same process before the campaign.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ROLES } from '../stack/roles.ts';
import { positive, progress } from './boundary.ts';
import {
  addFleet,
  NEVER_DONE,
  positiveNumber,
  round,
  simulatorStats,
  trigger,
  untilTracked,
  withPlatform,
} from './campaign-bench.ts';
import { memoryMb } from './processes.ts';

const SAMPLE_MS = 5_000;
const WORKERS = ROLES.filter((role) => role !== 'simulator');

interface Course {
  idleMb: number;
  /** When every terminal has its tracker. */
  firstMb: number;
  highestMb: number;
  lastMb: number;
  /** By a straight line through all samples. */
  growthMbPerMinute: number;
}

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      terminals: { type: 'string', default: '3000' },
      minutes: { type: 'string', default: '5' },
      'looks-per-second': { type: 'string', default: '100' },
    },
  });
  const terminals = positive(values.terminals);
  const minutes = positiveNumber(values.minutes);
  const everySeconds = Math.max(1, terminals / positiveNumber(values['looks-per-second']));
  return withPlatform({ alpha: NEVER_DONE }, async (platform) => {
    const idle = await memoryMb(platform.stack);
    progress(`idle: ${JSON.stringify(idle)}`);
    const fleet = await addFleet(platform, terminals);
    const { campaignId } = await trigger(platform, fleet, {
      polling: { windows: [{ everySeconds, attempts: 1_000 }] },
      deadlineSeconds: 86_400,
    });
    await untilTracked(platform, campaignId, terminals);
    const begun = Date.now();
    const looksBefore = (await simulatorStats(platform)).hardware.calls;
    const samples: { minute: number; mb: Record<string, number> }[] = [];
    do {
      const minute = (Date.now() - begun) / 60_000;
      samples.push({ minute, mb: await memoryMb(platform.stack) });
      if (samples.length % 6 === 1)
        progress(`  ${minute.toFixed(1)} min: ${JSON.stringify(samples.at(-1)?.mb)}`);
      await sleep(SAMPLE_MS);
    } while (Date.now() - begun < minutes * 60_000);
    const seconds = (Date.now() - begun) / 1_000;
    const looks = (await simulatorStats(platform)).hardware.calls - looksBefore;
    const courses = Object.fromEntries(
      Object.keys(idle).map((name) => [
        name,
        courseOf(
          idle[name] ?? 0,
          samples.map(({ minute, mb }) => [minute, mb[name] ?? 0]),
        ),
      ]),
    );
    const [largest = 'none'] = WORKERS.toSorted(
      (a, b) => (courses[b]?.highestMb ?? 0) - (courses[a]?.highestMb ?? 0),
    );
    const { highestMb = 0, idleMb = 0 } = courses[largest] ?? {};
    return {
      terminals,
      minutes,
      everySeconds: round(everySeconds),
      looksPerSecond: round(looks / seconds, 1),
      largestWorker: largest,
      largestWorkerMb: highestMb,
      baselineMb: idleMb,
      ratio: round(highestMb / idleMb),
      processes: courses,
    };
  });
}

function courseOf(idleMb: number, points: readonly [minute: number, mb: number][]): Course {
  const sizes = points.map(([, mb]) => mb);
  return {
    idleMb,
    firstMb: sizes[0] ?? 0,
    highestMb: Math.max(...sizes),
    lastMb: sizes.at(-1) ?? 0,
    growthMbPerMinute: round(slope(points), 1),
  };
}

/** Of the straight line with the least squares; 0 where there is one point only. */
function slope(points: readonly [x: number, y: number][]): number {
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
}
