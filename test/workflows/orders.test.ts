import { expect, it } from 'vitest';
import { cancelSignal, ordersAddedSignal } from '../../workflows/messages.ts';
import { orderPause } from '../../workflows/policy/sizing.ts';
import { type CampaignHandle, startCampaign } from './campaigns.ts';
import { skipTimeInEachTest } from './time-skipping.ts';
import type { World } from './world.ts';

const time = skipTimeInEachTest();

/** Starts a campaign that takes orders until none has come for ten minutes. */
function start(world: World): Promise<CampaignHandle> {
  world.keepOpenSeconds = 600;
  world.behaviour = { runsTargetFrom: 4 };
  return startCampaign(time);
}

it('takes in what is ordered while it runs, and ends when no order has come for long', async () => {
  await time.withWorld(async (world) => {
    world.addTpe(0);
    const handle = await start(world);
    await time.env.sleep('9 minutes');
    world.addTpe(1);
    world.addTpe(2);
    await handle.signal(ordersAddedSignal);
    await time.env.sleep('9 minutes');
    expect(world.asked).toHaveLength(3);
    expect(world.ordersClosed).toBe(false);
    world.addTpe(3);
    await handle.signal(ordersAddedSignal);
    expect(await handle.result()).toMatchObject({ status: 'COMPLETED', total: 4, counts: { SUCCESS: 4 } });
    expect(world.ordersClosed).toBe(true);
    expect(world.asked).toHaveLength(4);
  });
});

it('finds orders of which nobody has told it before it takes no more', async () => {
  await time.withWorld(async (world) => {
    world.addTpe(0);
    const handle = await start(world);
    await time.env.sleep('2 minutes');
    world.addTpe(1);
    expect(await handle.result()).toMatchObject({ status: 'COMPLETED', counts: { SUCCESS: 2 } });
  });
});

it('asks at once for what was ordered before it began', async () => {
  await time.withWorld(async (world) => {
    const handle = await start(world);
    await time.env.sleep('1 minute');
    world.addTpe(0);
    await handle.signal(ordersAddedSignal);
    expect(await handle.result()).toMatchObject({ status: 'COMPLETED', total: 1, counts: { SUCCESS: 1 } });
  });
});

it('asks for nothing more once it is cancelled', async () => {
  await time.withWorld(async (world) => {
    world.addTpe(0);
    const handle = await start(world);
    await time.env.sleep('1 minute');
    await handle.signal(cancelSignal, { by: 'me' });
    world.addTpe(1);
    await handle.signal(ordersAddedSignal);
    expect(await handle.result()).toMatchObject({ status: 'CANCELLED' });
    expect(world.asked).toHaveLength(1);
  });
});

it('gathers orders for a second at first and for a minute in the end', () => {
  expect(orderPause(1)).toBe(1_000);
  expect(orderPause(400)).toBe(60_000);
  const hours =
    Array.from({ length: 400 }, (_, index) => orderPause(index + 1)).reduce((a, b) => a + b) / 3.6e6;
  expect(hours).toBeGreaterThan(5);
});
