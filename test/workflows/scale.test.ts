import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { expect, it } from 'vitest';
import type { CampaignActivities, TmsActivities } from '../../activities/types.ts';
import { campaignWorkflowId, waveWorkflowId } from '../../workflows/names.ts';
import { DEFAULT_GATE } from '../../workflows/policy/defaults.ts';
import { judgeWaves, sumOf, type WaveCounts } from '../../workflows/policy/gates.ts';
import { moved } from '../../workflows/policy/progress.ts';
import { startCampaign } from './campaigns.ts';
import { skipTime, type WorldActivities } from './time-skipping.ts';
import { inShards } from './world-tms.ts';
import type { World } from './world.ts';

/** Temporal warns at more events than this in one history. */
const BOUND = 10_240;
/** Terminals of each wave. */
const SIZES = [1_000, 4_000, 15_000];
const TOTAL = 20_000;

const time = skipTime();

/** Terminals that have been asked for, by wave; each is SUCCESS at once. */
const done = SIZES.map(() => 0);

/** Every batch and shard is there as in production; terminals are only counted. */
function countOnly({ campaign, tms }: WorldActivities, world: World): void {
  const firsts = SIZES.map((_, index) => SIZES.slice(0, index).reduce((sum, size) => sum + size, 0));
  const waves = (): WaveCounts[] =>
    SIZES.map((size, index) => {
      const success = done[index] ?? 0;
      return { wave: index + 1, counts: { SUCCESS: success, PENDING: size - success } };
    });
  world.policy.waves = SIZES.map((count, index) => ({
    name: `wave ${index + 1}`,
    size: { count },
    gate: { ...DEFAULT_GATE, soakSeconds: 600 },
  }));
  const usual = { ...campaign };
  Object.assign(campaign, {
    openCampaign: async (campaignId) => ({
      ...(await usual.openCampaign(campaignId)),
      total: TOTAL,
      waves: SIZES.map((size, index) => {
        const from = firsts[index] ?? 0;
        const lanes = [{ tms: 'alpha', from, to: from + size }];
        return { wave: index + 1, name: `wave ${index + 1}`, total: size, lanes };
      }),
      waveCounts: waves(),
    }),
    awaitProgress: async ({ seen, step, rules, verdicts }) => {
      const counts = sumOf(waves());
      const isNews =
        moved(seen, counts) >= step ||
        JSON.stringify(judgeWaves(rules, waves())) !== JSON.stringify(verdicts);
      if (isNews) return { counts, waves: waves(), compensations: {}, stalled: false };
      throw ApplicationFailure.create({ type: 'NoProgress', category: 'BENIGN' });
    },
    closeCampaign: async () => ({ counts: sumOf(waves()), waves: waves(), compensations: {} }),
  } satisfies Partial<CampaignActivities>);
  Object.assign(tms, {
    dispatch: async (batch) => {
      const { from, to } = batch;
      const wave = firsts.findLastIndex((first) => first <= from);
      done[wave] = (done[wave] ?? 0) + to - from;
      return inShards(batch);
    },
  } satisfies Partial<TmsActivities>);
}

it(
  'a campaign of 20,000 terminals in three waves keeps every history under the bound',
  { timeout: 300_000 },
  async () => {
    await time.withWorld(async () => {
      const campaignId = randomUUID();
      const handle = await startCampaign(time, campaignId);
      await handle.result();
      expect(done).toEqual(SIZES);
      const ids = [campaignWorkflowId(campaignId), ...SIZES.map((_, run) => waveWorkflowId(campaignId, run))];
      const lengths = await Promise.all(
        ids.map(async (id) => {
          const { events } = await time.env.client.workflow.getHandle(id).fetchHistory();
          return events?.length ?? 0;
        }),
      );
      expect(lengths[0]).toBeLessThan(1_710);
      for (const length of lengths) expect(length).toBeLessThan(BOUND);
      // Shards of 100 terminals, each at least initiated, started and completed.
      expect(lengths.at(-1)).toBeGreaterThan(3 * Math.floor(15_000 / 100));
    }, countOnly);
  },
);
