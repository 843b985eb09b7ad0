/** Who records how a terminal has ended: the first, and it stands. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { look, lookAt as lookIn } from '../../activities/observe.ts';
import { createRecorder, type Recorder } from '../../activities/recorder.ts';
import { createTrackingActivities } from '../../activities/tracking.ts';
import type { Look, LookInput, TrackingActivities } from '../../activities/types.ts';
import { loadShard } from '../../db/campaign-tpe.ts';
import type { TrackedTpe } from '../../workflows/types.ts';
import { TestApi } from '../api/test-api.ts';

const TARGET = '9.0.0';

let api: TestApi;
let recorder: Recorder;
let tracking: TrackingActivities;
let campaignId: string;
let tpe: TrackedTpe;

beforeAll(async () => {
  api = await TestApi.create();
  const context = { topicPrefix: 'test.', actor: 'platform' };
  recorder = createRecorder(api.pool, context);
  tracking = createTrackingActivities({ pool: api.pool, recorder, context });
});
afterAll(() => api.close());

beforeEach(async () => {
  const [tpeId = ''] = await api.fleet([{}]);
  campaignId = await api.campaign({ tpeIds: [tpeId] }, TARGET);
  const asked = {
    campaignId,
    tpeId,
    attempt: 1,
    status: 'REQUESTED' as const,
    operationId: 'op-1',
    shard: 0,
  };
  await recorder.recordAll([asked]);
  [tpe] = (await loadShard(api.pool, campaignId, 0, 'update')) as [TrackedTpe];
});

function lookAt(step: LookInput['step'], targetVersion = TARGET): Promise<Look> {
  const observe = {
    observe: () =>
      Promise.resolve({ state: 'DONE' as const, operationId: 'op-1', targetVersion: TARGET, reason: null }),
  };
  const status = {
    reachable: true as const,
    runningVersion: TARGET,
    battery: 80,
    uptimeSeconds: 60,
    lastSeen: '',
  };
  const hardware = { status: () => Promise.resolve(status), close: () => Promise.resolve() };
  const input = { campaignId, targetVersion, tpe, ...(step ? { step } : {}) };
  return new MockActivityEnvironment().run<[], Look, () => Promise<Look>>(() =>
    look((it) => lookIn({ ...observe, hardware, recorder }, it), input),
  );
}

function rows(): Promise<unknown[]> {
  return api.rows(`SELECT status, reason, version FROM campaign_tpe WHERE campaign_id = '${campaignId}'`);
}

test('a look of an update records the success that it finds, once', async () => {
  expect(await lookAt('update')).toMatchObject({ recorded: true, verdict: { status: 'SUCCESS' } });
  // Whoever looks again is to ask what stands: it may be another end.
  expect((await lookAt('update')).recorded).toBeUndefined();
  expect(await rows()).toEqual([{ status: 'SUCCESS', reason: null, version: TARGET }]);
  const told = await api.rows(
    `SELECT type FROM event WHERE campaign_id = '${campaignId}' AND type = 'tpe.success'`,
  );
  expect(told).toHaveLength(1);
});

test('a look of a roll-back, or of a campaign from before, records no end', async () => {
  for (const step of ['roll-back', undefined] as const) {
    const found = await lookAt(step);
    expect(found).toMatchObject({ verdict: { status: 'SUCCESS' } });
    expect(found.recorded).toBeUndefined();
  }
  expect(await rows()).toEqual([{ status: 'REQUESTED', reason: null, version: null }]);
});

test('the end that was recorded first stands, and is what whoever comes later is told', async () => {
  const end = { campaignId, tpeId: tpe.tpeId, attempt: 1 };
  await lookAt('update');
  const late = { ...end, status: 'TIMEOUT' as const, reason: 'unreachable' as const, version: null };
  expect(await tracking.record(late)).toEqual({ status: 'SUCCESS', reason: null, version: TARGET });
  expect(await tracking.record({ ...late, attempt: 2 })).toBeUndefined();
  expect(await rows()).toEqual([{ status: 'SUCCESS', reason: null, version: TARGET }]);
});

test('an end that is the first is told nothing', async () => {
  const end = { campaignId, tpeId: tpe.tpeId, attempt: 1 };
  const failed = { ...end, status: 'FAILED' as const, reason: 'failed:battery' as const, version: null };
  expect(await tracking.record(failed)).toBeUndefined();
  expect(await tracking.record(failed)).toEqual({
    status: 'FAILED',
    reason: 'failed:battery',
    version: null,
  });
});

test('a terminal that was found done before its tracker began is tracked all the same, and ends as that', async () => {
  await lookAt('update');
  const [late] = await loadShard(api.pool, campaignId, 0, 'update');
  expect(late).toMatchObject({ tpeId: tpe.tpeId, status: 'SUCCESS' });
  tpe = late as TrackedTpe;
  const found = await lookAt('update');
  expect(found).toMatchObject({ verdict: { settled: true, status: 'SUCCESS' } });
  const end = { campaignId, tpeId: tpe.tpeId, attempt: 1, status: 'SUCCESS' as const, reason: null };
  expect(await tracking.record({ ...end, version: TARGET })).toEqual({
    status: 'SUCCESS',
    reason: null,
    version: TARGET,
  });
});

test('a terminal that failed before its tracker began needs none', async () => {
  await recorder.recordAll([
    { campaignId, tpeId: tpe.tpeId, attempt: 1, status: 'FAILED', reason: 'failed:x' },
  ]);
  expect(await loadShard(api.pool, campaignId, 0, 'update')).toEqual([]);
});
