/**
 * The one format of dead letters: the message as it was - the bytes of its key and value, its headers - and
 * headers `dlq_…` that say where it was, who gave up on it and why.
 */
import type { IHeaders, Message } from 'kafkajs';
import type { Config } from '../config.ts';
import type { NewDeadLetter } from '../db/dead-letter-intake.ts';
import type { OutboxRow } from '../db/outbox.ts';
import { MessageError, toKafkaMessage } from './cloud-event.ts';
import type { ReceivedMessage } from './consumed-message.ts';
import { knownTopic, topicName } from './topics.ts';

/** Why a message can't go where it was meant to go, or can't be handled. */
export interface DeathCause {
  /** A stable code: Kafka's own, `UNKNOWN_TOPIC`, or one of the consumer. */
  code: string;
  /** In words. */
  message: string;
}

/** What a consumer has to say about a message that it gives up. */
export interface Death {
  cause: DeathCause;
  /** The consumer. */
  stage: string;
  tries: number;
}

/** A message for the dead letter topic. */
export interface DeadLetterMessage {
  /** Full name. */
  topic: string;
  message: Message & { headers: IHeaders };
}

/** Bytes of the value that are kept where even the dead letter topic does not take the whole. */
const EXCERPT_BYTES = 64 * 1024;
const REASON_CHARS = 1_000;
/** `dlq_id` is a key of an index: what is longer was not written by us. */
const ID_CHARS = 500;

/** Says of a replayed message which letter it comes from: the only `dlq_` header that belongs to a message. */
const REPLAY_OF = 'dlq_replay_of';

/**
 * The dead letter of an outbox row that can't be published.
 * @param excerpt keep only the beginning of the value; `dlq_truncated` then says how many bytes it had
 */
export function toDeadLetter(
  config: Pick<Config, 'kafka'>,
  row: OutboxRow,
  cause: DeathCause,
  excerpt: boolean,
): DeadLetterMessage {
  return letter(config, toKafkaMessage(row), excerpt, {
    dlq_id: `relay:${row.id}:${row.eventId}`,
    dlq_topic: knownTopic(config, row.topic) ?? row.topic,
    ...headersOf({ cause, stage: 'relay', tries: 1 }),
  });
}

/**
 * The dead letter of a message that a consumer gives up.
 * @param excerpt as for `toDeadLetter`
 */
export function toConsumedLetter(
  config: Pick<Config, 'kafka'>,
  message: ReceivedMessage,
  death: Death,
  excerpt: boolean,
): DeadLetterMessage {
  const { topic, partition, offset, key, value, rawHeaders } = message;
  return letter(config, { key, value, headers: rawHeaders }, excerpt, {
    dlq_id: `${death.stage}:${topic}:${partition}:${offset}`,
    dlq_topic: topic,
    dlq_partition: String(partition),
    dlq_offset: offset,
    ...headersOf(death),
  });
}

/**
 * Reads a dead letter as a row for the table. Header values become text, in which a NUL, which PostgreSQL can't
 * store, is the replacement character.
 * @throws MessageError naming the `dlq_` header that is missing or wrong: others may write to the topic, too
 */
export function parseDeadLetter(
  message: Pick<ReceivedMessage, 'key' | 'value' | 'rawHeaders' | 'timestamp'>,
): NewDeadLetter {
  const { key, value, timestamp } = message;
  const texts = storableTexts(message.rawHeaders);
  const required = (name: string): string => {
    const text = texts[name];
    if (!text) throw new MessageError(`Header ${name} is missing.`);
    return text;
  };
  const dlqId = required('dlq_id');
  if (dlqId.length > ID_CHARS) throw new MessageError(`Header dlq_id has more than ${ID_CHARS} characters.`);
  const failedAt = new Date(texts.dlq_time ?? Number(timestamp));
  if (Number.isNaN(failedAt.getTime())) throw new MessageError('Header dlq_time is no time.');
  return {
    dlqId,
    topic: required('dlq_topic'),
    partition: numberOf(texts, 'dlq_partition', 2 ** 31 - 1),
    offset: numberOf(texts, 'dlq_offset')?.toString() ?? null,
    key,
    value,
    headers: Object.fromEntries(Object.entries(texts).filter(([name]) => isOriginal(name))),
    stage: required('dlq_stage'),
    error: required('dlq_error'),
    reason: texts.dlq_reason ?? '',
    tries: numberOf(texts, 'dlq_tries', 2 ** 31 - 1) ?? 1,
    truncatedBytes: numberOf(texts, 'dlq_truncated'),
    failedAt,
  };
}

/** A message on the dead letter topic that is no dead letter, as a row for the table: it is to be seen, too. */
export function strayLetter(message: ReceivedMessage, why: string): NewDeadLetter {
  const { topic, partition, offset, key, value, timestamp } = message;
  return {
    dlqId: `unknown:${topic}:${partition}:${offset}`,
    topic,
    partition,
    offset,
    key,
    value,
    headers: storableTexts(message.rawHeaders),
    stage: 'unknown',
    error: 'NO_DLQ_HEADERS',
    reason: `This message was put on ${topic} by something that does not write dead letters. ${why}`,
    tries: 0,
    truncatedBytes: null,
    failedAt: new Date(Number(timestamp)),
  };
}

function letter(
  config: Pick<Config, 'kafka'>,
  original: Pick<Message, 'key' | 'value' | 'headers'>,
  excerpt: boolean,
  headers: Record<string, string>,
): DeadLetterMessage {
  const { key, value } = original;
  const bytes = value === null ? null : Buffer.from(value);
  const cut = excerpt && bytes !== null;
  const own = Object.entries(original.headers ?? {}).filter(([name]) => isOriginal(name));
  return {
    topic: topicName(config, 'tpe.events.dlq'),
    message: {
      key: key ?? null,
      value: cut ? bytes.subarray(0, EXCERPT_BYTES) : value,
      headers: {
        ...Object.fromEntries(own),
        ...headers,
        ...(cut ? { dlq_truncated: String(bytes.length) } : {}),
      },
    },
  };
}

function headersOf({ cause, stage, tries }: Death): Record<string, string> {
  return {
    dlq_error: cause.code,
    dlq_reason: cause.message.slice(0, REASON_CHARS),
    dlq_stage: stage,
    dlq_tries: String(tries),
    dlq_time: new Date().toISOString(),
  };
}

/** Whether a header is the message's own: one that died before must not bring the headers of that death. */
function isOriginal(name: string): boolean {
  const lower = name.toLowerCase();
  return !lower.startsWith('dlq_') || lower === REPLAY_OF;
}

/** Headers as text with their names as they are; of one that is there several times, the last. */
function storableTexts(headers: IHeaders): Record<string, string> {
  const texts: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined && last !== null) texts.push([withoutNul(name), withoutNul(last.toString())]);
  }
  // Also a header that is called __proto__.
  return Object.fromEntries(texts);
}

function withoutNul(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

function numberOf(
  texts: Record<string, string>,
  name: string,
  max: number = Number.MAX_SAFE_INTEGER,
): number | null {
  const text = texts[name];
  if (text === undefined) return null;
  if (!/^\d{1,16}$/.test(text) || Number(text) > max) {
    throw new MessageError(`Header ${name} is no number of that kind: "${text.slice(0, 100)}".`);
  }
  return Number(text);
}
