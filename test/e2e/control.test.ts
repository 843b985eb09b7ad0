import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { Platform, until } from './platform.ts';

const run = promisify(execFile);

/** Slow calls, few at once: a dispatch that lasts for seconds. */
const SLOW = { latencyMs: { min: 40, max: 60 } };

let platform: Platform;
beforeAll(async () => {
  platform = await Platform.start({
    tms: [
      { name: 'alpha', idempotent: true, ...SLOW },
      { name: 'beta', idempotent: false, ...SLOW },
    ],
    speed: 240,
    concurrency: 4,
    fleet: [
      { tms: 'alpha', terminals: 300 },
      { tms: 'beta', terminals: 100 },
    ],
  });
}, START_TIMEOUT_MS);
afterAll(() => platform?.stop());

/** Once a paused campaign has no dispatch under way any more. */
async function untilStill(campaignId: string): Promise<void> {
  const handle = platform.temporal.workflow.getHandle(`wave-${campaignId}-0`);
  await until(async () => {
    const { raw } = await handle.describe();
    return !(raw.pendingActivities ?? []).some(({ activityType }) => activityType?.name === 'dispatch');
  });
}

async function untilAsked(count: number): Promise<void> {
  await until(async () => (await platform.stats()).updateCalls >= count);
}

function tpe(...args: string[]): Promise<{ stdout: string }> {
  return run(process.execPath, [
    'cli/main.ts',
    '--url',
    `http://127.0.0.1:${platform.stack.ports.api}`,
    ...args,
  ]);
}

describe('a campaign in the middle of dispatch', () => {
  it(
    'is paused by a bare signal, resumed by the CLI, paused over HTTP, cancelled by the CLI',
    { timeout: 300_000 },
    async () => {
      const campaignId = await platform.launch(60);
      await untilAsked(20);
      const handle = platform.temporal.workflow.getHandle(`campaign-${campaignId}`);
      await handle.signal('pause');
      await until(async () => (await platform.campaign(campaignId)).status === 'PAUSED');
      await untilStill(campaignId);
      const atPause = (await platform.stats()).updateCalls;
      expect(atPause).toBeLessThan(400);
      // Terminals already asked for are followed to their end meanwhile.
      await until(async () => ((await platform.campaign(campaignId)).counts.SUCCESS ?? 0) >= 10);
      expect((await platform.stats()).updateCalls).toBe(atPause);

      await tpe('campaign', 'resume', campaignId, '--by', 'ops@bank');
      await untilAsked(atPause + 20);
      await platform.call('POST', `/campaigns/${campaignId}/pause`, { by: 'night shift', reason: 'alarms' });
      await until(async () => (await platform.campaign(campaignId)).status === 'PAUSED');
      await untilStill(campaignId);
      const asked = (await platform.stats()).accepted;
      expect(asked).toBeLessThan(400);

      await tpe('campaign', 'cancel', campaignId, '--by', 'night shift', '--reason', 'enough');
      const { status } = await platform.untilEnded(campaignId);
      expect(status).toBe('CANCELLED');
      const counts = await platform.expectAgreement(campaignId);
      expect((await platform.stats()).accepted).toBe(asked);
      expect(counts.CANCELLED).toBeGreaterThanOrEqual(400 - asked);

      const { items } = await platform.call<{
        items: { type: string; actor: string; reason: string | null }[];
      }>('GET', `/campaigns/${campaignId}/events?limit=500`);
      const commands = items.filter(({ type }) => /^campaign\.(paused|resumed|cancelling)$/.test(type));
      expect(commands.map(({ type, actor, reason }) => [type, actor, reason])).toEqual(
        expect.arrayContaining([
          ['campaign.paused', 'temporal', null],
          ['campaign.resumed', 'ops@bank', null],
          ['campaign.paused', 'night shift', 'alarms'],
          ['campaign.cancelling', 'night shift', 'enough'],
        ]),
      );
    },
  );
});
