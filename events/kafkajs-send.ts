/**
 * What transactional producers of kafkajs 2.2.4 lack on a cluster of several brokers.
 *
 * A batch goes to each partition's leader, to all of them at once. When one of these requests fails, kafkajs tries
 * again those that have no answer yet, without waiting for those that are still under way: what such a broker then
 * takes a second time has new sequence numbers, and is there twice within one transaction, for consumers to see. And
 * they fail all the time, because the coordinator refuses to add partitions to a transaction to which others are
 * being added just then.
 *
 * Here partitions are added one request after the other; and a request that has failed tells so when nothing of its
 * transaction is under way any more.
 */
import { createRequire } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';

type Request = (this: unknown, options: Record<string, unknown>) => Promise<unknown>;

/** A class of kafkajs, whose methods are looked up with each call. */
type Patched<Name extends string> = { prototype: Record<Name, Request> };

/** Kafka's number for the coordinator of a transaction, beside that of a group. */
const TRANSACTION = 1;

/** Requests under way, by transactional id; there are as many of these as there are lanes. */
const underWay = new Map<string, Set<Promise<unknown>>>();
/** The last request of each transactional id that adds partitions. */
const adding = new Map<string, Promise<unknown>>();

/** Corrects all producers of this process. */
export function correctSending(): void {
  const load = createRequire(import.meta.url);
  const { prototype: broker } = load('kafkajs/src/broker/index.js') as Patched<
    'produce' | 'addPartitionsToTxn'
  >;
  const { prototype: cluster } = load('kafkajs/src/cluster/index.js') as Patched<'findGroupCoordinator'>;
  const { produce, addPartitionsToTxn } = broker;
  const { findGroupCoordinator } = cluster;
  broker.produce = function (options) {
    return failingLast(options.transactionalId, () => produce.call(this, options));
  };
  broker.addPartitionsToTxn = function (options) {
    return failingLast(options.transactionalId, () =>
      oneByOne(String(options.transactionalId), () => addPartitionsToTxn.call(this, options)),
    );
  };
  // Asked for before partitions are added: of a transaction, the group is its id.
  cluster.findGroupCoordinator = function (options) {
    const id = options.coordinatorType === TRANSACTION ? options.groupId : undefined;
    return failingLast(id, () => findGroupCoordinator.call(this, options));
  };
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

/** @param id transactional id; what has none is sent as it is */
async function failingLast<T>(id: unknown, request: () => Promise<T>): Promise<T> {
  if (typeof id !== 'string') return request();
  const requests = underWay.get(id) ?? new Set();
  underWay.set(id, requests);
  const mine = request();
  requests.add(mine);
  try {
    return await mine;
  } catch (error) {
    requests.delete(mine);
    do {
      await Promise.allSettled(requests);
      // What was answered goes on with its next request in the same turn.
      await nextTurn();
    } while (requests.size > 0);
    throw error;
  } finally {
    requests.delete(mine);
  }
}
