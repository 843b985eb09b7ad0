import type { Config } from '../config.ts';
import type { OutboxRow } from '../db/outbox.ts';
import { toKafkaMessage } from './cloud-event.ts';
import type { OutgoingMessage } from './sender.ts';
import { topicName } from './topics.ts';

/** Why a message can't go where it was meant to go. */
export interface DeathCause {
  /** A stable code: Kafka's own, or `UNKNOWN_TOPIC`. */
  code: string;
  /** In words. */
  message: string;
}

/** Bytes of the value that are kept where even the dead letter topic does not take the whole. */
const EXCERPT_BYTES = 64 * 1024;

/**
 * The message for `tpe.events.dlq`: key, value and headers as they would have been published, and headers that
 * say where it was meant to go (`dlq_topic`), why it can't (`dlq_error`, `dlq_reason`), where it failed
 * (`dlq_stage`), how often it was tried and when.
 * @param excerpt keep only the beginning of the value; `dlq_truncated` then says how many bytes it had
 */
export function toDeadLetter(
  config: Pick<Config, 'kafka'>,
  row: OutboxRow,
  cause: DeathCause,
  excerpt: boolean,
): OutgoingMessage {
  const original = toKafkaMessage(row);
  const bytes = Buffer.from(row.data ?? '');
  return {
    topic: topicName(config, 'tpe.events.dlq'),
    message: {
      key: original.key ?? null,
      value: excerpt ? bytes.subarray(0, EXCERPT_BYTES) : original.value,
      headers: {
        ...original.headers,
        dlq_topic: row.topic,
        dlq_error: cause.code,
        dlq_reason: cause.message.slice(0, 1_000),
        dlq_stage: 'relay',
        dlq_tries: '1',
        dlq_time: new Date().toISOString(),
        ...(excerpt ? { dlq_truncated: String(bytes.length) } : {}),
      },
    },
  };
}
