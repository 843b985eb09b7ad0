/** A TMS and its terminals that answer nothing for two hours: nobody has to do anything, and nothing is held against them. */
import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { expect, it } from 'vitest';
import { waveWorkflowId } from '../../workflows/names.ts';
import { startCampaign } from './campaigns.ts';
import { skipTime } from './time-skipping.ts';
import { MINUTE, type World } from './world.ts';

const TERMINALS = 20;
const OUTAGE_MINUTES = 120;

const time = skipTime();

/** @returns the minutes that the campaign took, and the number of events of its wave's history */
async function runCampaign(world: World): Promise<{ tookMinutes: number; waveEvents: number }> {
  const campaignId = randomUUID();
  for (let index = 0; index < TERMINALS; index++) world.addTpe(index);
  const handle = await startCampaign(time, campaignId);
  expect(await handle.result()).toMatchObject({ status: 'COMPLETED', counts: { SUCCESS: TERMINALS } });
  expect([...world.asked].sort()).toEqual([...world.rows.keys()].sort());
  expect(world.findings).toEqual([]);
  const { startTime, closeTime } = await handle.describe();
  const wave = time.env.client.workflow.getHandle(waveWorkflowId(campaignId, 0));
  return {
    tookMinutes: ((closeTime?.getTime() ?? Infinity) - startTime.getTime()) / MINUTE,
    waveEvents: (await wave.describe()).historyLength,
  };
}

it('while terminals are followed costs looks only: the first after it finds what has happened meanwhile', async () => {
  await time.withWorld(async (world) => {
    world.behaviour = { runsTargetFrom: 50, down: [7, 7 + OUTAGE_MINUTES] };
    const { tookMinutes } = await runCampaign(world);
    // Every 15 minutes from the hour on.
    expect(Math.round(tookMinutes)).toBe(135);
    const looks = [...world.looks.values()].map((minutes) => minutes.map(Math.round));
    expect(new Set(looks.map((minutes) => minutes.at(-1)))).toEqual(new Set([135]));
  });
});

it('while terminals are asked for has them asked for once, as soon as it is over, and leaves no trace in the history', async () => {
  await time.withWorld(async (world) => {
    world.behaviour = { runsTargetFrom: 3 };
    const over = (await time.env.currentTimeMs()) + OUTAGE_MINUTES * MINUTE;
    let failures = 0;
    world.beforeAsking = async () => {
      if ((await time.env.currentTimeMs()) >= over) return;
      failures++;
      throw ApplicationFailure.retryable('alpha has not answered', 'NoAnswer');
    };
    const { tookMinutes, waveEvents } = await runCampaign(world);
    expect(failures).toBeGreaterThan(OUTAGE_MINUTES);
    // Half a minute between two tries, and five until the first look.
    expect(tookMinutes).toBeLessThan(OUTAGE_MINUTES + 6);
    expect(waveEvents).toBeLessThan(50);
  });
});
