/** The worker process of the naive workflows; it says on stdout when it runs, and stops with SIGTERM. */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { loadConfig } from '../../config.ts';
import { createLogger } from '../../observability/logger.ts';
import { guardTms } from '../../tms/guard.ts';
import { createTmsAdapter } from '../../tms/registry.ts';
import { installRuntime } from '../../workers/temporal.ts';
import { TARGET } from '../campaign-bench.ts';
import { NAIVE_TASK_QUEUE, type NaiveActivities } from './types.ts';

const config = loadConfig();
const [alpha] = config.tms;
if (!alpha) throw new Error('No TMS is configured.');
installRuntime(createLogger({ logLevel: 'warn' }, 'naive'));
const tms = guardTms(createTmsAdapter(alpha), alpha.limits);
const activities: NaiveActivities = {
  async ask(idTms) {
    await tms.requestUpdates([
      { idempotencyKey: `naive-${idTms}`, tpeId: idTms, idTms, targetVersion: TARGET },
    ]);
  },
};
const connection = await NativeConnection.connect({ address: config.temporal.address });
const worker = await Worker.create({
  connection,
  namespace: config.temporal.namespace,
  taskQueue: NAIVE_TASK_QUEUE,
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('workflows.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  }),
  activities: { ...activities },
  // As the platform's own workers have them.
  maxCachedWorkflows: 400,
  maxConcurrentActivityTaskExecutions: 200,
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => worker.shutdown());
process.once('disconnect', () => process.exit(1));
const running = worker.run();
process.send?.('runs');
await running;
await Promise.all([tms.close(), connection.close()]);
process.exit(0);
