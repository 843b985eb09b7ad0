import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TerminalTruth } from '../../tms/simulator/admin-routes.ts';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { Platform, TARGET } from './platform.ts';

/** The version is good on one model and breaks another. */
const TMS = {
  latencyMs: { min: 1, max: 5 },
  lostAnswerRate: 0.02,
  overrides: [{ model: 'A77', version: TARGET, failRate: 0.5 }],
};

let platform: Platform;
beforeAll(async () => {
  platform = await Platform.start({
    tms: [
      { name: 'alpha', idempotent: true, ...TMS },
      { name: 'beta', idempotent: false, ...TMS },
    ],
    speed: 240,
    lookEverySeconds: 1,
    fleet: [
      { tms: 'alpha', terminals: 15, model: 'A920' },
      { tms: 'beta', terminals: 10, model: 'A920' },
      { tms: 'alpha', terminals: 30, model: 'A77' },
      { tms: 'beta', terminals: 20, model: 'A77' },
      { tms: 'alpha', terminals: 40, model: 'IM30' },
    ],
  });
}, START_TIMEOUT_MS);
afterAll(() => platform?.stop());

interface Detail {
  waves: { wave: number; state: string; counts: Record<string, number> }[];
  compensations: Record<string, number>;
}

describe('a canary in three waves whose second wave fails over the threshold', () => {
  it('is rolled back, and everybody says the same of each terminal', { timeout: 300_000 }, async () => {
    const campaignId = await platform.launch(60, {
      waves: [
        { name: 'canary', rule: 'model = "A920"', gate: { minSuccessPercent: 90, soakSeconds: 1 } },
        { name: 'model A77', rule: 'model = "A77"' },
        { name: 'rest', rest: true },
      ],
      failureThreshold: { percent: 10, minSample: 10, action: 'roll-back' },
      cancelWithinSeconds: 60,
    });
    const { status } = await platform.untilEnded(campaignId);
    expect(status).toBe('ABORTED');
    const counts = await platform.expectAgreement(campaignId);
    // Nothing is left on the new version, and nothing of the third wave was asked for.
    expect(counts).not.toHaveProperty('SUCCESS');
    expect(counts.FAILED).toBeGreaterThan(5);
    const { waves, compensations } = await platform.call<Detail>('GET', `/campaigns/${campaignId}`);
    expect(waves.map(({ state }) => state)).toEqual(['PASSED', 'CANCELLED', 'CANCELLED']);
    expect(waves[2]?.counts).toEqual({ CANCELLED: 40 });
    expect(Object.keys(compensations)).toEqual(['ROLLED_BACK']);
    expect(compensations.ROLLED_BACK).toBeGreaterThanOrEqual(25);
    const response = await fetch(`${platform.simulator}/terminals`);
    const { terminals } = (await response.json()) as { terminals: TerminalTruth[] };
    expect(terminals.filter(({ version }) => version === TARGET)).toEqual([]);
    const progress = await platform.progress(campaignId);
    expect(progress).toMatchObject({ status: 'ABORTED', compensations });
  });
});

interface Tpe {
  status: string;
  attempt: number;
}

describe('a campaign at a rate, within maintenance windows, that tries again what fails', () => {
  it('updates nearly all, each attempt under a key of its own', { timeout: 300_000 }, async () => {
    const campaignId = await platform.launch(60, {
      retry: { attempts: 6, backoffSeconds: 0.5, backoffFactor: 1 },
      rate: { perMinute: 3_000, growthFactor: 2, growEvery: 20 },
      maintenance: { freezes: [{ from: '2020-12-18', to: '2020-12-26' }] },
    });
    const { status } = await platform.untilEnded(campaignId);
    expect(status).toBe('COMPLETED');
    const counts = await platform.expectAgreement(campaignId);
    expect(counts.SUCCESS).toBeGreaterThan(100);
    const { items } = await platform.call<{ items: Tpe[] }>('GET', `/campaigns/${campaignId}/tpes?limit=500`);
    const retried = items.filter(({ attempt }) => attempt > 1);
    expect(retried.length).toBeGreaterThan(5);
    expect(retried.some((tpe) => tpe.status === 'SUCCESS')).toBe(true);
  });
});
