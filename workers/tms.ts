/**
 * Process role: calls the TMSs and the terminals. One Temporal worker per TMS of the configuration, each on
 * its own task queue and with its own slots, so that a slow TMS takes nothing from the others.
 */
import { Worker } from '@temporalio/worker';
import pLimit from 'p-limit';
import { createBatchLocks } from '../activities/batch-lock.ts';
import { createRecorder } from '../activities/recorder.ts';
import { createTmsActivities } from '../activities/tms.ts';
import { createTurns } from '../activities/turns.ts';
import { createPool } from '../db/pool.ts';
import { tmsRequestDurationSeconds, tmsRequestsTotal } from '../observability/metrics.ts';
import { coalesce } from '../tms/coalesce.ts';
import { guardTms } from '../tms/guard.ts';
import { createHardwareApi } from '../tms/hardware-api.ts';
import { createTmsAdapter } from '../tms/registry.ts';
import { tmsTaskQueue } from '../workflows/names.ts';
import { runWorkerProcess } from './process.ts';
import { connectWorker, installRuntime, runWorkers } from './temporal.ts';

/** Activities of one TMS at once. Most wait for their turn: fifteen campaigns have room with all their batches. */
const SLOTS = 1_000;

/** How soon a running dispatch learns of a pause: heartbeats are passed on this often. */
const HEARTBEAT_THROTTLE = '200 milliseconds';

await runWorkerProcess('tms', async ({ config, logger }) => {
  installRuntime(logger);
  const pool = createPool(config.database, 'tms');
  const connection = await connectWorker(config);
  const context = { topicPrefix: config.kafka.topicPrefix, actor: 'platform' };
  const recorder = createRecorder(pool, context);
  const locks = createBatchLocks(pool);
  const hardware = createHardwareApi(config.hardwareApi);
  const adapters = config.tms.map((tms) => ({
    limits: tms.limits,
    adapter: guardTms(createTmsAdapter(tms), tms.limits, ({ operation, outcome, seconds }) => {
      tmsRequestsTotal.inc({ tms: tms.name, operation, outcome });
      tmsRequestDurationSeconds.observe({ tms: tms.name, operation }, seconds);
    }),
  }));
  const workers = await Promise.all(
    adapters.map(({ adapter, limits }) =>
      Worker.create({
        connection,
        namespace: config.temporal.namespace,
        taskQueue: tmsTaskQueue(adapter.name),
        activities: createTmsActivities({
          pool,
          locks,
          recorder,
          turns: createTurns(),
          context,
          defaultZone: config.defaultTimeZone,
          adapter,
          single: coalesce(adapter),
          hardware,
          inFlight: pLimit(limits.concurrency),
        }),
        maxConcurrentActivityTaskExecutions: SLOTS,
        maxHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
        defaultHeartbeatThrottleInterval: HEARTBEAT_THROTTLE,
        shutdownGraceTime: '15 seconds',
      }),
    ),
  );
  return runWorkers(workers, async () => {
    await locks.close();
    await Promise.all([...adapters.map(({ adapter }) => adapter.close()), hardware.close()]);
    await Promise.all([connection.close(), pool.end()]);
  });
});
