/**
 * How long it takes from the HTTP request that creates a campaign to the TMS's last update call, against a bare loop
 * that makes the same calls with the same HTTP client and concurrency. One call per terminal; with `--bulk` one per 500.
 * `--naive` measures, beside it, a workflow per terminal that makes the first call itself. With `--settle` it goes on
 * until every terminal is final, and tells the history of the campaign and the CPU that each process took.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { campaignWorkflowId } from '../workflows/names.ts';
import { bareTrigger } from './bare-calls.ts';
import { positive, progress } from './boundary.ts';
import {
  addFleet,
  type BenchPlatform,
  round,
  simulatorStats,
  trigger,
  untilEnded,
  withPlatform,
} from './campaign-bench.ts';
import { startNaive } from './naive/naive.ts';
import { cpuSeconds, cpuSince } from './processes.ts';

const BULK = 500;

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      terminals: { type: 'string' },
      bulk: { type: 'boolean', default: false },
      naive: { type: 'boolean', default: false },
      settle: { type: 'boolean', default: false },
    },
  });
  const terminals = positive(values.terminals ?? (values.naive ? '1000' : '3000'));
  const requestBulk = values.bulk ? BULK : 1;
  return withPlatform(
    { alpha: { latencyMs: { min: 1, max: 5 } }, beta: {}, speed: 240, requestBulk },
    async (platform) => {
      progress(`bare loop: ${terminals} terminals, ${requestBulk} per call`);
      const bareMs = await bareTrigger(platform, terminals, requestBulk);
      progress(`  ${bareMs} ms`);
      const fleet = await addFleet(platform, terminals);
      const cpuBefore = cpuSeconds(platform.stack);
      progress(`campaign over ${terminals} terminals`);
      const { campaignId, requestedAt, ...figures } = await trigger(
        platform,
        { terminals, targets: { all: true } },
        { polling: { windows: [{ everySeconds: 10, attempts: 60 }] }, deadlineSeconds: 600 },
      );
      const { triggerMs } = figures;
      const { duplicates, updateCalls } = await simulatorStats(platform);
      progress(`  ${triggerMs} ms`);
      return {
        terminals,
        ...figures,
        bareMs,
        ratio: round(triggerMs / bareMs),
        calls: updateCalls,
        duplicates,
        triggerCpuSeconds: cpuSince(platform.stack, cpuBefore),
        ...(values.settle ? await untilSettled(platform, campaignId, requestedAt, cpuBefore) : {}),
        ...(values.naive ? await naively(platform, fleet.terminals, campaignId, triggerMs) : {}),
      };
    },
  );
}

async function untilSettled(
  platform: BenchPlatform,
  campaignId: string,
  requestedAt: number,
  cpuBefore: Record<string, number>,
): Promise<Record<string, unknown>> {
  await untilEnded(platform, campaignId);
  const settledMs = Date.now() - requestedAt;
  const { historyLength } = await platform.temporal.workflow
    .getHandle(campaignWorkflowId(campaignId))
    .describe();
  return {
    settledMs,
    campaignHistoryEvents: historyLength,
    cpuSeconds: cpuSince(platform.stack, cpuBefore),
  };
}

/** The same number of terminals, asked for by a child workflow each, once the campaign no longer takes part. */
async function naively(
  platform: BenchPlatform,
  terminals: number,
  campaignId: string,
  triggerMs: number,
): Promise<Record<string, unknown>> {
  progress('waiting for the campaign to end');
  await untilEnded(platform, campaignId);
  const fleet = await addFleet(platform, terminals);
  const naive = await startNaive(platform);
  try {
    progress(`a workflow per terminal, each with a call of its own`);
    await fetch(`${platform.simulator}/stats/reset`, { method: 'POST' });
    const { startedAt, end } = await naive.start(fleet, true);
    let stats = await simulatorStats(platform);
    while (stats.accepted < terminals) {
      await sleep(50);
      stats = await simulatorStats(platform);
    }
    const naiveMs = (stats.lastUpdateCallAt ?? 0) - startedAt;
    progress(`  ${naiveMs} ms`);
    await end();
    return { naiveMs, naiveRatio: round(naiveMs / triggerMs, 1) };
  } finally {
    await naive.stop();
  }
}
