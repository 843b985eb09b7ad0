import { describe, expect, it } from 'vitest';
import { changePolicyUpdate } from '../../workflows/messages.ts';
import { DEFAULT_RETRY } from '../../workflows/policy/defaults.ts';
import { HOUR, inWaves, startCampaign } from './campaigns.ts';
import { skipTimeInEachTest } from './time-skipping.ts';

const time = skipTimeInEachTest();

describe('a running campaign', () => {
  it('takes another rate and threshold, and refuses what is fixed with the reason', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 90 };
      inWaves(world, [2]);
      const handle = await startCampaign(time);
      await time.env.sleep('10 minutes');
      const rate = { perMinute: 5, growthFactor: 1, growEvery: 1, maxPerMinute: null };
      const changed = await handle.executeUpdate(changePolicyUpdate, {
        args: [{ by: 'ops', change: { rate } }],
      });
      expect(changed).toEqual(['rate']);
      expect(world.policyChanges).toEqual([{ rate }]);
      const refused = handle.executeUpdate(changePolicyUpdate, {
        args: [{ change: { waves: [] } as never }],
      });
      await expect(refused).rejects.toMatchObject({
        cause: { message: expect.stringMatching(/^waves is fixed when the campaign starts/) },
      });
      expect(await handle.result()).toMatchObject({ counts: { SUCCESS: 2 } });
    });
  });

  it('takes in terminals that come to match, where its membership is dynamic', async () => {
    await time.withWorld(async (world) => {
      world.policy.membership = 'dynamic';
      world.policy.endAt = new Date((await time.env.currentTimeMs()) + 10 * HOUR).toISOString();
      world.behaviour = { runsTargetFrom: 4 };
      inWaves(world, [2]);
      const handle = await startCampaign(time);
      await time.env.sleep('1 hour');
      const late = world.addTpe(100);
      world.rows.delete(late.tpeId);
      world.joiners = [late];
      expect(await handle.result()).toMatchObject({ status: 'COMPLETED', counts: { SUCCESS: 3 }, total: 3 });
      expect(world.asked).toContain(late.tpeId);
    });
  });
});

describe('a terminal that fails', () => {
  it('is tried again after the back-off, under a new attempt', async () => {
    await time.withWorld(async (world) => {
      world.policy.retry = { ...DEFAULT_RETRY, attempts: 3, backoffSeconds: 600 };
      world.behaviour = { failsInAttempts: [1, 2], runsTargetFrom: 4 };
      inWaves(world, [1]);
      const handle = await startCampaign(time);
      expect(await handle.result()).toMatchObject({ counts: { SUCCESS: 1 } });
      expect(world.recorded).toMatchObject([{ status: 'SUCCESS', attempt: 3 }]);
      expect(world.asked).toHaveLength(3);
    });
  });

  it('is rolled back where the policy says so, and stays FAILED', async () => {
    await time.withWorld(async (world) => {
      world.policy.onFailure = 'roll-back';
      world.behaviour = { says: [[1, 'FAILED']] };
      inWaves(world, [1]);
      const handle = await startCampaign(time);
      expect(await handle.result()).toMatchObject({
        status: 'COMPLETED',
        counts: { FAILED: 1 },
        compensations: { ROLLED_BACK: 1 },
      });
      expect(world.compensations).toMatchObject([{ state: 'ROLLED_BACK', reason: 'unchanged' }]);
    });
  });
});
