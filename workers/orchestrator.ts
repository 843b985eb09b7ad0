/** Process role: runs the workflows, and the activities that touch only our own database. */
import { Worker } from '@temporalio/worker';
import { createPlatformActivities } from '../activities/platform.ts';
import { createRecorder } from '../activities/recorder.ts';
import { createPool } from '../db/pool.ts';
import { CAMPAIGN_TASK_QUEUE } from '../workflows/names.ts';
import { sweepUnstarted } from './campaign-starter.ts';
import { runWorkerProcess } from './process.ts';
import { connectClient, connectWorker, installRuntime, runWorkers } from './temporal.ts';
import { loadWorkflowBundle } from './workflow-bundle.ts';

/** A cached workflow takes about 1 MB; one that is not cached is replayed when it goes on. */
const MAX_CACHED_WORKFLOWS = 400;

await runWorkerProcess('orchestrator', async ({ config, logger, signal }) => {
  installRuntime(logger);
  const pool = createPool(config.database, 'orchestrator');
  const [connection, client, workflowBundle] = await Promise.all([
    connectWorker(config),
    connectClient(config),
    loadWorkflowBundle(logger),
  ]);
  const recorder = createRecorder(pool, { topicPrefix: config.kafka.topicPrefix, actor: 'platform' });
  const worker = await Worker.create({
    connection,
    namespace: config.temporal.namespace,
    taskQueue: CAMPAIGN_TASK_QUEUE,
    workflowBundle,
    activities: createPlatformActivities({ pool, client, recorder }),
    maxCachedWorkflows: MAX_CACHED_WORKFLOWS,
    maxConcurrentWorkflowTaskExecutions: 40,
    maxConcurrentActivityTaskExecutions: 200,
    shutdownGraceTime: '15 seconds',
  });
  const sweeping = sweepUnstarted({ pool, client, logger }, signal);
  return runWorkers([worker], async () => {
    await sweeping;
    await Promise.all([connection.close(), client.connection.close(), pool.end()]);
  });
});
