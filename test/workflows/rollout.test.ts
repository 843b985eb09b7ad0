import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { campaign } from '../../workflows/campaign.ts';
import {
  approveSignal,
  cancelSignal,
  changePolicyUpdate,
  pauseSignal,
  progressQuery,
  rejectSignal,
  resumeSignal,
  startNextWaveSignal,
} from '../../workflows/messages.ts';
import { CAMPAIGN_TASK_QUEUE, campaignWorkflowId } from '../../workflows/names.ts';
import { DEFAULT_GATE, DEFAULT_RETRY } from '../../workflows/policy/defaults.ts';
import type { GatePolicy, WavePolicy } from '../../workflows/policy/types.ts';
import { prepareWorkflows, SkippedTime } from './time-skipping.ts';
import type { World } from './world.ts';

const HOUR = 3_600_000;

// A server for each test: what a cancelled campaign leaves behind keeps this one's time from being skipped.
let workflows: WorkflowBundle;
let time: SkippedTime;
beforeAll(async () => {
  workflows = await prepareWorkflows();
});
beforeEach(async () => {
  time = await SkippedTime.start(workflows);
});
afterEach(() => time.stop());

type Handle = WorkflowHandle<typeof campaign>;

function start(): Promise<Handle> {
  const campaignId = randomUUID();
  return time.env.client.workflow.start<typeof campaign>('campaign', {
    workflowId: campaignWorkflowId(campaignId),
    taskQueue: CAMPAIGN_TASK_QUEUE,
    args: [{ campaignId }],
  });
}

/** A campaign in waves of so many terminals; all have the same gate. */
function inWaves(world: World, sizes: number[], gate: Partial<GatePolicy> = {}): void {
  let index = 0;
  world.policy.waves = sizes.map((count, wave): WavePolicy => ({
    name: `wave ${wave + 1}`,
    size: { count },
    gate: { ...DEFAULT_GATE, ...gate },
  }));
  for (const [wave, size] of sizes.entries()) {
    for (let i = 0; i < size; i++) world.addTpe(index++, {}, wave + 1);
  }
}

function waveOf(world: World, tpeId: string): number | undefined {
  return world.rows.get(tpeId)?.wave;
}

/** Lets every terminal of these waves fail at its first look, and all others succeed. */
function failIn(world: World, waves: number[]): void {
  world.behaviourOf = ({ tpeId }) =>
    waves.includes(waveOf(world, tpeId) ?? 0) ? { says: [[1, 'FAILED']] } : { runsTargetFrom: 4 };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Lets time pass until something has become true; the test's own time limit ends what never does. */
async function passTimeUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await time.env.sleep('2 minutes');
}

describe('a campaign in waves', () => {
  it('starts a wave only when the one before it has passed its gate', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 4 };
      inWaves(world, [2, 5, 10]);
      const handle = await start();
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
      const handle = await start();
      await time.env.sleep('30 minutes');
      expect(world.asked).toHaveLength(12);
      expect(await handle.result()).toMatchObject({ counts: { SUCCESS: 11, TIMEOUT: 1 } });
    });
  });

  it('soaks before the next wave, and a pause in the soak holds that wave back until resumed', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 4 };
      inWaves(world, [2, 3], { soakSeconds: 3_600 });
      const handle = await start();
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
      const handle = await start();
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
      failIn(world, [1]);
      inWaves(world, [4, 2]);
      const handle = await start();
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

describe('a failure threshold', () => {
  const threshold = { percent: 20, minSample: 2, countTimeouts: false };

  it('pauses the campaign, which goes on when resumed until as many again have failed', async () => {
    await time.withWorld(async (world) => {
      world.policy.failureThreshold = { ...threshold, action: 'pause' };
      world.behaviourOf = ({ idTms }) =>
        ['T0', 'T1', 'T2'].includes(idTms) ? { says: [[1, 'FAILED']] } : { runsTargetFrom: 4 };
      inWaves(world, [10, 5], { minSuccessPercent: 50 });
      const handle = await start();
      await passTimeUntil(() => world.commands.length > 0);
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
      world.behaviourOf = ({ idTms }) =>
        ['T3', 'T4', 'T5'].includes(idTms) ? { says: [[1, 'FAILED']] } : { runsTargetFrom: 4 };
      inWaves(world, [3, 6, 10]);
      const handle = await start();
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
      const handle = await start();
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
      const handle = await start();
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
      const handle = await start();
      await passTimeUntil(() => world.rolledBack.length === 2);
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
      const handle = await start();
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
      const handle = await start();
      await time.env.sleep('7 minutes');
      await handle.signal(cancelSignal, { by: 'ops', force: true });
      expect(await handle.result()).toMatchObject({ status: 'CANCELLED', counts: { CANCELLED: 2 } });
    });
  });
});

describe('an approval', () => {
  it('by its author, or by nobody, does not count; by a second person it does', async () => {
    await time.withWorld(async (world) => {
      world.policy.approval = 'four-eyes';
      world.behaviour = { runsTargetFrom: 4 };
      inWaves(world, [2]);
      const handle = await start();
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
      const handle = await start();
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
      const handle = await start();
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
      const handle = await start();
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
      const handle = await start();
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
      const handle = await start();
      await passTimeUntil(() => world.commands.length > 0);
      expect(world.commands).toMatchObject([{ command: 'pause', by: 'platform' }]);
      expect(world.findings).toMatchObject([{ type: 'stalled' }]);
      world.policy.stallSeconds = null;
      await handle.executeUpdate(changePolicyUpdate, { args: [{ change: { stallSeconds: null } }] });
      await handle.signal(resumeSignal);
      expect(await handle.result()).toMatchObject({ counts: { SUCCESS: 3 } });
    });
  });
});

describe('a running campaign', () => {
  it('takes another rate and threshold, and refuses what is fixed with the reason', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 90 };
      inWaves(world, [2]);
      const handle = await start();
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
      const handle = await start();
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
      const handle = await start();
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
      const handle = await start();
      expect(await handle.result()).toMatchObject({
        status: 'COMPLETED',
        counts: { FAILED: 1 },
        compensations: { ROLLED_BACK: 1 },
      });
      expect(world.compensations).toMatchObject([{ state: 'ROLLED_BACK', reason: 'unchanged' }]);
    });
  });
});
