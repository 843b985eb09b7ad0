/** Process role: publishes the outbox to Kafka and keeps the event table's partitions ahead of time. */
import { ensureEventPartitions } from '../db/outbox.ts';
import { createPool } from '../db/pool.ts';
import { Relay } from '../events/relay.ts';
import { runWorkerProcess } from './process.ts';

const DAY_MS = 24 * 3600 * 1000;
/** After a failure it is tried again sooner: events without a partition can't be written. */
const RETRY_MS = 60_000;
const MONTHS_AHEAD = 3;

await runWorkerProcess('relay', async ({ config, logger }) => {
  const relay = new Relay({ config, logger });
  const pool = createPool({ ...config.database, poolSize: 1 }, 'relay-partitions');
  let timer: NodeJS.Timeout | undefined;
  let partitions = Promise.resolve();
  const keepPartitions = (): void => {
    partitions = ensureEventPartitions(pool, MONTHS_AHEAD).then(
      () => void (timer = setTimeout(keepPartitions, DAY_MS)),
      (error: unknown) => {
        logger.warn({ err: error }, 'the partitions of the event table could not be made: trying again');
        timer = setTimeout(keepPartitions, RETRY_MS);
      },
    );
  };
  keepPartitions();
  return {
    ready: () => relay.ready(),
    finished: relay.finished,
    async stop() {
      await partitions;
      clearTimeout(timer);
      await Promise.all([relay.stop(), pool.end()]);
    },
  };
});
