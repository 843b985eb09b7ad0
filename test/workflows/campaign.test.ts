import { describe, expect, it } from 'vitest';
import { cancelSignal, pauseSignal, progressQuery, resumeSignal } from '../../workflows/messages.ts';
import { type CampaignHandle, startCampaign, startPaused, until } from './campaigns.ts';
import { skipTime } from './time-skipping.ts';
import type { World } from './world.ts';

const time = skipTime();

/** Starts a campaign of so many terminals. */
function launch(world: World, terminals: number): Promise<CampaignHandle> {
  for (let index = 0; index < terminals; index++) world.addTpe(index);
  return startCampaign(time);
}

/** Lets the TMS take `count` terminals, then holds the next call until released. */
function holdAfter(world: World, count: number): { held: Promise<void>; release: () => void } {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const held = new Promise<void>((resolve) => {
    world.beforeAsking = async (asked) => {
      if (asked < count) return;
      resolve();
      await released;
    };
  });
  return { held, release };
}

describe('a campaign', () => {
  it('asks for every terminal once and follows each to its end', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { says: [[2, 'INSTALLING']], runsTargetFrom: 18 };
      const handle = await launch(world, 30);
      const result = await handle.result();
      expect(result).toMatchObject({ status: 'COMPLETED', total: 30, final: 30, counts: { SUCCESS: 30 } });
      expect(new Set(world.asked).size).toBe(30);
      expect(world.asked).toHaveLength(30);
      expect(world.closedAs).toBe('COMPLETED');
      expect(await handle.query(progressQuery)).toEqual(result);
    });
  });

  it('ends at once when no terminal needs the update', async () => {
    await time.withWorld(async (world) => {
      const handle = await launch(world, 3);
      for (const row of world.rows.values()) row.status = 'SKIPPED';
      expect(await handle.result()).toMatchObject({ status: 'COMPLETED', counts: { SKIPPED: 3 } });
      expect(world.asked).toEqual([]);
    });
  });

  it('shows in its progress how far the terminals are, while they are under way', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 90 };
      const handle = await launch(world, 10);
      await time.env.sleep('30 minutes');
      expect(await handle.query(progressQuery)).toMatchObject({
        status: 'RUNNING',
        total: 10,
        final: 0,
        counts: { REQUESTED: 10 },
        estimatedEnd: null,
      });
      await handle.result();
    });
  });
});

describe('pausing a campaign', () => {
  it('in the middle of dispatch asks for nothing more until it is resumed', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 4 };
      const gate = holdAfter(world, 7);
      const handle = await launch(world, 20);
      await gate.held;
      await handle.signal(pauseSignal, { by: 'ops@bank', reason: 'shops are complaining' });
      await until(async () => (await handle.query(progressQuery)).status === 'PAUSED');
      // The dispatch learns of the pause with its next heartbeat; then the call that was held may go on.
      await time.env.sleep('1 second');
      world.beforeAsking = async () => undefined;
      gate.release();
      // Those already asked for are followed to their end meanwhile.
      await time.env.sleep('3 hours');
      expect(world.asked.length).toBeLessThan(20);
      expect(world.recorded.map(({ status }) => status)).toEqual(world.asked.map(() => 'SUCCESS'));
      expect(world.commands).toEqual([{ command: 'pause', by: 'ops@bank', reason: 'shops are complaining' }]);

      await handle.signal(resumeSignal);
      expect(await handle.result()).toMatchObject({ status: 'COMPLETED', counts: { SUCCESS: 20 } });
      expect(world.asked).toHaveLength(20);
      expect(world.commands.map(({ command }) => command)).toEqual(['pause', 'resume']);
    });
  });

  it('before dispatch by a bare signal keeps it from starting', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 1 };
      for (let index = 0; index < 5; index++) world.addTpe(index);
      const handle = await startPaused(time);
      await time.env.sleep('2 hours');
      expect(world.asked).toEqual([]);
      await handle.signal('resume');
      expect(await handle.result()).toMatchObject({ counts: { SUCCESS: 5 } });
    });
  });

  it('while its terminals are followed is shown, and holds up none of them', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 100 };
      const handle = await launch(world, 5);
      await time.env.sleep('20 minutes');
      await handle.signal(pauseSignal);
      await until(async () => (await handle.query(progressQuery)).status === 'PAUSED');
      expect(await handle.result()).toMatchObject({ status: 'COMPLETED', counts: { SUCCESS: 5 } });
    });
  });

  it('twice is one pause, and resuming what runs is none', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 100 };
      const handle = await launch(world, 2);
      await handle.signal(resumeSignal);
      await handle.signal(pauseSignal);
      await handle.signal(pauseSignal);
      await handle.signal(resumeSignal);
      await handle.result();
      expect(world.commands.map(({ command }) => command)).toEqual(['pause', 'resume']);
    });
  });
});

describe('cancelling a campaign', () => {
  it('in the middle of dispatch leaves alone what was not asked for and ends the rest by what happens', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { runsTargetFrom: 4, cancel: 'too-late' };
      const gate = holdAfter(world, 6);
      const handle = await launch(world, 20);
      await gate.held;
      await handle.signal(cancelSignal, { by: 'ops@bank' });
      await until(async () => (await handle.query(progressQuery)).status === 'CANCELLING');
      await time.env.sleep('1 second');
      gate.release();
      const { status, counts } = await handle.result();
      expect(status).toBe('CANCELLED');
      expect(counts.SUCCESS).toBe(world.asked.length);
      expect(counts.CANCELLED).toBe(20 - world.asked.length);
      expect(world.asked.length).toBeLessThan(20);
      expect(world.closedAs).toBe('CANCELLED');
    });
  });

  it('while it is paused ends it without asking for anything', async () => {
    await time.withWorld(async (world) => {
      for (let index = 0; index < 4; index++) world.addTpe(index);
      const handle = await startPaused(time);
      await time.env.sleep('5 minutes');
      await handle.signal('cancel');
      expect(await handle.result()).toMatchObject({ status: 'CANCELLED', counts: { CANCELLED: 4 } });
      expect(world.asked).toEqual([]);
    });
  });

  it('while its terminals are followed ends those that the TMS has not begun', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { cancel: 'cancelled', says: [[13, 'CANCELLED']] };
      const handle = await launch(world, 4);
      await time.env.sleep('12 minutes');
      await handle.signal(cancelSignal);
      expect(await handle.result()).toMatchObject({ status: 'CANCELLED', counts: { CANCELLED: 4 } });
    });
  });

  it('by a cancellation request of Temporal itself means the same', async () => {
    await time.withWorld(async (world) => {
      world.behaviour = { cancel: 'too-late', runsTargetFrom: 20 };
      const handle = await launch(world, 3);
      await time.env.sleep('12 minutes');
      await handle.cancel();
      expect(await handle.result()).toMatchObject({ status: 'CANCELLED', counts: { SUCCESS: 3 } });
      expect(world.commands).toMatchObject([{ command: 'cancel' }]);
    });
  });
});
