import { afterEach, describe, expect, it } from 'vitest';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { Platform, until } from './platform.ts';

/** Slow calls, few at once: a dispatch that lasts for seconds, and loses some answers. */
const SLOW = { latencyMs: { min: 40, max: 60 }, lostAnswerRate: 0.03, failRate: 0.03 };
const TIMEOUT_MS = START_TIMEOUT_MS + 240_000;

let platform: Platform | undefined;
afterEach(async () => {
  await platform?.stop();
  platform = undefined;
});

function start(tms: 'alpha' | 'beta'): Promise<Platform> {
  return Platform.start({
    tms: [
      { name: 'alpha', idempotent: true, ...SLOW },
      { name: 'beta', idempotent: false, ...SLOW },
    ],
    speed: 120,
    concurrency: 4,
    fleet: [{ tms, terminals: 200 }],
  });
}

describe('a worker that is killed', () => {
  it.each([
    ['that knows idempotency keys', 'alpha'],
    ['that knows no idempotency keys', 'beta'],
  ] as const)(
    'while it asks a TMS %s has its work finished by the next, and no terminal is updated twice',
    async (_, tms) => {
      platform = await start(tms);
      const running = platform;
      const campaignId = await running.launch(60);
      for (const asked of [40, 120]) {
        await until(async () => (await running.stats()).updateCalls >= asked);
        running.stack.process('tms').kill('SIGKILL');
      }
      await running.untilEnded(campaignId);
      const counts = await running.expectAgreement(campaignId);
      expect((counts.SUCCESS ?? 0) + (counts.FAILED ?? 0)).toBe(200);
    },
    TIMEOUT_MS,
  );

  it(
    'while it follows terminals is replaced, and every terminal comes to its end',
    async () => {
      platform = await start('beta');
      const running = platform;
      const campaignId = await running.launch(60);
      await until(async () => ((await running.campaign(campaignId)).counts.SUCCESS ?? 0) >= 5);
      for (const role of ['orchestrator', 'tms', 'relay', 'consumers'] as const) {
        running.stack.process(role).kill('SIGKILL');
      }
      await running.untilEnded(campaignId);
      const counts = await running.expectAgreement(campaignId);
      expect((counts.SUCCESS ?? 0) + (counts.FAILED ?? 0)).toBe(200);
    },
    TIMEOUT_MS,
  );
});
