import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { Platform, until } from './platform.ts';

/** Slow calls, few at once: a dispatch that lasts for seconds, and loses some answers. */
const SLOW = { latencyMs: { min: 40, max: 60 }, lostAnswerRate: 0.03, failRate: 0.03 };
const TIMEOUT_MS = 240_000;

/** Each test has terminals of its own, of one model. */
const TERMINALS = 200;

let platform: Platform;
beforeAll(async () => {
  platform = await Platform.start({
    tms: [
      { name: 'alpha', idempotent: true, ...SLOW },
      { name: 'beta', idempotent: false, ...SLOW },
    ],
    speed: 120,
    concurrency: 4,
    fleet: [
      { tms: 'alpha', model: 'A920', terminals: TERMINALS },
      { tms: 'beta', model: 'A77', terminals: TERMINALS },
      { tms: 'beta', model: 'IM30', terminals: TERMINALS },
    ],
  });
}, START_TIMEOUT_MS);
afterAll(() => platform?.stop());

function launch(model: string): Promise<string> {
  return platform.launch(60, {}, { filter: { model } });
}

async function expectAllDone(campaignId: string): Promise<void> {
  await platform.untilEnded(campaignId);
  const counts = await platform.expectAgreement(campaignId);
  expect((counts.SUCCESS ?? 0) + (counts.FAILED ?? 0)).toBe(TERMINALS);
}

describe('a worker that is killed', () => {
  it.each([
    ['that knows idempotency keys', 'A920'],
    ['that knows no idempotency keys', 'A77'],
  ])(
    'while it asks a TMS %s has its work finished by the next, and no terminal is updated twice',
    async (_, model) => {
      const { updateCalls } = await platform.stats();
      const campaignId = await launch(model);
      for (const asked of [40, 120]) {
        await until(async () => (await platform.stats()).updateCalls >= updateCalls + asked);
        platform.stack.process('tms').kill('SIGKILL');
      }
      await expectAllDone(campaignId);
    },
    TIMEOUT_MS,
  );

  it(
    'while it follows terminals is replaced, and every terminal comes to its end',
    async () => {
      const campaignId = await launch('IM30');
      await until(async () => ((await platform.campaign(campaignId)).counts.SUCCESS ?? 0) >= 5);
      for (const role of ['orchestrator', 'tms', 'relay', 'consumers'] as const) {
        platform.stack.process(role).kill('SIGKILL');
      }
      await expectAllDone(campaignId);
    },
    TIMEOUT_MS,
  );
});
