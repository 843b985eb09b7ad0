/** The shards of a crowd begin in turn; yesterday's did all at once. Workers of both have a part in the same wave. */
import { beforeEach, expect, it } from 'vitest';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { inShards } from '../workflows/world-tms.ts';
import { failedTasks } from './histories.ts';
import { bothVersions, until, type WaveHandle, Waves } from './waves.ts';

/** A crowd, whose 25 shards are more than begin at once. */
const TERMINALS = 2_500;
const SHARDS = 25;

const versions = bothVersions();

let waves: Waves;

beforeEach(async () => {
  waves = await Waves.prepare();
  return () => waves.close();
}, START_TIMEOUT_MS);

function startWave(): Promise<WaveHandle> {
  return waves.start([{ tms: 'alpha', from: 0, to: TERMINALS }]);
}

/** Events of this type in the wave's history. */
async function count(wave: WaveHandle, type: string): Promise<number> {
  const { events } = await wave.fetchHistory();
  return (events ?? []).filter((event) => Object.hasOwn(event, `${type}EventAttributes`)).length;
}

it('begun by a worker of yesterday, all at once, it is carried on by one of today', () =>
  waves.withTms(
    ['alpha'],
    async (batch) => inShards(batch),
    async () => {
      const wave = await startWave();
      const worker = await waves.workflowsOf(versions.yesterday);
      await worker.runUntil(() =>
        until(async () => (await count(wave, 'childWorkflowExecutionStarted')) === SHARDS),
      );
      const [successor, shards] = await Promise.all([
        waves.workflowsOf(versions.today),
        waves.shardsOf(versions.today),
      ]);
      await successor.runUntil(shards.runUntil(wave.result()));
      expect(await count(wave, 'workflowExecutionSignaled')).toBe(0);
      expect(await failedTasks(waves.client)).toEqual([]);
    },
  ));

it('begun by a worker of today, with shards at one of yesterday, it has all of them begin', () =>
  waves.withTms(
    ['alpha'],
    async (batch) => inShards(batch),
    async () => {
      const wave = await startWave();
      const [worker, shards] = await Promise.all([
        waves.workflowsOf(versions.today),
        waves.shardsOf(versions.yesterday),
      ]);
      await worker.runUntil(shards.runUntil(wave.result()));
      expect(await count(wave, 'childWorkflowExecutionCompleted')).toBe(SHARDS);
      expect(await count(wave, 'workflowExecutionSignaled')).toBe(0);
      expect(await failedTasks(waves.client)).toEqual([]);
    },
  ));
