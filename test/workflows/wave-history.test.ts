/** The longest history that there is: of a wave of 100,000 terminals, every shard of which tells that it has begun. */
import { expect, it } from 'vitest';
import type { DispatchInput, DispatchResult } from '../../activities/types.ts';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { Waves } from '../versions/waves.ts';
import { prepareWorkflows } from './time-skipping.ts';

/** Temporal warns at more events than this in one history. */
const BOUND = 10_240;
const TERMINALS = 100_000;

async function dispatch({ from, to, firstShard, shardSize }: DispatchInput): Promise<DispatchResult> {
  const shards = Array.from({ length: Math.ceil((to - from) / shardSize) }, (_, index) => ({
    shard: firstShard + index,
    terminals: shardSize,
  }));
  return { shards, remaining: 0 };
}

it(
  'a wave of 100,000 terminals keeps its history under the bound',
  { timeout: START_TIMEOUT_MS + 600_000 },
  async () => {
    const bundle = await prepareWorkflows();
    const waves = await Waves.prepare();
    try {
      await waves.withTms(['alpha'], dispatch, async () => {
        const wave = await waves.start([{ tms: 'alpha', from: 0, to: TERMINALS }]);
        const [worker, shards] = await Promise.all([waves.workflowsOf(bundle), waves.shardsOf(bundle)]);
        await worker.runUntil(shards.runUntil(wave.result()));
        const { events } = await wave.fetchHistory();
        const count = events?.length ?? 0;
        // Seven shards of each of the hundred batches are initiated, started and completed; a signal each would be four events more.
        expect(count).toBeGreaterThan(3 * 700);
        expect(count).toBeLessThan(BOUND - 4 * 700);
      });
    } finally {
      await waves.close();
    }
  },
);
