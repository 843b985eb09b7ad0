import { describe, expect, it } from 'vitest';
import { cancelSignal, resumeSignal } from '../../workflows/messages.ts';
import { failAtOnce, HOUR, inWaves, passTimeUntil, startCampaign, waveOf } from './campaigns.ts';
import { skipTimeInEachTest } from './time-skipping.ts';

const time = skipTimeInEachTest();

describe('a failure threshold', () => {
  const threshold = { percent: 20, minSample: 2, countTimeouts: false };

  it('pauses the campaign, which goes on when resumed until as many again have failed', async () => {
    await time.withWorld(async (world) => {
      world.policy.failureThreshold = { ...threshold, action: 'pause' };
      failAtOnce(world, 'T0', 'T1', 'T2');
      inWaves(world, [10, 5], { minSuccessPercent: 50 });
      const handle = await startCampaign(time);
      await passTimeUntil(time, () => world.commands.length > 0);
      expect(world.commands).toMatchObject([{ command: 'pause', by: 'platform' }]);
      expect(world.findings).toMatchObject([{ type: 'threshold-reached' }]);
      await handle.signal(resumeSignal);
      expect(await handle.result()).toMatchObject({ counts: { FAILED: 3, SUCCESS: 12 } });
      expect(world.findings).toHaveLength(1);
    });
  });

  it('rolls back what was changed, newest wave first, and never asks for the last wave', async () => {
    await time.withWorld(async (world) => {
      world.policy.failureThreshold = { ...threshold, action: 'roll-back' };
      failAtOnce(world, 'T3', 'T4', 'T5');
      inWaves(world, [3, 6, 10]);
      const handle = await startCampaign(time);
      expect(await handle.result()).toMatchObject({
        status: 'ABORTED',
        counts: { CANCELLED: 16, FAILED: 3 },
        compensations: { ROLLED_BACK: 6 },
      });
      expect(world.rolledBack.map((tpeId) => waveOf(world, tpeId))).toEqual([2, 2, 2, 1, 1, 1]);
      expect(world.asked).toHaveLength(9);
    });
  });

  it('reached by the last terminals of all still rolls back', async () => {
    await time.withWorld(async (world) => {
      world.policy.failureThreshold = { ...threshold, action: 'roll-back' };
      // The failures come hours after the successes.
      world.behaviourOf = ({ idTms }) =>
        ['T0', 'T1'].includes(idTms) ? { says: [[200, 'FAILED']] } : { runsTargetFrom: 4 };
      inWaves(world, [5]);
      const handle = await startCampaign(time);
      expect(await handle.result()).toMatchObject({
        status: 'ABORTED',
        counts: { FAILED: 2, CANCELLED: 3 },
        compensations: { ROLLED_BACK: 3 },
      });
    });
  });

  it('shows a roll-back that fails', async () => {
    await time.withWorld(async (world) => {
      inWaves(world, [3, 1], { approval: true });
      world.behaviourOf = ({ idTms }) => ({
        runsTargetFrom: 4,
        ...(idTms === 'T1' && { rollBack: 'rejected' as const }),
        ...(idTms === 'T2' && { rollBack: 'never' as const }),
      });
      const handle = await startCampaign(time);
      await time.env.sleep('20 minutes');
      await handle.signal(cancelSignal, { by: 'ops', rollBack: true });
      expect(await handle.result()).toMatchObject({
        status: 'ABORTED',
        counts: { SUCCESS: 2, CANCELLED: 2 },
        compensations: { ROLLED_BACK: 1, FAILED: 2 },
      });
      expect(world.compensations.map(({ reason }) => reason)).toContain('rejected:too old');
    });
  });
});

describe('a cancel', () => {
  it('during a roll-back leaves alone what has not been rolled back', async () => {
    await time.withWorld(async (world) => {
      world.policy.failureThreshold = {
        percent: 20,
        minSample: 2,
        countTimeouts: false,
        action: 'roll-back',
      };
      world.behaviourOf = ({ idTms, tpeId }) => {
        if (waveOf(world, tpeId) === 2) return { says: [[1, 'FAILED']] };
        return { runsTargetFrom: 4, ...(idTms === 'T0' && { rollBack: 'held' as const }) };
      };
      inWaves(world, [3, 4, 1]);
      const handle = await startCampaign(time);
      await passTimeUntil(time, () => world.rolledBack.length === 2);
      await handle.signal(cancelSignal, { by: 'ops' });
      expect(await handle.result()).toMatchObject({
        status: 'ABORTED',
        counts: { SUCCESS: 1, FAILED: 4, CANCELLED: 3 },
        compensations: { ROLLED_BACK: 2, LEFT: 1 },
      });
      expect(world.commands.map(({ command }) => command)).toEqual(['roll-back', 'cancel']);
    });
  });

  it('that the TMS never answers ends by itself', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { cancel: 'too-late', offline: true };
      inWaves(world, [3]);
      const handle = await startCampaign(time);
      await time.env.sleep('12 minutes');
      const before = await time.env.currentTimeMs();
      await handle.signal(cancelSignal, { by: 'ops' });
      expect(await handle.result()).toMatchObject({ status: 'CANCELLED', counts: { CANCELLED: 3 } });
      // Not the server's own time: it skips on for what the ended workflows have left.
      const { closeTime } = await handle.describe();
      expect((closeTime?.getTime() ?? Infinity) - before).toBeLessThan(2 * HOUR);
      expect(world.recorded.map(({ reason }) => reason)).toEqual(Array(3).fill('cancel-unconfirmed'));
      expect(world.commands.map(({ command }) => command)).toEqual(['cancel', 'force-cancel']);
    });
  });

  it('by force waits for nothing', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { cancel: 'too-late' };
      inWaves(world, [2]);
      const handle = await startCampaign(time);
      await time.env.sleep('7 minutes');
      await handle.signal(cancelSignal, { by: 'ops', force: true });
      expect(await handle.result()).toMatchObject({ status: 'CANCELLED', counts: { CANCELLED: 2 } });
    });
  });
});
