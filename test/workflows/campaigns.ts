/** Campaigns under skipped time: how tests start them, what they are made of, and how to wait for them. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { campaign } from '../../workflows/campaign.ts';
import { CAMPAIGN_TASK_QUEUE, campaignWorkflowId } from '../../workflows/names.ts';
import { DEFAULT_GATE } from '../../workflows/policy/defaults.ts';
import type { GatePolicy, WavePolicy } from '../../workflows/policy/types.ts';
import type { SkippedTime } from './time-skipping.ts';
import type { World } from './world.ts';

export type CampaignHandle = WorkflowHandle<typeof campaign>;

export const HOUR = 3_600_000;

/** Starts the campaign of the world's terminals. */
export function startCampaign({ env }: SkippedTime, campaignId = randomUUID()): Promise<CampaignHandle> {
  return env.client.workflow.start<typeof campaign>('campaign', {
    workflowId: campaignWorkflowId(campaignId),
    taskQueue: CAMPAIGN_TASK_QUEUE,
    args: [{ campaignId }],
  });
}

/** The same, paused by a bare signal before it has done anything. */
export function startPaused({ env }: SkippedTime): Promise<CampaignHandle> {
  const campaignId = randomUUID();
  return env.client.workflow.signalWithStart<typeof campaign>('campaign', {
    workflowId: campaignWorkflowId(campaignId),
    taskQueue: CAMPAIGN_TASK_QUEUE,
    args: [{ campaignId }],
    signal: 'pause',
  });
}

/** A campaign in waves of so many terminals; all have the same gate. */
export function inWaves(world: World, sizes: number[], gate: Partial<GatePolicy> = {}): void {
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

export function waveOf(world: World, tpeId: string): number | undefined {
  return world.rows.get(tpeId)?.wave;
}

/** Lets these terminals fail at their first look, and all others succeed. */
export function failAtOnce(world: World, ...idsAtTms: string[]): void {
  world.behaviourOf = ({ idTms }) =>
    idsAtTms.includes(idTms) ? { says: [[1, 'FAILED']] } : { runsTargetFrom: 4 };
}

/** Waits, while time does not pass, for something to become true; the test's own time limit ends what never does. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Lets time pass until something has become true. */
export async function passTimeUntil({ env }: SkippedTime, condition: () => boolean): Promise<void> {
  while (!condition()) await env.sleep('2 minutes');
}
