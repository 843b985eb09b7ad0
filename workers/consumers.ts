/** Process role: what reads from Kafka and from our own events. Any number of them share the work. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { archiveOldMonths } from '../audit/archive.ts';
import { Sealer } from '../audit/sealer.ts';
import type { Config } from '../config.ts';
import { countOpenLetters, forgetDeadLetters } from '../db/dead-letter-intake.ts';
import { alone, ensureEventPartitions } from '../db/event-archive.ts';
import { forgetInbox } from '../db/inbox.ts';
import { createPool } from '../db/pool.ts';
import type { Pool } from '../db/pool.ts';
import { backOff } from '../events/attempts.ts';
import { mirrorDeadLetters } from '../events/dead-letter-mirror.ts';
import { LagWatch } from '../events/lag.ts';
import { consumeOrders } from '../events/orders.ts';
import { TopicError, ensureTopics } from '../events/topics.ts';
import type { Logger } from '../observability/logger.ts';
import { auditArchiveFailuresTotal, deadLettersOpen } from '../observability/metrics.ts';
import { startProjector } from '../projections/projector.ts';
import { periodically, runParts } from './parts.ts';
import type { Part } from './parts.ts';
import { runWorkerProcess } from './process.ts';

const DAY_MS = 24 * 3600 * 1000;
const HOUR_MS = 3600 * 1000;
const MINUTE_MS = 60 * 1000;
const OPEN_LETTERS_MS = 15_000;
/** Days for which an event that comes again is recognised; Kafka itself keeps orders for 7. */
const INBOX_DAYS = 30;
/** Days for which dead letters are kept: as long as their topic has them. */
const DEAD_LETTER_DAYS = 183;
const MONTHS_AHEAD = 3;

await runWorkerProcess('consumers', ({ config, logger }) => {
  const pool = createPool(config.database, 'consumers');

  // Made at its first call: a role that starts before Temporal need not be started again.
  const connection = Connection.lazy({ address: config.temporal.address });
  const client = new Client({ connection, namespace: config.temporal.namespace });

  const orders = consumeOrders({ config, logger, pool, client });

  // Consumers of topics. Each is a GroupConsumer, and its lag is watched.
  const consumers = {
    'the orders': orders.consumer,
    'the mirror of the dead letters': mirrorDeadLetters({ config, logger, pool }),
  };

  const parts: Part[] = [
    topicsPart(config, logger),
    ...Object.entries(consumers).map(([name, consumer]) => ({
      name,
      ready: () => consumer.ready(),
      finished: consumer.finished,
      stop: () => consumer.stop(),
    })),
    lagPart(new LagWatch({ config, logger, consumers: Object.values(consumers) })),
    // What works on our own events, and is done by one process at a time.
    sealerPart(new Sealer({ pool, logger })),
    startProjector({ pool, logger, archiveDir: config.audit.archiveDir }),
    ...housekeeping(pool, logger),
    ...retention(config, pool, logger),
  ];
  return Promise.resolve(
    runParts(parts, async () => {
      await orders.tellCampaigns();
      await Promise.all([connection.close(), pool.end()]);
    }),
  );
});

/** Makes the topics; consumers wait until they are there. Fails where they can't be had as they must be. */
function topicsPart(config: Config, logger: Logger): Part {
  const stopping = new AbortController();
  const { signal } = stopping;
  let made = false;
  const make = async (): Promise<void> => {
    for (let failures = 1; !made && !signal.aborted; failures++) {
      try {
        await ensureTopics(config, logger);
        made = true;
      } catch (error) {
        if (error instanceof TopicError) throw error;
        logger.warn({ err: error }, 'Kafka is not there yet: trying again');
        await sleep(backOff(failures), undefined, { signal }).catch(() => undefined);
      }
    }
  };
  const making = make();
  return {
    name: 'the topics',
    ready: () => made,
    finished: making,
    async stop() {
      stopping.abort();
      await making.catch(() => undefined);
    },
  };
}

function lagPart(watch: LagWatch): Part {
  // A figure that can't be had keeps nobody from working.
  return { name: 'the lag', ready: () => true, stop: () => watch.stop() };
}

function sealerPart(sealer: Sealer): Part {
  return {
    name: 'the sealing of events',
    ready: () => sealer.ready(),
    finished: sealer.finished,
    stop: () => sealer.stop(),
  };
}

/** Months of events to come are made ahead, those that are old leave the database. */
function retention({ audit }: Config, pool: Pool, logger: Logger): Part[] {
  return [
    periodically({
      name: 'making the partitions of the events',
      logger,
      everyMs: DAY_MS,
      // Events without a partition can't be written.
      retryMs: MINUTE_MS,
      work: () => ensureEventPartitions(pool, MONTHS_AHEAD),
    }),
    periodically({
      name: 'archiving old events',
      logger,
      everyMs: DAY_MS,
      retryMs: HOUR_MS,
      async work(signal) {
        const options = { pool, logger, signal, ...audit };
        await alone(pool, () => archiveOldMonths(options)).catch((error: unknown) => {
          auditArchiveFailuresTotal.inc();
          throw error;
        });
      },
    }),
  ];
}

function housekeeping(pool: Pool, logger: Logger): Part[] {
  return [
    periodically({
      name: 'forgetting old events and letters',
      logger,
      everyMs: HOUR_MS,
      retryMs: MINUTE_MS,
      async work() {
        const events = await forgetInbox(pool, INBOX_DAYS);
        const letters = await forgetDeadLetters(pool, DEAD_LETTER_DAYS);
        if (events + letters > 0) logger.info({ events, letters }, 'forgot old events and dead letters');
      },
    }),
    periodically({
      name: 'counting the open dead letters',
      logger,
      everyMs: OPEN_LETTERS_MS,
      work: async () => deadLettersOpen.set(await countOpenLetters(pool)),
    }),
  ];
}
