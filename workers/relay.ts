/** Process role: publishes the outbox to Kafka. */
import { Relay } from '../events/relay.ts';
import { runWorkerProcess } from './process.ts';

await runWorkerProcess('relay', ({ config, logger }) => {
  const relay = new Relay({ config, logger });
  return Promise.resolve({
    ready: () => relay.ready(),
    finished: relay.finished,
    stop: () => relay.stop(),
  });
});
