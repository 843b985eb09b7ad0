import { describe, expect, it } from 'vitest';
import {
  approveSignal,
  pauseSignal,
  progressQuery,
  resumeSignal,
  startNextWaveSignal,
} from '../../workflows/messages.ts';
import { failAtOnce, inWaves, startCampaign, until, waveOf } from './campaigns.ts';
import { skipTimeInEachTest } from './time-skipping.ts';

const time = skipTimeInEachTest();

describe('a campaign in waves', () => {
  it('starts a wave only when the one before it has passed its gate', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 4 };
      inWaves(world, [2, 5, 10]);
      const handle = await startCampaign(time);
      await time.env.sleep('2 minutes');
      expect(world.asked).toHaveLength(2);
      expect(await handle.query(progressQuery)).toMatchObject({
        wave: { current: 1, of: 3 },
        waves: [{ state: 'RUNNING' }, { state: 'WAITING' }, { state: 'WAITING' }],
      });
      expect(await handle.result()).toMatchObject({ status: 'COMPLETED', counts: { SUCCESS: 17 } });
      expect(world.asked.map((tpeId) => waveOf(world, tpeId))).toEqual([
        1,
        1,
        ...Array(5).fill(2),
        ...Array(10).fill(3),
      ]);
      expect(world.waveStates).toEqual([
        '1 RUNNING',
        '1 PASSED',
        '2 RUNNING',
        '2 PASSED',
        '3 RUNNING',
        '3 PASSED',
      ]);
    });
  });

  it('goes on as soon as enough have succeeded, without waiting for the last', async () => {
    await time.withWorld(async (world) => {
      world.behaviourOf = ({ idTms }) => (idTms === 'T0' ? {} : { runsTargetFrom: 4 });
      inWaves(world, [10, 2], { minSuccessPercent: 90 });
      const handle = await startCampaign(time);
      await time.env.sleep('30 minutes');
      expect(world.asked).toHaveLength(12);
      expect(await handle.result()).toMatchObject({ counts: { SUCCESS: 11, TIMEOUT: 1 } });
    });
  });

  it('soaks before the next wave, and a pause in the soak holds that wave back until resumed', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 4 };
      inWaves(world, [2, 3], { soakSeconds: 3_600 });
      const handle = await startCampaign(time);
      await time.env.sleep('20 minutes');
      expect((await handle.query(progressQuery)).waves[0]?.state).toBe('SOAKING');
      expect((await handle.query(progressQuery)).waitingFor?.what).toMatch(/wave 1 of 2, soaking 60 min/);
      await handle.signal(pauseSignal, { by: 'ops' });
      await time.env.sleep('3 hours');
      expect(world.asked).toHaveLength(2);
      await handle.signal(resumeSignal, { by: 'ops' });
      expect(await handle.result()).toMatchObject({ status: 'COMPLETED', counts: { SUCCESS: 5 } });
    });
  });

  it('waits at a gate for an approval, and starts the next wave at once when told to', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 4 };
      inWaves(world, [1, 1, 1], { approval: true, soakSeconds: 60 });
      const handle = await startCampaign(time);
      await time.env.sleep('2 hours');
      expect(world.asked).toHaveLength(1);
      expect((await handle.query(progressQuery)).waves[0]?.state).toBe('AWAITING_APPROVAL');
      await handle.signal(approveSignal);
      await until(() => world.asked.length === 2);
      await handle.signal(startNextWaveSignal, { by: 'ops', reason: 'urgent' });
      await until(() => world.asked.length === 3);
      expect(await handle.result()).toMatchObject({ counts: { SUCCESS: 3 } });
      expect(world.commands.map(({ command }) => command)).toEqual(['approve', 'start-next-wave']);
    });
  });

  it('pauses at a gate that can not be passed any more, and goes on when somebody resumes', async () => {
    await time.withWorld(async (world) => {
      failAtOnce(world, 'T0', 'T1', 'T2', 'T3');
      inWaves(world, [4, 2]);
      const handle = await startCampaign(time);
      await time.env.sleep('3 hours');
      expect(world.asked).toHaveLength(4);
      expect(world.commands).toMatchObject([
        {
          command: 'pause',
          by: 'platform',
          reason: 'wave 1 (wave 1): 0 % of 4 terminals SUCCESS, 95 % needed',
        },
      ]);
      await handle.signal(resumeSignal, { by: 'ops' });
      expect(await handle.result()).toMatchObject({
        status: 'COMPLETED',
        counts: { FAILED: 4, SUCCESS: 2 },
      });
    });
  });
});
