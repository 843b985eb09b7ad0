/**
 * Process role: runs the workflows, and the activities that touch only our own database. Campaigns and trackers
 * have a worker each, so that thousands of trackers that start at once don't hold up a command to a campaign.
 */
import { Worker } from '@temporalio/worker';
import { createCampaignActivities } from '../activities/campaign.ts';
import { createRecorder } from '../activities/recorder.ts';
import { createTrackingActivities } from '../activities/tracking.ts';
import { createPool } from '../db/pool.ts';
import { CAMPAIGN_TASK_QUEUE, TRACKING_TASK_QUEUE } from '../workflows/names.ts';
import { sweepUnstarted } from './campaign-starter.ts';
import { runWorkerProcess } from './process.ts';
import { connectClient, connectWorker, installRuntime, runWorkers } from './temporal.ts';
import { loadWorkflowBundle } from './workflow-bundle.ts';

/**
 * A workflow that is not cached is replayed when it goes on. The shards of 30,000 terminals are 300, all of which go on again and
 * again while their trackers begin: with 200 cached, 16,000 trackers still waited for their first step after 20 minutes.
 */
const MAX_CACHED_CAMPAIGNS = 50;
const MAX_CACHED_TRACKERS = 500;

await runWorkerProcess('orchestrator', async ({ config, logger, signal }) => {
  installRuntime(logger);
  const pool = createPool(config.database, 'orchestrator');
  const [connection, client, workflowBundle] = await Promise.all([
    connectWorker(config),
    connectClient(config),
    loadWorkflowBundle(logger, { path: config.workflowBundle }),
  ]);
  const context = { topicPrefix: config.kafka.topicPrefix, actor: 'platform' };
  const recorder = createRecorder(pool, context);
  const tmsNames = config.tms.map(({ name }) => name);
  const defaultZone = config.defaultTimeZone;
  const shared = {
    connection,
    namespace: config.temporal.namespace,
    workflowBundle,
    shutdownGraceTime: '15 seconds',
  };
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: CAMPAIGN_TASK_QUEUE,
      activities: createCampaignActivities({ pool, client, recorder, context, tmsNames, defaultZone }),
      maxCachedWorkflows: MAX_CACHED_CAMPAIGNS,
    }),
    Worker.create({
      ...shared,
      taskQueue: TRACKING_TASK_QUEUE,
      activities: createTrackingActivities({ pool, recorder, context }),
      maxCachedWorkflows: MAX_CACHED_TRACKERS,
      maxConcurrentActivityTaskExecutions: 200,
    }),
  ]);
  const sweeping = sweepUnstarted({ pool, client, logger }, signal);
  return runWorkers(workers, async () => {
    await sweeping;
    await Promise.all([connection.close(), client.connection.close(), pool.end()]);
  });
});
