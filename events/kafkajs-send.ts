/**
 * What producers of kafkajs 2.2.4 lack on a cluster of several brokers.
 *
 * A batch goes to each partition's leader, to all of them at once. When one of these requests fails, kafkajs tries
 * again, with two faults. What has moved to a broker that has already answered is sent to nobody, and the batch
 * passes for sent: it is lost. And requests that are still under way are sent beside the new ones: what such a broker
 * takes a second time has new sequence numbers, and is there twice within one transaction.
 *
 * So a batch of an idempotent producer is tried once. The sender then makes a new producer and sends all of it again,
 * which it does anyway: see `LaneSender`, and the sender of dead letters.
 */
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { brokerRefusals } from './refusals.ts';

type Request = (this: unknown, options: Record<string, unknown>) => Promise<unknown>;

/** A class of kafkajs, whose methods are looked up with each call. */
type Patched<Name extends string> = { prototype: Record<Name, Request> };

/** Kafka's number for "not an idempotent producer". */
const NO_PRODUCER_ID = -1;

/** The broker ends a transaction in the background and until then refuses the next: often ready in 20 ms. */
const ENDING_STEP_MS = 20;
const ENDING_MS = 5_000;

/** The last request of each transactional id that adds partitions; there are as many of these as there are lanes. */
const adding = new Map<string, Promise<unknown>>();

/** Corrects all producers of this process. */
export function correctSending(): void {
  const load = createRequire(import.meta.url);
  const { prototype: broker } = load('kafkajs/src/broker/index.js') as Patched<
    'produce' | 'addPartitionsToTxn'
  >;
  const { produce, addPartitionsToTxn } = broker;
  broker.produce = function (options) {
    const request = (): Promise<unknown> => produce.call(this, options);
    return Number(options.producerId ?? NO_PRODUCER_ID) === NO_PRODUCER_ID ? request() : once(request);
  };
  // Partitions are added one request after the other: the coordinator refuses to add some to a transaction to which
  // others are being added just then.
  broker.addPartitionsToTxn = function (options) {
    const request = (): Promise<unknown> => whenEnded(() => addPartitionsToTxn.call(this, options));
    return once(() => oneByOne(String(options.transactionalId), request));
  };
}

/** As the request, but its error is one after which kafkajs does not try again. */
async function once<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    // Still the error that it was: kafkajs lets go of a broker when it is told by name that its connection is closed.
    throw Object.assign(error instanceof Error ? error : new Error(String(error)), { retriable: false });
  }
}

async function oneByOne<T>(id: string, request: () => Promise<T>): Promise<T> {
  const before = adding.get(id);
  const mine = (async () => {
    await before?.catch(() => undefined);
    return request();
  })();
  adding.set(id, mine);
  try {
    return await mine;
  } finally {
    if (adding.get(id) === mine) adding.delete(id);
  }
}

/** Repeats what the coordinator refuses because the transaction before is still being ended. */
async function whenEnded<T>(request: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + ENDING_MS;
  for (;;) {
    try {
      return await request();
    } catch (error) {
      const ending = brokerRefusals(error).some(({ type }) => type === 'CONCURRENT_TRANSACTIONS');
      if (!ending || performance.now() > deadline) throw error;
      await sleep(ENDING_STEP_MS);
    }
  }
}
