/** A worker whose clock is wrong: what it decides is what one with the right clock would. */
import { Client, Connection } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import pLimit from 'p-limit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { askForOne } from '../../activities/ask.ts';
import { createBatchLocks, type BatchLocks } from '../../activities/batch-lock.ts';
import { createCampaignActivities } from '../../activities/campaign.ts';
import { openingHours } from '../../activities/opening-hours.ts';
import { keepPace } from '../../activities/pace.ts';
import { createRecorder } from '../../activities/recorder.ts';
import { createTurns } from '../../activities/turns.ts';
import type { AskResult, CampaignActivities, CampaignPlan } from '../../activities/types.ts';
import { loadShard } from '../../db/campaign-tpe.ts';
import { databaseNow } from '../../db/clock.ts';
import type { TmsAdapter } from '../../tms/contract.ts';
import { DEFAULT_POLICY } from '../../workflows/policy/defaults.ts';
import type { TrackedTpe } from '../../workflows/types.ts';
import { TestApi } from '../api/test-api.ts';

const TARGET = '9.0.0';
const HOUR = 3_600_000;

let api: TestApi;
let locks: BatchLocks;
beforeAll(async () => {
  api = await TestApi.create();
  locks = createBatchLocks(api.pool);
});
afterAll(async () => {
  await locks.close();
  await api.close();
});

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => vi.useRealTimers());

/** Sets the clock of this process, and no other. */
function setClock(aheadMs: number): void {
  vi.setSystemTime(Date.now() + aheadMs);
}

async function campaignOfOne(): Promise<string> {
  const [tpeId = ''] = await api.fleet([{}]);
  return api.campaign({ tpeIds: [tpeId] }, TARGET);
}

function recorderOf(): ReturnType<typeof createRecorder> {
  return createRecorder(api.pool, { topicPrefix: 'test.', actor: 'platform' });
}

function campaignActivities(): CampaignActivities {
  return createCampaignActivities({
    pool: api.pool,
    client: new Client({ connection: Connection.lazy() }),
    recorder: recorderOf(),
    context: { topicPrefix: 'test.', actor: 'platform' },
    tmsNames: ['acme'],
    defaultZone: 'UTC',
  });
}

async function ask(campaignId: string): Promise<AskResult> {
  const adapter: TmsAdapter = {
    name: 'acme',
    capabilities: { idempotent: true, requestBulk: 10, observeBulk: 10, cancelBulk: 10, push: false },
    requestUpdates: (requests) =>
      Promise.resolve(requests.map(() => ({ outcome: 'accepted', operationId: 'op-2' }))),
    observe: () => Promise.resolve([]),
    cancel: () => Promise.resolve([]),
    inventory: () => Promise.resolve({ terminals: [], cursor: null }),
    close: () => Promise.resolve(),
  };
  const dependencies = {
    pool: api.pool,
    locks,
    recorder: recorderOf(),
    turns: createTurns(),
    context: { topicPrefix: 'test.', actor: 'platform' },
    defaultZone: 'UTC',
    adapter,
    inFlight: pLimit(4),
  };
  await api.pool.query('UPDATE campaign_tpe SET shard = 0 WHERE campaign_id = $1', [campaignId]);
  const [tpe] = (await loadShard(api.pool, campaignId, 0, 'update')) as [TrackedTpe];
  return new MockActivityEnvironment().run<[], AskResult, () => Promise<AskResult>>(() =>
    askForOne(dependencies, { campaignId, tpe, step: 'update', version: TARGET }),
  );
}

test.each([HOUR, -HOUR])("a terminal's time counts from when the database says, %d ms off", async (offMs) => {
  const campaignId = await campaignOfOne();
  const before = await databaseNow(api.pool);
  setClock(offMs);
  const answer = await ask(campaignId);
  const after = await databaseNow(api.pool);
  if (answer.outcome !== 'accepted') throw new Error(answer.outcome);
  expect(answer.requestedAt).toBeGreaterThanOrEqual(before);
  expect(answer.requestedAt).toBeLessThanOrEqual(after);
});

test('a campaign that hears news is not stalled because a clock is ahead', async () => {
  const campaignId = await campaignOfOne();
  setClock(HOUR);
  const progress = campaignActivities().awaitProgress({
    campaignId,
    seen: {},
    step: 0,
    anyChangeFrom: 0,
    rules: [{ wave: 1, gate: { minSuccessPercent: 100 }, threshold: null, forgiven: 0 }],
    verdicts: [],
    stall: { seconds: HOUR / 2_000, since: 0 },
  });
  expect(await progress).toMatchObject({ counts: { PENDING: 1 }, stalled: false });
});

test('a campaign whose time has come by Temporal has begun, also where a clock is behind', async () => {
  const campaignId = await campaignOfOne();
  const startAt = Date.now() + HOUR;
  await api.pool.query(
    `UPDATE campaign SET policy = policy || jsonb_build_object('startAt', $2::text) WHERE campaign_id = $1`,
    [campaignId, new Date(startAt).toISOString()],
  );
  const open = (scheduledTimestampMs: number): Promise<CampaignPlan> =>
    new MockActivityEnvironment({ scheduledTimestampMs }).run<[], CampaignPlan, () => Promise<CampaignPlan>>(
      () => campaignActivities().openCampaign(campaignId),
    );
  setClock(2 * HOUR);
  expect((await open(startAt - 1)).started).toBe(false);
  setClock(-4 * HOUR);
  expect((await open(startAt)).started).toBe(true);
});

test('opening hours are kept by the clock that has read them', () => {
  const now = Date.now();
  const policy = { ...DEFAULT_POLICY, endAt: new Date(now + HOUR / 2).toISOString() };
  const hours = openingHours({ policy, now }, 'UTC');
  setClock(HOUR);
  expect(hours.isOpen(null)).toBe(true);
});

test('a dispatch keeps its pace when the clock is set back', async () => {
  const rate = { perMinute: 60_000, growthFactor: 1, growEvery: 1, maxPerMinute: null };
  const pace = keepPace(rate, 1, () => Promise.resolve(0));
  const { signal } = new AbortController();
  await pace.turn(10, signal);
  setClock(-HOUR);
  expect(await pace.turn(10, signal)).toBe(true);
});
