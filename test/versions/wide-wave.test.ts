/** A wave that asks for more at once than yesterday's workers did: whoever of the two begins it, each batch is asked for once. */
import { heartbeat } from '@temporalio/activity';
import { beforeEach, expect, it } from 'vitest';
import type { DispatchInput, DispatchResult } from '../../activities/types.ts';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { failedTasks } from './histories.ts';
import { bothVersions, until, type WaveHandle, Waves } from './waves.ts';

/** Batches of each of two TMSs: more than the eight that were given out at once. */
const BATCHES = 10;
const TMS = ['alpha', 'beta'];

const versions = bothVersions();

let waves: Waves;
/** "alpha 3": the batches that were asked for, in the order in which they were. */
let asked: string[];
/** Until then no batch is answered. */
let answer: PromiseWithResolvers<void>;

beforeEach(async () => {
  waves = await Waves.prepare();
  asked = [];
  answer = Promise.withResolvers();
  return () => waves.close();
}, START_TIMEOUT_MS);

async function dispatch({ tms, from }: DispatchInput): Promise<DispatchResult> {
  asked.push(`${tms} ${from}`);
  const beat = setInterval(() => heartbeat(), 500);
  await answer.promise.finally(() => clearInterval(beat));
  return { shards: [], remaining: 0 };
}

/** A terminal is a batch, and none is followed. */
function startWave(): Promise<WaveHandle> {
  return waves.start(
    TMS.flatMap((tms) => Array.from({ length: BATCHES }, (_, from) => ({ tms, from, to: from + 1 }))),
  );
}

/** Today's worker ends the wave, and each batch was asked for once. */
async function expectEnd(wave: WaveHandle): Promise<void> {
  const worker = await waves.workflowsOf(versions.today);
  await worker.runUntil(async () => {
    answer.resolve();
    await wave.result();
  });
  expect(asked.toSorted()).toEqual(
    TMS.flatMap((tms) => Array.from({ length: BATCHES }, (_, from) => `${tms} ${from}`)),
  );
}

it('begun by a worker of yesterday it is carried on by one of today', () =>
  waves.withTms(TMS, dispatch, async () => {
    const wave = await startWave();
    const worker = await waves.workflowsOf(versions.yesterday);
    await worker.runUntil(() => until(() => asked.length === 16));
    await expectEnd(wave);
    expect(await failedTasks(waves.client)).toEqual([]);
  }));

it('begun by a worker of today it waits, untouched by one of yesterday, for one of today', () =>
  waves.withTms(TMS, dispatch, async () => {
    const wave = await startWave();
    const worker = await waves.workflowsOf(versions.today);
    await worker.runUntil(() => until(() => asked.length === 2 * BATCHES));
    const stranger = await waves.workflowsOf(versions.yesterday);
    await wave.signal('waveCommand', 'resume');
    await stranger.runUntil(() => until(async () => (await failedTasks(waves.client)).length > 0));
    expect((await wave.describe()).status.name).toBe('RUNNING');
    expect((await failedTasks(waves.client))[0]).toMatch(/Nondeterminism/);
    await expectEnd(wave);
  }));
