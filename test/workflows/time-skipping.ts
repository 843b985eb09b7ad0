/** The time-skipping Temporal server, with workers that run the real workflows over a made-up world. */
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import type { CampaignActivities, TmsActivities, TrackingActivities } from '../../activities/types.ts';
import { createLogger } from '../../observability/logger.ts';
import { loadWorkflowBundle } from '../../workers/workflow-bundle.ts';
import {
  CAMPAIGN_TASK_QUEUE,
  SEARCH_ATTRIBUTES,
  tmsTaskQueue,
  TRACKING_TASK_QUEUE,
} from '../../workflows/names.ts';
import { campaignActivities } from './world-campaign.ts';
import { tmsActivities } from './world-tms.ts';
import { trackingActivities } from './world-tracking.ts';
import { World } from './world.ts';

/** Tries to start a server: for a minute, together. */
const SERVER_STARTS = 12;

/** The workflows of today, and an SDK that says only what went wrong. Once per test file. */
export async function prepareWorkflows(): Promise<WorkflowBundle> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  return loadWorkflowBundle(createLogger({ logLevel: 'silent' }, 'test'));
}

/** Skipped time for all tests of the file or of the `describe` around it. */
export function skipTime(): SkippedTime {
  const time = new SkippedTime();
  beforeAll(() => time.start());
  afterAll(() => time.stop());
  return time;
}

/** The same with a server for each test: what a cancelled campaign leaves behind keeps a server's time from being skipped. */
export function skipTimeInEachTest(): SkippedTime {
  const time = new SkippedTime();
  beforeEach(() => time.start());
  afterEach(() => time.stop());
  return time;
}

/** The SDK gives the server five seconds to come up, which are not enough on a machine that does much else. */
async function startServer(): Promise<TestWorkflowEnvironment> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await TestWorkflowEnvironment.createTimeSkipping({
        server: { executable: { type: 'existing-path', path: inject('testServerPath') } },
      });
    } catch (error) {
      if (attempt === SERVER_STARTS || !/did not start within/.test(String(error))) throw error;
    }
  }
}

/** What the workers take from a world. */
export interface WorldActivities {
  campaign: CampaignActivities;
  tracking: TrackingActivities;
  tms: TmsActivities;
}

export class SkippedTime {
  private running: TestWorkflowEnvironment | undefined;
  private workflows: WorkflowBundle | undefined;

  get env(): TestWorkflowEnvironment {
    if (!this.running) throw new Error('there is no skipped time outside a test');
    return this.running;
  }

  async start(): Promise<void> {
    this.workflows ??= await prepareWorkflows();
    this.running = await startServer();
    await this.env.connection.operatorService.addSearchAttributes({
      namespace: this.env.namespace ?? 'default',
      searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 2])),
    });
  }

  async stop(): Promise<void> {
    const { running } = this;
    this.running = undefined;
    await running?.teardown();
  }

  /**
   * Runs `test` over a new world while workers for it are up.
   * @param prepare replaces activities before the workers take them
   */
  async withWorld<T>(
    test: (world: World) => Promise<T>,
    prepare: (activities: WorldActivities, world: World) => void = () => undefined,
  ): Promise<T> {
    const world = new World(() => this.env.currentTimeMs(), this.env.client);
    const activities = {
      campaign: campaignActivities(world),
      tracking: trackingActivities(world),
      tms: tmsActivities(world),
    };
    prepare(activities, world);
    const workers = await this.createWorkers(activities);
    const run = workers.reduceRight<() => Promise<T>>(
      (inner, worker) => () => worker.runUntil(inner),
      () => test(world),
    );
    return run();
  }

  private createWorkers({ campaign, tracking, tms }: WorldActivities): Promise<Worker[]> {
    const { nativeConnection: connection } = this.env;
    const workflowBundle = this.workflows;
    return Promise.all([
      Worker.create({ connection, taskQueue: CAMPAIGN_TASK_QUEUE, workflowBundle, activities: campaign }),
      Worker.create({ connection, taskQueue: TRACKING_TASK_QUEUE, workflowBundle, activities: tracking }),
      Worker.create({
        connection,
        taskQueue: tmsTaskQueue('alpha'),
        activities: tms,
        maxHeartbeatThrottleInterval: '100 milliseconds',
      }),
    ]);
  }
}
