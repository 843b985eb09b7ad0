/** The time-skipping Temporal server, with workers that run the real workflows over a made-up world. */
import { inject } from 'vitest';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import { createLogger } from '../../observability/logger.ts';
import { loadWorkflowBundle } from '../../workers/workflow-bundle.ts';
import {
  CAMPAIGN_TASK_QUEUE,
  SEARCH_ATTRIBUTES,
  tmsTaskQueue,
  TRACKING_TASK_QUEUE,
} from '../../workflows/names.ts';
import { World } from './world.ts';

/** The workflows of today, and an SDK that says only what went wrong. Once per test file. */
export async function prepareWorkflows(): Promise<WorkflowBundle> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  return loadWorkflowBundle(createLogger({ logLevel: 'silent' }, 'test'));
}

export class SkippedTime {
  readonly env: TestWorkflowEnvironment;
  private readonly workflowBundle: WorkflowBundle;

  private constructor(env: TestWorkflowEnvironment, workflowBundle: WorkflowBundle) {
    this.env = env;
    this.workflowBundle = workflowBundle;
  }

  /** @param prepared the workflows, where the file has prepared them already */
  static async start(prepared?: WorkflowBundle): Promise<SkippedTime> {
    const bundle = prepared ?? (await prepareWorkflows());
    const env = await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path: inject('testServerPath') } },
    });
    await env.connection.operatorService.addSearchAttributes({
      namespace: env.namespace ?? 'default',
      searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, 2])),
    });
    return new SkippedTime(env, bundle);
  }

  stop(): Promise<void> {
    return this.env.teardown();
  }

  /**
   * Runs `test` over a new world while workers for it are up.
   * @param prepare replaces activities of the world before the workers take them
   */
  async withWorld<T>(
    test: (world: World) => Promise<T>,
    prepare: (world: World) => void = () => undefined,
  ): Promise<T> {
    const world = new World(() => this.env.currentTimeMs(), this.env.client);
    prepare(world);
    const { nativeConnection: connection } = this.env;
    const workers = await Promise.all([
      Worker.create({
        connection,
        taskQueue: CAMPAIGN_TASK_QUEUE,
        workflowBundle: this.workflowBundle,
        activities: world.campaignActivities(),
      }),
      Worker.create({
        connection,
        taskQueue: TRACKING_TASK_QUEUE,
        workflowBundle: this.workflowBundle,
        activities: world.trackingActivities(),
      }),
      Worker.create({
        connection,
        taskQueue: tmsTaskQueue('alpha'),
        activities: world.tmsActivities(),
        maxHeartbeatThrottleInterval: '100 milliseconds',
      }),
    ]);
    const run = workers.reduceRight<() => Promise<T>>(
      (inner, worker) => () => worker.runUntil(inner),
      () => test(world),
    );
    return run();
  }
}
