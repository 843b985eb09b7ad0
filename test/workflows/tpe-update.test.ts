import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { cancelTpeSignal, stateQuery, statusReportedSignal } from '../../workflows/messages.ts';
import { tpeWorkflowId, TRACKING_TASK_QUEUE } from '../../workflows/names.ts';
import { DEFAULT_POLICY } from '../../workflows/policy/defaults.ts';
import { lookTimes, POLLING_SCHEDULES } from '../../workflows/policy/polling.ts';
import type { tpeUpdate } from '../../workflows/tpe-update.ts';
import { skipTime } from './time-skipping.ts';
import { MINUTE, TARGET, type World } from './world.ts';

const DAY_MINUTES = 24 * 60;

const time = skipTime();

async function track(world: World): Promise<WorkflowHandle<typeof tpeUpdate>> {
  const campaignId = randomUUID();
  const tpe = world.addTpe(1, { requestedAt: await time.env.currentTimeMs() });
  return time.env.client.workflow.start<typeof tpeUpdate>('tpeUpdate', {
    workflowId: tpeWorkflowId(campaignId, tpe.tpeId),
    taskQueue: TRACKING_TASK_QUEUE,
    args: [
      {
        campaignId,
        targetVersion: TARGET,
        tpe,
        step: 'update',
        policy: { ...DEFAULT_POLICY, polling: world.windows, ...world.policy },
      },
    ],
  });
}

/** The minutes at which the terminal was looked at; a look takes no minute, however slow the machine is. */
function minutes(world: World): number[] {
  return [...world.looks.values()].flat().map((minute) => Math.round(minute));
}

describe('a terminal that is never settled', () => {
  it('is looked at every 5, then every 15, then every 60 minutes, and times out at 24 h', async () => {
    await time.withWorld(async (world) => {
      const handle = await track(world);
      const outcome = await handle.result();

      const expected = lookTimes(POLLING_SCHEDULES.standard, DAY_MINUTES * 60).map((seconds) => seconds / 60);
      expect(expected.slice(0, 14)).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 75, 90]);
      expect(minutes(world)).toEqual([...expected, DAY_MINUTES]);
      expect(outcome).toMatchObject({ status: 'TIMEOUT', reason: 'not-settled', version: '4.1.0' });
      expect(world.recorded).toHaveLength(1);
    });
  });

  it('costs at most 50 history events, however often it was looked at', async () => {
    await time.withWorld(async (world) => {
      const handle = await track(world);
      await handle.result();
      const { events } = await handle.fetchHistory();
      expect(minutes(world).length).toBeGreaterThan(40);
      expect(events?.length).toBeLessThanOrEqual(50);
    });
  });

  it('follows the schedule by age where its campaign asks for that', async () => {
    await time.withWorld(async (world) => {
      world.windows = [...POLLING_SCHEDULES['by-age']];
      await (await track(world)).result();
      const expected = lookTimes(world.windows, DAY_MINUTES * 60).map((seconds) => seconds / 60);
      expect(minutes(world).slice(0, expected.length)).toEqual(expected);
    });
  });

  it('times out when its looks are used up, before 24 h', async () => {
    await time.withWorld(async (world) => {
      world.windows = [{ everySeconds: 60, attempts: 3 }];
      const outcome = await (await track(world)).result();
      expect(minutes(world)).toEqual([1, 2, 3]);
      expect(outcome).toMatchObject({ status: 'TIMEOUT', reason: 'not-settled' });
    });
  });

  it('times out as unverified when its TMS says done while it runs the old version', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { says: [[7, 'DONE']] };
      const outcome = await (await track(world)).result();
      expect(outcome).toMatchObject({ status: 'TIMEOUT', reason: 'unverified', version: '4.1.0' });
      expect(minutes(world).at(-1)).toBe(DAY_MINUTES);
    });
  });

  it('times out as forgotten when its TMS no longer knows the update', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { says: [[30, 'UNKNOWN']] };
      expect(await (await track(world)).result()).toMatchObject({ status: 'TIMEOUT', reason: 'forgotten' });
    });
  });

  it('times out as unreachable when neither the terminal nor news of it can be had', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { offline: true };
      expect(await (await track(world)).result()).toMatchObject({ status: 'TIMEOUT', reason: 'unreachable' });
    });
  });
});

