/**
 * What consumers of kafkajs 2.2.4 lack around transactions, put in where it decodes what a broker answers.
 *
 * First, it leaves out aborted messages wrongly. The broker lists a partition's aborted transactions in the order of their ends. kafkajs takes the list as
 * sorted by their beginnings, and takes note of one transaction per message at most: where the transactions of
 * several producers overlap, as those of the relay's lanes do when their connection breaks, it hands out
 * messages that were aborted (test/events/kafkajs-fetch.test.ts). Here the same is done right, before kafkajs
 * does it: what was aborted is marked like the control records, which it skips.
 *
 * Second, it can't be asked where a partition ends: its admin client tells the end of what is decided, before
 * transactions whose end is not written yet, although the producer may have been told that they are committed.
 */
import { createRequire } from 'node:module';

interface FetchedMessage {
  offset: string;
  key: Buffer | null;
  isControlRecord: boolean;
  batchContext: { producerId: string; inTransaction: boolean };
}

interface FetchedPartition {
  partition: number;
  highWatermark: string;
  abortedTransactions: { producerId: string; firstOffset: string }[];
  messages: FetchedMessage[];
}

interface FetchResponse {
  responses: { topicName: string; partitions: FetchedPartition[] }[];
}

/** What a decoder of kafkajs for one version of the response exports; it is looked up anew with each response. */
interface ResponseDecoder {
  decode: (data: unknown) => Promise<FetchResponse>;
}

/** The version that kafkajs speaks with every broker of Kafka 2.3 and later: its newest. */
const VERSION = 'v11';
/** Key of the control record that ends an aborted transaction: version 0, type 0. */
const ABORT_KEY = Buffer.from([0, 0, 0, 0]);

function hideAborted(partition: FetchedPartition): void {
  const coming = partition.abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: BigInt(firstOffset) }))
    .sort((a, b) => (a.firstOffset < b.firstOffset ? 1 : -1));
  const aborting = new Set<string>();
  for (const message of partition.messages) {
    const offset = BigInt(message.offset);
    for (let next = coming.at(-1); next && next.firstOffset <= offset; next = coming.at(-1)) {
      aborting.add(next.producerId);
      coming.pop();
    }
    const { producerId, inTransaction } = message.batchContext;
    if (message.isControlRecord) {
      if (message.key?.equals(ABORT_KEY)) aborting.delete(producerId);
    } else if (inTransaction && aborting.has(producerId)) message.isControlRecord = true;
  }
  partition.abortedTransactions = [];
}

/** Where a partition ends, as an answer to some consumer of this process has told. */
export interface PartitionEnd {
  /** Full name. */
  topic: string;
  partition: number;
  /** Offset after the last record, whatever becomes of its transaction. */
  end: bigint;
}

const listeners = new Set<(end: PartitionEnd) => void>();

/** Calls the listener with every answer to a consumer of this process, empty ones too. @returns ends that */
export function onPartitionEnd(listener: (end: PartitionEnd) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Corrects all consumers of this process. */
export function correctFetching(): void {
  const decoder = createRequire(import.meta.url)(
    `kafkajs/src/protocol/requests/fetch/${VERSION}/response.js`,
  ) as ResponseDecoder;
  const { decode } = decoder;
  decoder.decode = async (data) => {
    const response = await decode(data);
    for (const { topicName: topic, partitions } of response.responses) {
      for (const fetched of partitions) {
        if (fetched.abortedTransactions.length > 0) hideAborted(fetched);
        const { partition, highWatermark } = fetched;
        for (const listener of listeners) listener({ topic, partition, end: BigInt(highWatermark) });
      }
    }
    return response;
  };
}
