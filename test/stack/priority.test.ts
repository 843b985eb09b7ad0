/** Whether the Temporal server heeds the priority of activities, as a campaign's dispatch needs it. */
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect, onTestFinished, test } from 'vitest';
import { createTestNamespace, START_TIMEOUT_MS } from '../support/stack.ts';
import type { Notes, noting } from './priority-workflows.ts';

const CROWD = Array.from({ length: 60 }, (_, index) => `look ${index}`);

test(
  'what is urgent does not wait behind what was there before',
  async () => {
    const { address, namespace } = await createTestNamespace();
    const connection = await Connection.connect({ address });
    const native = await NativeConnection.connect({ address });
    onTestFinished(async () => {
      await connection.close();
      await native.close();
    });
    const client = new Client({ connection, namespace });
    const noted: string[] = [];
    const workflows = await Worker.create({
      connection: native,
      namespace,
      taskQueue: 'noting',
      workflowsPath: fileURLToPath(new URL('./priority-workflows.ts', import.meta.url)),
    });
    const activities = await Worker.create({
      connection: native,
      namespace,
      taskQueue: 'notes',
      activities: { note: async (word) => void noted.push(word) } satisfies Notes,
      maxConcurrentActivityTaskExecutions: 1,
    });
    const start = (workflowId: string, ...args: Parameters<typeof noting>) =>
      client.workflow.start<typeof noting>('noting', { workflowId, taskQueue: 'noting', args });
    const scheduled = async (count: number): Promise<void> => {
      await expect.poll(() => backlog(client, namespace), { timeout: 30_000, interval: 100 }).toBe(count);
    };

    await workflows.runUntil(async () => {
      const crowd = await start('crowd', CROWD);
      await scheduled(CROWD.length);
      const urgent = await start('urgent', ['dispatch'], 1);
      await scheduled(CROWD.length + 1);
      await activities.runUntil(Promise.all([crowd.result(), urgent.result()]));
    });
    expect(noted).toHaveLength(CROWD.length + 1);
    // The order is not strict: of each of the queue's partitions some may have been on their way. Without priorities it is the last.
    expect(noted.indexOf('dispatch')).toBeLessThan(CROWD.length / 2);
  },
  START_TIMEOUT_MS,
);

/** Activities that wait for a worker. */
async function backlog(client: Client, namespace: string): Promise<number> {
  const { stats } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: 'notes' },
    taskQueueType: temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    reportStats: true,
  });
  return Number(stats?.approximateBacklogCount ?? 0);
}
