/** The workflows of yesterday and of today on one platform: what a deployment, and its roll-back, do to campaigns. */
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../e2e/platform.ts';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { failedTasks } from './histories.ts';
import { Orchestrators, type Version } from './orchestrators.ts';

const TIMEOUT_MS = START_TIMEOUT_MS + 600_000;
const TMS = { latencyMs: { min: 20, max: 40 }, failRate: 0.05, lostAnswerRate: 0.03 };

let orchestrators: Orchestrators | undefined;
afterEach(async () => {
  await orchestrators?.stop();
  orchestrators = undefined;
});

/** The platform with an orchestrator of this version, and fifteen terminals of each of these models. */
async function start(version: Version, models: string[]): Promise<Orchestrators> {
  orchestrators = await Orchestrators.start(version, {
    tms: [
      { name: 'alpha', idempotent: true, ...TMS },
      { name: 'beta', idempotent: false, ...TMS },
    ],
    speed: 120,
    concurrency: 4,
    fleet: models.flatMap((model) => [
      { tms: 'alpha' as const, terminals: 10, model },
      { tms: 'beta' as const, terminals: 5, model },
    ]),
  });
  return orchestrators;
}

async function becomes({ platform }: Orchestrators, campaignId: string, status: string): Promise<void> {
  await until(async () => (await platform.campaign(campaignId)).status === status);
}

/** Commands reach the campaign, whichever version has it. */
async function pauseAndResume(running: Orchestrators, campaignId: string): Promise<void> {
  await running.signal(campaignId, 'pause');
  await becomes(running, campaignId, 'PAUSED');
  await running.signal(campaignId, 'resume');
  await becomes(running, campaignId, 'RUNNING');
}

/** The campaigns end like any others, and no worker met a history that it could not carry on. */
async function expectUnharmed({ platform }: Orchestrators, ends: Record<string, string>): Promise<void> {
  for (const [campaignId, end] of Object.entries(ends)) {
    expect((await platform.untilEnded(campaignId)).status).toBe(end);
    await platform.expectAgreement(campaignId);
  }
  expect(await failedTasks(platform.temporal)).toEqual([]);
}

describe('a deployment while campaigns run', () => {
  it(
    'is survived by those of yesterday and of today, passed to and fro, when the worker of yesterday is killed',
    { timeout: TIMEOUT_MS },
    async () => {
      const running = await start('yesterday', ['A', 'B', 'C']);
      const ofYesterday = await running.launch('A');
      const cancelled = await running.launch('B');
      await running.approve(ofYesterday, 1);
      await running.approve(cancelled, 1);
      await running.add('today');
      await running.shuffling(async () => {
        const ofToday = await running.launch('C');
        await running.approve(ofToday, 1);
        for (const campaignId of [ofYesterday, ofToday, cancelled]) {
          do await pauseAndResume(running, campaignId);
          while (!(await running.isShared(campaignId)));
        }
        await running.signal(cancelled, 'cancel');
        await running.kill('yesterday');
        for (const campaignId of [ofYesterday, ofToday]) await running.approve(campaignId, 2);
        await expectUnharmed(running, {
          [ofYesterday]: 'COMPLETED',
          [ofToday]: 'COMPLETED',
          [cancelled]: 'CANCELLED',
        });
      });
    },
  );
});

describe('the roll-back of a deployment', () => {
  it(
    'leaves the campaigns that today has begun to the worker of yesterday, which ends them',
    { timeout: TIMEOUT_MS },
    async () => {
      const running = await start('today', ['A', 'B', 'C']);
      const followed = await running.launch('A');
      const paused = await running.launch('B');
      const cancelled = await running.launch('C');
      for (const campaignId of [followed, paused, cancelled]) await running.approve(campaignId, 1);
      await running.signal(paused, 'pause');
      await becomes(running, paused, 'PAUSED');
      await running.kill('today');
      await running.signal(cancelled, 'cancel');
      await running.add('yesterday');
      await running.signal(paused, 'resume');
      for (const campaignId of [followed, paused]) await running.approve(campaignId, 2);
      await expectUnharmed(running, {
        [followed]: 'COMPLETED',
        [paused]: 'COMPLETED',
        [cancelled]: 'CANCELLED',
      });
      expect(await running.isShared(followed)).toBe(true);
    },
  );
});