describe('a terminal that is settled', () => {
  it.each([
    ['in the first window', 22],
    ['in the second window', 100],
    ['in the third window', 1_000],
  ])('%s is looked at no more after that', async (_, runsTargetFrom) => {
    await time.withWorld(async (world) => {
      world.behaviour = { says: [[6, 'INSTALLING']], runsTargetFrom };
      const outcome = await (await track(world)).result();
      expect(outcome).toMatchObject({ status: 'SUCCESS', reason: null, version: TARGET });
      const scheduled = lookTimes(world.windows, DAY_MINUTES * 60).map((seconds) => seconds / 60);
      const settling = scheduled.findIndex((minute) => minute >= runsTargetFrom);
      expect(minutes(world)).toEqual(scheduled.slice(0, settling + 1));
    });
  });

  it('counts as a success when it runs the target version, even if its TMS says failed', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { says: [[1, 'FAILED']], runsTargetFrom: 3 };
      expect(await (await track(world)).result()).toMatchObject({ status: 'SUCCESS' });
    });
  });

  it('has its success recorded by the look that found it, with no step of its own', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 3 };
      const handle = await track(world);
      expect(await handle.result()).toMatchObject({ status: 'SUCCESS' });
      expect(world.recorded.map(({ status }) => status)).toEqual(['SUCCESS']);
      const { events } = await handle.fetchHistory();
      expect(events?.filter(({ markerRecordedEventAttributes }) => markerRecordedEventAttributes)).toEqual(
        [],
      );
    });
  });

  it('ends as what was recorded before, whatever it has found itself', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { offline: true };
      const handle = await track(world);
      await time.env.sleep('7 minutes');
      for (const row of world.rows.values()) Object.assign(row, { status: 'SUCCESS', reason: null });
      expect(await handle.result()).toMatchObject({ status: 'SUCCESS', reason: null });
      expect(world.recorded).toEqual([]);
      expect(await handle.query(stateQuery)).toMatchObject({ status: 'SUCCESS', reason: null });
    });
  });

  it('fails with the reason of its TMS', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { says: [[8, 'FAILED']] };
      const outcome = await (await track(world)).result();
      expect(outcome).toMatchObject({ status: 'FAILED', reason: 'failed:disk full' });
      expect(minutes(world)).toEqual([5, 10]);
    });
  });

  it('between two looks is settled at once by a call-back of its TMS', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 11 };
      const handle = await track(world);
      await time.env.sleep('12 minutes');
      await handle.signal(statusReportedSignal, { state: 'DONE' });
      expect(await handle.result()).toMatchObject({ status: 'SUCCESS' });
      expect(minutes(world)).toEqual([5, 10, 12]);
    });
  });

  it('at the last moment is seen by the look at the deadline', async () => {
    await time.withWorld(async (world) => {
      world.windows = [{ everySeconds: 3_600 * 5, attempts: 10 }];
      world.behaviour = { runsTargetFrom: 23 * 60 };
      expect(await (await track(world)).result()).toMatchObject({ status: 'SUCCESS' });
      expect(minutes(world)).toEqual([300, 600, 900, 1_200, DAY_MINUTES]);
    });
  });
});

describe('a call-back that settles nothing', () => {
  it('leaves the schedule as it was', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 14 };
      const handle = await track(world);
      await time.env.sleep('7 minutes');
      await handle.signal(statusReportedSignal);
      await handle.result();
      expect(minutes(world)).toEqual([5, 7, 10, 15]);
    });
  });
});

describe('cancelling one terminal', () => {
  it.each([
    ['before the first look', 2],
    ['in the first window', 12],
    ['in the third window', 600],
  ])('%s ends it as CANCELLED when its TMS confirms', async (_, minute) => {
    await time.withWorld(async (world) => {
      world.behaviour = { cancel: 'cancelled' };
      const handle = await track(world);
      await time.env.sleep(minute * MINUTE);
      await handle.signal(cancelTpeSignal);
      expect(await handle.result()).toMatchObject({ status: 'CANCELLED' });
      expect(world.cancelled).toEqual(['T1']);
      expect(minutes(world).every((looked) => looked < minute)).toBe(true);
    });
  });

  it('follows it to its real end when its TMS is too late to cancel', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { cancel: 'too-late', says: [[1, 'INSTALLING']], runsTargetFrom: 18 };
      const handle = await track(world);
      await time.env.sleep('12 minutes');
      await handle.signal(cancelTpeSignal);
      expect(await handle.result()).toMatchObject({ status: 'SUCCESS' });
      expect(minutes(world)).toEqual([5, 10, 12, 15, 20]);
    });
  });

  it('by a cancellation request of Temporal itself means the same', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { cancel: 'cancelled' };
      const handle = await track(world);
      await time.env.sleep('2 minutes');
      await handle.cancel();
      expect(await handle.result()).toMatchObject({ status: 'CANCELLED' });
    });
  });
});

describe('the state query', () => {
  it('says in words what the terminal waits for', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 90 };
      const handle = await track(world);
      await time.env.sleep('70 minutes');
      expect(await handle.query(stateQuery)).toMatchObject({
        status: 'REQUESTED',
        waitingFor: 'Waiting in window 2: every 15 min, 12 looks.',
      });
      await handle.result();
      expect(await handle.query(stateQuery)).toMatchObject({ status: 'SUCCESS', waitingFor: 'nothing' });
    });
  });
});
