import type { IHeaders, KafkaMessage } from 'kafkajs';
import { headerTexts } from './cloud-event.ts';
import type { TopicName } from './topics.ts';

/** A message as a consumer gets it. */
export interface ConsumedMessage {
  /** Without the prefix. */
  topic: TopicName;
  partition: number;
  /** A bigint as text. */
  offset: string;
  /** Null: the message has no key, and no order with others. */
  key: Buffer | null;
  /** Null: a tombstone. */
  value: Buffer | null;
  /** Text by name in lower case. */
  headers: Record<string, string>;
  /** Kafka's own, milliseconds since 1970 as text. */
  timestamp: string;
}

/** With what only its dead letter needs. */
export interface ReceivedMessage extends ConsumedMessage {
  /** Headers as they came: names as they are, values in bytes. */
  rawHeaders: IHeaders;
}

export function receivedMessage(topic: TopicName, partition: number, message: KafkaMessage): ReceivedMessage {
  const { offset, key, value, timestamp } = message;
  const rawHeaders = message.headers ?? {};
  return {
    topic,
    partition,
    offset,
    key,
    value,
    headers: headerTexts(rawHeaders),
    rawHeaders,
    timestamp,
  };
}

/**
 * Cuts messages into rounds, in none of which a key appears twice: the first holds the first message of every key,
 * the second the second, and so on. Handled one after the other, they keep the order of each key.
 */
export function rounds<M extends ConsumedMessage>(messages: readonly M[]): M[][] {
  const cut: M[][] = [];
  const seen = new Map<string, number>();
  for (const message of messages) {
    // One character per byte: different bytes are different keys, also where they are no text.
    const key = message.key?.toString('latin1');
    const round = key === undefined ? 0 : (seen.get(key) ?? 0);
    if (key !== undefined) seen.set(key, round + 1);
    (cut[round] ??= []).push(message);
  }
  return cut;
}

/**
 * The last of the messages before which, and with which, all are done: up to there the offset may be committed.
 * Undefined where already the first is not done.
 */
export function lastDone<M extends ConsumedMessage>(
  messages: readonly M[],
  done: ReadonlySet<M>,
): M | undefined {
  const firstOpen = messages.findIndex((message) => !done.has(message));
  return firstOpen === -1 ? messages.at(-1) : messages[firstOpen - 1];
}
