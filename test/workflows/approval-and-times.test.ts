import { describe, expect, it } from 'vitest';
import {
  approveSignal,
  changePolicyUpdate,
  progressQuery,
  rejectSignal,
  resumeSignal,
} from '../../workflows/messages.ts';
import { HOUR, inWaves, passTimeUntil, startCampaign } from './campaigns.ts';
import { skipTimeInEachTest } from './time-skipping.ts';

const time = skipTimeInEachTest();

describe('an approval', () => {
  it('by its author, or by nobody, does not count; by a second person it does', async () => {
    await time.withWorld(async (world) => {
      world.policy.approval = 'four-eyes';
      world.behaviour = { runsTargetFrom: 4 };
      inWaves(world, [2]);
      const handle = await startCampaign(time);
      await handle.signal(approveSignal);
      await handle.signal(approveSignal, { by: 'author' });
      await time.env.sleep('1 hour');
      expect((await handle.query(progressQuery)).status).toBe('PENDING_APPROVAL');
      expect(world.asked).toEqual([]);
      await handle.signal(approveSignal, { by: 'second' });
      expect(await handle.result()).toMatchObject({ status: 'COMPLETED', counts: { SUCCESS: 2 } });
      expect(world.commands.map(({ command }) => command)).toEqual([
        'refuse-approval',
        'refuse-approval',
        'approve',
      ]);
    });
  });

  it('that is refused ends the campaign before it has begun', async () => {
    await time.withWorld(async (world) => {
      world.policy.approval = 'four-eyes';
      inWaves(world, [2]);
      const handle = await startCampaign(time);
      await time.env.sleep('1 minute');
      await handle.signal(rejectSignal, { by: 'second', reason: 'not this week' });
      expect(await handle.result()).toMatchObject({ status: 'CANCELLED', counts: { CANCELLED: 2 } });
      expect(world.asked).toEqual([]);
      expect(world.commands).toEqual([{ command: 'reject', by: 'second', reason: 'not this week' }]);
    });
  });
});

describe('the time of a campaign', () => {
  it('begins at startAt', async () => {
    await time.withWorld(async (world) => {
      const startAt = (await time.env.currentTimeMs()) + 5 * HOUR;
      world.policy.startAt = new Date(startAt).toISOString();
      world.behaviour = { runsTargetFrom: 4 };
      inWaves(world, [1]);
      const handle = await startCampaign(time);
      await time.env.sleep('4 hours');
      expect((await handle.query(progressQuery)).status).toBe('SCHEDULED');
      expect(world.asked).toEqual([]);
      expect(await handle.result()).toMatchObject({ status: 'COMPLETED', counts: { SUCCESS: 1 } });
      expect(await time.env.currentTimeMs()).toBeGreaterThanOrEqual(startAt);
    });
  });

  it('ends at endAt: what was asked for is followed, the rest is left alone', async () => {
    await time.withWorld(async (world) => {
      world.policy.endAt = new Date((await time.env.currentTimeMs()) + 2 * HOUR).toISOString();
      world.behaviour = { runsTargetFrom: 180 };
      inWaves(world, [2, 3]);
      const handle = await startCampaign(time);
      expect(await handle.result()).toMatchObject({
        status: 'COMPLETED',
        counts: { SUCCESS: 2, CANCELLED: 3 },
      });
      expect(world.asked).toHaveLength(2);
    });
  });

  it('pauses where maintenance windows close in the middle of dispatch, and goes on when they open', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 4 };
      inWaves(world, [10]);
      const opensAt = (await time.env.currentTimeMs()) + 20 * HOUR;
      world.beforeAsking = async (asked) => {
        if (asked === 4) world.closedUntil = opensAt;
      };
      const handle = await startCampaign(time);
      await time.env.sleep('10 hours');
      expect(world.asked).toHaveLength(4);
      expect(world.recorded).toHaveLength(4);
      expect((await handle.query(progressQuery)).waitingFor).toEqual({
        what: 'the maintenance windows to open',
        until: new Date(opensAt).toISOString(),
      });
      world.beforeAsking = async () => undefined;
      expect(await handle.result()).toMatchObject({ status: 'COMPLETED', counts: { SUCCESS: 10 } });
      expect(world.asked).toHaveLength(10);
    });
  });

  it('pauses it when nothing has been heard for stallSeconds', async () => {
    await time.withWorld(async (world) => {
      world.policy.stallSeconds = 7_200;
      inWaves(world, [2, 1]);
      world.behaviour = { runsTargetFrom: 600 };
      const handle = await startCampaign(time);
      await passTimeUntil(time, () => world.commands.length > 0);
      expect(world.commands).toMatchObject([{ command: 'pause', by: 'platform' }]);
      expect(world.findings).toMatchObject([{ type: 'stalled' }]);
      world.policy.stallSeconds = null;
      await handle.executeUpdate(changePolicyUpdate, { args: [{ change: { stallSeconds: null } }] });
      await handle.signal(resumeSignal);
      expect(await handle.result()).toMatchObject({ counts: { SUCCESS: 3 } });
    });
  });
});
