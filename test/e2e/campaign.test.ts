import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { Platform, TARGET, until } from './platform.ts';

const TROUBLE = {
  latencyMs: { min: 1, max: 5 },
  failRate: 0.05,
  offlineRate: 0.05,
  neverBackRate: 0.5,
  lieRate: 0.03,
  forgetRate: 0.02,
  rejectRate: 0.03,
  lostAnswerRate: 0.05,
  errorRate: 0.02,
};

let platform: Platform;
beforeAll(async () => {
  platform = await Platform.start({
    tms: [
      {
        name: 'alpha',
        idempotent: true,
        ...TROUBLE,
        callbacks: {
          url: 'http://127.0.0.1/api/v1/tms/alpha/events',
          secret: 'alpha-callback-secret',
          rate: 0.5,
          duplicateRate: 0.2,
        },
      },
      { name: 'beta', idempotent: false, ...TROUBLE },
    ],
    speed: 120,
    fleet: [
      { tms: 'alpha', terminals: 200 },
      { tms: 'beta', terminals: 100 },
    ],
  });
}, START_TIMEOUT_MS);
afterAll(() => platform?.stop());

describe('a campaign over terminals that fail, are offline, lie, and whose answers are lost', () => {
  it(
    'ends with every terminal final, and everybody says the same of each',
    { timeout: 300_000 },
    async () => {
      const campaignId = await platform.launch();
      await platform.untilEnded(campaignId);
      const counts = await platform.expectAgreement(campaignId);
      const stats = await platform.stats();
      expect(stats.lostAnswers).toBeGreaterThan(0);
      expect(counts.SUCCESS).toBeGreaterThan(150);
      expect(counts.FAILED).toBeGreaterThan(0);
      expect(counts.TIMEOUT).toBeGreaterThan(0);

      const { items } = await platform.call<{ items: { status: string; reason: string | null }[] }>(
        'GET',
        `/campaigns/${campaignId}/tpes?limit=500`,
      );
      const reasons = new Set(items.map(({ reason }) => reason?.split(':')[0] ?? null));
      expect([...reasons]).toEqual(expect.arrayContaining(['failed', 'rejected', 'unverified']));
    },
  );

  it('can be found in Temporal by terminal and campaign, and reads as a story', async () => {
    const [campaign] = (await platform.call<{ items: { campaignId: string }[] }>('GET', '/campaigns?limit=1'))
      .items;
    const campaignId = campaign?.campaignId ?? '';
    const tpeId = '00000000-0000-4000-8000-000000000001';
    const found: string[] = [];
    for await (const workflow of platform.temporal.workflow.list({
      query: `TpeId = "${tpeId}" AND CampaignId = "${campaignId}" AND TargetVersion = "${TARGET}"`,
    })) {
      found.push(workflow.workflowId);
    }
    expect(found).toEqual([`tpe-${campaignId}-${tpeId}`]);
    const handle = platform.temporal.workflow.getHandle(found[0] ?? '');
    const description = await handle.describe();
    expect(await description.staticSummary()).toBe('A920 · Lyon-1 · 4.1.0 → 4.2.0');
    // `workers/without-stack-traces.ts` has reached the threads that run the workflows.
    await expect(handle.query('__stack_trace')).rejects.toThrow(/stack traces are not enabled/);
  });

  it(
    'leaves terminals that run the target version out of the next campaign',
    { timeout: 120_000 },
    async () => {
      const before = await platform.stats();
      const campaignId = await platform.launch(1);
      const { counts } = await platform.untilEnded(campaignId);
      expect(counts.SKIPPED).toBeGreaterThan(150);
      const after = await platform.stats();
      expect(after.accepted - before.accepted).toBeLessThanOrEqual(300 - (counts.SKIPPED ?? 0));
    },
  );
});

describe('a tracker that somebody terminates in Temporal', () => {
  it('settles its terminal as unknown, and its campaign ends', { timeout: 120_000 }, async () => {
    // The terminals that have not made it so far are enough; those that never will are followed to the deadline.
    const campaignId = await platform.launch(15);
    let workflowId: string | undefined;
    await until(async () => {
      const running = platform.temporal.workflow.list({
        query: `CampaignId = "${campaignId}" AND WorkflowType = "tpeUpdate" AND ExecutionStatus = "Running"`,
      });
      for await (const workflow of running) workflowId = workflow.workflowId;
      return workflowId !== undefined;
    });
    await platform.temporal.workflow.getHandle(workflowId ?? '').terminate('by mistake');
    await platform.untilEnded(campaignId);
    const { items } = await platform.call<{ items: { tpeId: string; reason: string | null }[] }>(
      'GET',
      `/campaigns/${campaignId}/tpes?status=TIMEOUT&limit=500`,
    );
    const terminated = items.filter(({ reason }) => reason === 'tracker-ended');
    expect(terminated.map(({ tpeId }) => `tpe-${campaignId}-${tpeId}`)).toEqual([workflowId]);
  });
});
