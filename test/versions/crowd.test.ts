/** The shards of a crowd begin in turn; yesterday's did all at once. Workers of both have a part in the same wave. */
import type { WorkflowBundle } from '@temporalio/worker';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { DispatchInput, DispatchResult } from '../../activities/types.ts';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { prepareWorkflows } from '../workflows/time-skipping.ts';
import { readBundle, YESTERDAY } from './bundles.ts';
import { failedTasks } from './histories.ts';
import { until, type WaveHandle, Waves } from './waves.ts';

/** A crowd, whose 25 shards are more than begin at once. */
const TERMINALS = 2_500;
const SHARDS = 25;

let today: WorkflowBundle;
let yesterday: WorkflowBundle;
let waves: Waves;

beforeAll(async () => {
  today = await prepareWorkflows();
  yesterday = await readBundle(YESTERDAY);
}, START_TIMEOUT_MS);
beforeEach(async () => {
  waves = await Waves.prepare();
  return () => waves.close();
}, START_TIMEOUT_MS);

async function dispatch({ from, to, firstShard, shardSize }: DispatchInput): Promise<DispatchResult> {
  const shards = Array.from({ length: (to - from) / shardSize }, (_, index) => ({
    shard: firstShard + index,
    terminals: shardSize,
  }));
  return { shards, remaining: 0 };
}

function startWave(): Promise<WaveHandle> {
  return waves.start([{ tms: 'alpha', from: 0, to: TERMINALS }]);
}

/** Events of this type in the wave's history. */
async function count(wave: WaveHandle, type: string): Promise<number> {
  const { events } = await wave.fetchHistory();
  return (events ?? []).filter((event) => Object.hasOwn(event, `${type}EventAttributes`)).length;
}

it('begun by a worker of yesterday, all at once, it is carried on by one of today', () =>
  waves.withTms(['alpha'], dispatch, async () => {
    const wave = await startWave();
    const worker = await waves.workflowsOf(yesterday);
    await worker.runUntil(() =>
      until(async () => (await count(wave, 'childWorkflowExecutionStarted')) === SHARDS),
    );
    const [successor, shards] = await Promise.all([waves.workflowsOf(today), waves.shardsOf(today)]);
    await successor.runUntil(shards.runUntil(wave.result()));
    expect(await count(wave, 'workflowExecutionSignaled')).toBe(0);
    expect(await failedTasks(waves.client)).toEqual([]);
  }));

it('begun by a worker of today, with shards at one of yesterday, it has all of them begin', () =>
  waves.withTms(['alpha'], dispatch, async () => {
    const wave = await startWave();
    const [worker, shards] = await Promise.all([waves.workflowsOf(today), waves.shardsOf(yesterday)]);
    await worker.runUntil(shards.runUntil(wave.result()));
    expect(await count(wave, 'childWorkflowExecutionCompleted')).toBe(SHARDS);
    expect(await count(wave, 'workflowExecutionSignaled')).toBe(0);
    expect(await failedTasks(waves.client)).toEqual([]);
  }));
