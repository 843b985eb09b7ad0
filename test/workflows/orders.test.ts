import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { campaign } from '../../workflows/campaign.ts';
import { cancelSignal, ordersAddedSignal } from '../../workflows/messages.ts';
import { CAMPAIGN_TASK_QUEUE, campaignWorkflowId } from '../../workflows/names.ts';
import { orderPause } from '../../workflows/policy/sizing.ts';
import { prepareWorkflows, SkippedTime } from './time-skipping.ts';
import type { World } from './world.ts';

let workflows: WorkflowBundle;
let time: SkippedTime;
beforeAll(async () => {
  workflows = await prepareWorkflows();
});
beforeEach(async () => {
  time = await SkippedTime.start(workflows);
});
afterEach(() => time.stop());

function start(world: World): Promise<WorkflowHandle<typeof campaign>> {
  world.keepOpenSeconds = 600;
  world.behaviour = { runsTargetFrom: 4 };
  const campaignId = randomUUID();
  return time.env.client.workflow.start<typeof campaign>('campaign', {
    workflowId: campaignWorkflowId(campaignId),
    taskQueue: CAMPAIGN_TASK_QUEUE,
    args: [{ campaignId }],
  });
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
