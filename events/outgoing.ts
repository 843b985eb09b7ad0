/** An outbox row on its way: to its own topic, or to the dead letters once it is known not to get there. */
import type { Config } from '../config.ts';
import type { OutboxRow } from '../db/outbox.ts';
import { toKafkaMessage } from './cloud-event.ts';
import { toDeadLetter } from './dead-letter.ts';
import type { DeathCause } from './dead-letter.ts';
import type { OutgoingMessage } from './sender.ts';
import { TOPICS, knownTopic } from './topics.ts';

export interface Item {
  row: OutboxRow;
  /** Set once it can't go to its own topic. */
  cause?: DeathCause;
  /** Even the dead letter topic would not take, or has refused, the whole. */
  excerpt?: boolean;
}

const DLQ_LIMIT = Number(TOPICS['tpe.events.dlq'].settings['max.message.bytes']);

/** The row as an item: on its way to the dead letters if it is hopeless before it is sent. */
export function examine(config: Pick<Config, 'kafka'>, row: OutboxRow): Item {
  const name = knownTopic(config, row.topic);
  if (!name) {
    const message = `The outbox row is for topic "${row.topic}", which this platform does not have.`;
    return bury({ row }, { code: 'UNKNOWN_TOPIC', message });
  }
  const limit = Number(TOPICS[name].settings['max.message.bytes']);
  const bytes = valueBytes(row);
  if (bytes <= limit) return { row };
  const message = `The message has ${bytes} bytes; topic ${row.topic} takes ${limit}.`;
  return bury({ row }, { code: 'MESSAGE_TOO_LARGE', message });
}

/** Turns an item towards the dead letters; the second time, only with the beginning of its value. */
export function bury(item: Item, cause: DeathCause): Item {
  if (item.cause) return { ...item, excerpt: true };
  return { row: item.row, cause, excerpt: valueBytes(item.row) > DLQ_LIMIT };
}

export function toMessage(config: Pick<Config, 'kafka'>, { row, cause, excerpt }: Item): OutgoingMessage {
  const { topic, message } = cause
    ? toDeadLetter(config, row, cause, excerpt === true)
    : { topic: row.topic, message: toKafkaMessage(row) };
  if (message.key !== null) return { topic, message };
  // Without a key kafkajs chooses a partition anew with every try: what it tries again would be there twice.
  const name = knownTopic(config, topic);
  const { partitions } = TOPICS[name ?? 'tpe.events.dlq'];
  return { topic, message: { ...message, partition: Number(BigInt(row.id) % BigInt(partitions)) } };
}

function valueBytes({ data, raw }: OutboxRow): number {
  return raw ? (raw.value?.length ?? 0) : Buffer.byteLength(data ?? '');
}
