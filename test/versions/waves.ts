/** Waves on the real server, run by workers of yesterday's code and of today's. */
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker';
import { beforeAll } from 'vitest';
import type { DispatchInput, DispatchResult } from '../../activities/types.ts';
import type { campaignWave } from '../../workflows/campaign-wave.ts';
import { CAMPAIGN_TASK_QUEUE, tmsTaskQueue, TRACKING_TASK_QUEUE } from '../../workflows/names.ts';
import { DEFAULT_POLICY } from '../../workflows/policy/defaults.ts';
import type { Batch } from '../../workflows/policy/sizing.ts';
import { createTestNamespace, START_TIMEOUT_MS } from '../support/stack.ts';
import { prepareWorkflows } from '../workflows/time-skipping.ts';
import { readBundle, YESTERDAY } from './bundles.ts';

export type WaveHandle = WorkflowHandle<typeof campaignWave>;

type Dispatch = (input: DispatchInput) => Promise<DispatchResult>;

export class Waves {
  readonly client: Client;
  private readonly native: NativeConnection;

  private constructor(client: Client, native: NativeConnection) {
    this.client = client;
    this.native = native;
  }

  /** In a namespace of their own. */
  static async prepare(): Promise<Waves> {
    const { address, namespace } = await createTestNamespace();
    const connection = await Connection.connect({ address });
    return new Waves(new Client({ connection, namespace }), await NativeConnection.connect({ address }));
  }

  async close(): Promise<void> {
    await this.native.close();
    await this.client.connection.close();
  }

  /** A worker for waves. */
  workflowsOf(workflowBundle: WorkflowBundle): Promise<Worker> {
    return this.createWorker({ taskQueue: CAMPAIGN_TASK_QUEUE, workflowBundle });
  }

  /** A worker for shards, which find no terminals. */
  shardsOf(workflowBundle: WorkflowBundle): Promise<Worker> {
    const activities = { loadShard: async () => [] };
    return this.createWorker({ taskQueue: TRACKING_TASK_QUEUE, workflowBundle, activities });
  }

  /** Runs `test` while these TMSs have a worker. */
  async withTms(names: string[], dispatch: Dispatch, test: () => Promise<void>): Promise<void> {
    const workers = await Promise.all(
      names.map((name) => this.createWorker({ taskQueue: tmsTaskQueue(name), activities: { dispatch } })),
    );
    await workers.reduce<() => Promise<void>>((inner, worker) => () => worker.runUntil(inner), test)();
  }

  /** A wave over these terminals, as a campaign of today starts it. */
  start(lanes: Batch[]): Promise<WaveHandle> {
    const { polling, deadlineSeconds, retry, onFailure } = DEFAULT_POLICY;
    return this.client.workflow.start<typeof campaignWave>('campaignWave', {
      workflowId: 'wave',
      taskQueue: CAMPAIGN_TASK_QUEUE,
      args: [
        {
          campaignId: 'campaign',
          wave: 1,
          name: 'all',
          run: 0,
          targetVersion: '4.2.0',
          lanes,
          campaignTotal: lanes.reduce((sum, { from, to }) => sum + to - from, 0),
          step: 'update',
          rate: null,
          windowed: false,
          paused: false,
          policy: { polling, deadlineSeconds, retry, onFailure },
        },
      ],
    });
  }

  private createWorker(options: Parameters<typeof Worker.create>[0]): Promise<Worker> {
    const { namespace } = this.client.options;
    return Worker.create({ connection: this.native, namespace, ...options });
  }
}

/** The workflows of both days, once per test file; they are there when its tests run. */
export function bothVersions(): { today: WorkflowBundle; yesterday: WorkflowBundle } {
  const versions = {} as ReturnType<typeof bothVersions>;
  beforeAll(async () => {
    versions.today = await prepareWorkflows();
    versions.yesterday = await readBundle(YESTERDAY);
  }, START_TIMEOUT_MS);
  return versions;
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(50);
}
