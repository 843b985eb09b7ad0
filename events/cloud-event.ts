/** CloudEvents 1.0 over Kafka in binary content mode: the attributes are headers, the value is the data. */
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';

/** The `source` of everything that this platform publishes. */
export const EVENT_SOURCE = '/tpe-campaigns';

/** Version of the data of every type: it changes only where a consumer of today could not read the new one. */
const DATA_VERSION = 1;

/**
 * The `dataschema` of a CloudEvents type, for example `/schemas/tpe.update.status.changed/1`; the API serves the
 * schema below `/api/v1`.
 */
export function dataSchemaUri(type: string): string {
  return `/schemas/${type}/${DATA_VERSION}`;
}

/** A message that is published byte by byte. */
export interface RawMessage {
  key: Buffer | null;
  /** Null is a tombstone. */
  value: Buffer | null;
}

/** What is to be published about one key. */
export interface OutgoingEvent {
  /** Unique per event: a message that is published again has the same. */
  eventId: string;
  key: string;
  /** CloudEvents type, for example `tpe.update.status.changed`. */
  type: string;
  /** JSON text; null is a tombstone, by which a compacted topic forgets the key. */
  data: string | null;
  /** ISO 8601, UTC. */
  occurredAt: string;
  correlationId: string | null;
  /** W3C trace context. */
  traceparent: string | null;
  /** Further headers; they win over those of the envelope. */
  headers?: Readonly<Record<string, string>> | null;
  /** Publish this instead of `key` and `data`, with `headers` only: no envelope is put round it. */
  raw?: RawMessage | null;
}

/** A message as a consumer sees it. */
export interface IncomingEvent {
  id: string;
  source: string;
  type: string;
  /** ISO 8601. */
  time: string;
  subject: string | null;
  correlationId: string | null;
  traceparent: string | null;
  key: string;
  /** The parsed JSON; null is a tombstone. */
  data: unknown;
}

/** A message that is not what the contract says; the message names the header or field. */
export class MessageError extends Error {
  override name = 'MessageError';
}

export function toKafkaMessage(event: OutgoingEvent): Message & { headers: Record<string, string> } {
  if (event.raw) return { key: event.raw.key, value: event.raw.value, headers: { ...event.headers } };
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: event.eventId,
    ce_source: EVENT_SOURCE,
    ce_type: event.type,
    ce_time: event.occurredAt,
    ce_subject: event.key,
    ce_partitionkey: event.key,
  };
  if (event.data !== null) {
    headers['content-type'] = 'application/json';
    headers.ce_dataschema = dataSchemaUri(event.type);
  }
  if (event.correlationId !== null) headers.ce_correlationid = event.correlationId;
  if (event.traceparent !== null) headers.traceparent = event.traceparent;
  return { key: event.key, value: event.data, headers: { ...headers, ...event.headers } };
}

/**
 * Reads a message back.
 * @throws MessageError naming the header that is missing or wrong, or saying that the value is no JSON
 */
export function fromKafkaMessage(message: Pick<KafkaMessage, 'key' | 'value' | 'headers'>): IncomingEvent {
  const headers = headerTexts(message.headers);
  const required = (name: string): string => {
    const value = headers[name];
    if (!value) throw new MessageError(`Header ${name} is missing: CloudEvents in binary mode need it.`);
    return value;
  };
  const version = required('ce_specversion');
  if (version !== '1.0') throw new MessageError(`Header ce_specversion is "${version}", known is "1.0".`);
  const time = required('ce_time');
  if (Number.isNaN(Date.parse(time))) throw new MessageError(`Header ce_time is no time: "${time}".`);
  if (!message.key || message.key.length === 0) throw new MessageError('The message has no key.');
  return {
    id: required('ce_id'),
    source: required('ce_source'),
    type: required('ce_type'),
    time,
    subject: headers.ce_subject ?? null,
    correlationId: headers.ce_correlationid ?? null,
    traceparent: headers.traceparent ?? null,
    key: message.key.toString(),
    data: message.value === null ? null : parseJson(message.value, headers['content-type']),
  };
}

/** Headers as text; of one that is there several times, the last. */
export function headerTexts(headers: IHeaders | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) texts[name.toLowerCase()] = last.toString();
  }
  return texts;
}

function parseJson(value: Buffer, contentType: string | undefined): unknown {
  if (contentType === undefined) throw new MessageError('Header content-type is missing.');
  if (!/^application\/([\w.-]+\+)?json\b/i.test(contentType)) {
    throw new MessageError(`Header content-type is "${contentType}", known is application/json.`);
  }
  try {
    return JSON.parse(value.toString()) as unknown;
  } catch (error) {
    throw new MessageError(`The value is no JSON: ${(error as Error).message}`);
  }
}
