/**
 * The chain over all events: each has a hash of itself and of the hash before it, so that an event that was changed,
 * taken out or put in afterwards does not fit. What is hashed is documented in docs/audit.md, for those who verify by
 * other means.
 */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** An event as it is hashed, exported and archived. */
export interface EventRecord {
  /** Decimal. */
  seq: string;
  eventId: string;
  /** ISO 8601, UTC, with microseconds. */
  occurredAt: string;
  type: string;
  campaignId: string | null;
  tpeId: string | null;
  actor: string;
  reason: string | null;
  data: Record<string, unknown>;
  correlationId: string | null;
  traceparent: string | null;
}

/** An event with its place in the chain. */
export interface ChainedRecord extends EventRecord {
  /** From 1, without gaps; null for one that is not sealed yet. */
  position: number | null;
  /** Hexadecimal. */
  hash: string | null;
}

/** The hash before the first event. */
export const GENESIS = '0'.repeat(64);

/** What is hashed of an event, and nothing else. */
export const EVENT_FIELDS = [
  'seq',
  'eventId',
  'occurredAt',
  'type',
  'campaignId',
  'tpeId',
  'actor',
  'reason',
  'data',
  'correlationId',
  'traceparent',
] as const satisfies (keyof EventRecord)[];

/** SHA-256, in hexadecimal, of the hash before it (32 bytes) and the record as canonical JSON (RFC 8785). */
export function chainHash(previous: string, record: EventRecord): string {
  const text = canonicalize(Object.fromEntries(EVENT_FIELDS.map((field) => [field, record[field]])));
  if (text === undefined) throw new Error(`event ${record.eventId} has no canonical form`);
  return createHash('sha256').update(Buffer.from(previous, 'hex')).update(text, 'utf8').digest('hex');
}
