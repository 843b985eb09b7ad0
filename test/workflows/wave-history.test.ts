/** The longest history that there is: of a wave of 100,000 terminals. Its shards find none, so that none tells that it has begun. */
import { expect, it } from 'vitest';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { Waves } from '../versions/waves.ts';
import { prepareWorkflows } from './time-skipping.ts';
import { inShards } from './world-tms.ts';

/** Temporal warns at more events than this in one history. */
const BOUND = 10_240;
const TERMINALS = 100_000;

it(
  'a wave of 100,000 terminals keeps its history under the bound',
  { timeout: START_TIMEOUT_MS + 600_000 },
  async () => {
    const bundle = await prepareWorkflows();
    const waves = await Waves.prepare();
    try {
      await waves.withTms(
        ['alpha'],
        async (batch) => inShards(batch),
        async () => {
          const wave = await waves.start([{ tms: 'alpha', from: 0, to: TERMINALS }]);
          const [worker, shards] = await Promise.all([waves.workflowsOf(bundle), waves.shardsOf(bundle)]);
          await worker.runUntil(shards.runUntil(wave.result()));
          const { events } = await wave.fetchHistory();
          const count = events?.length ?? 0;
          // Seven shards of each of the hundred batches are initiated, started and completed; telling would be four events more.
          expect(count).toBeGreaterThan(3 * 700);
          expect(count).toBeLessThan(BOUND - 4 * 700);
        },
      );
    } finally {
      await waves.close();
    }
  },
);
