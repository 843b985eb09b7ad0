import { Kafka, logLevel } from 'kafkajs';
import type { logCreator } from 'kafkajs';
import type { Config } from '../config.ts';
import type { Logger } from '../observability/logger.ts';
import { correctFetching } from './kafkajs-fetch.ts';
import { correctSending } from './kafkajs-send.ts';

correctFetching();
correctSending();

/** What kafkajs complains about although it is meant; see `LaneSender` for the second. */
const INTENDED = [
  /Limiting retries for the idempotent producer/,
  /another concurrent operation on the same transaction was ongoing/,
];

/**
 * A Kafka client whose own log goes to ours. It gives up an unanswered request after 10 s and retries little
 * by itself: whoever uses it decides how long to go on.
 * @param clientId the role of the process, as the broker's log and quotas show it
 * @param retries how often the client itself tries again, each time after at most a second
 */
export function createKafka(config: Config['kafka'], clientId: string, logger?: Logger, retries = 3): Kafka {
  return new Kafka({
    clientId,
    brokers: config.brokers,
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries },
    logLevel: logger ? logLevel.WARN : logLevel.NOTHING,
    ...(logger ? { logCreator: logTo(logger) } : {}),
  });
}

/** kafkajs calls an error what it then retries; here it is a warning, and what comes of it is logged by us. */
function logTo(logger: Logger): logCreator {
  return () =>
    ({ log: { message, timestamp: _time, logger: _name, stack: _stack, ...details } }) => {
      const texts = `${message} ${String(details.error)}`;
      if (!INTENDED.some((pattern) => pattern.test(texts))) logger.warn({ kafka: details }, message);
    };
}
