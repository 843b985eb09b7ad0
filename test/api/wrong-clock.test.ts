/** An API whose clock is wrong answers what one with the right clock would. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { TestApi } from './test-api.ts';

const HOUR = 3_600_000;

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
}, START_TIMEOUT_MS);
afterAll(() => api.close());

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => vi.useRealTimers());

function setClock(aheadMs: number): void {
  vi.setSystemTime(Date.now() + aheadMs);
}

function endingIn(ms: number): object {
  return { policy: { endAt: new Date(Date.now() + ms).toISOString() } };
}

test('a campaign that is to end in half an hour can be planned with a clock that is ahead', async () => {
  const json = endingIn(HOUR / 2);
  setClock(HOUR);
  const saved = await api.send('policy-templates/short', { method: 'PUT', json });
  expect(saved).toMatchObject({ status: 201 });
  const tpeIds = await api.fleet([{}]);
  const campaign = { targetVersion: '9.0.0', targets: { tpeIds }, ...json };
  const planned = await api.send('campaigns/preview', { method: 'POST', json: campaign });
  expect(planned).toMatchObject({ status: 200 });
});

test('an end that is past is refused with a clock that is behind', async () => {
  const json = endingIn(-HOUR / 2);
  setClock(-HOUR);
  const refused = await api.send('policy-templates/past', { method: 'PUT', json });
  expect(refused).toMatchObject({ status: 422, body: { type: '/problems/validation-failed' } });
});

test('statistics over the last days have the campaign of this minute with a clock that is behind', async () => {
  await api.clear();
  await api.campaign({ tpeIds: await api.fleet([{}]) });
  setClock(-HOUR);
  const { body } = await api.send('statistics');
  expect(body.campaigns.total).toBe(1);
});
