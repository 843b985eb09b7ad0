/** What the messages carry: the data of each topic, as schemas that validate and as the types made of them. */
import { z } from 'zod';
import { TPE_STATUSES } from '../workflows/status.ts';
import { MessageError } from './cloud-event.ts';
import type { IncomingEvent } from './cloud-event.ts';
import type { TopicName } from './topics.ts';

const attempt = z.number().int().positive();
const occurredAt = z.iso.datetime({ offset: true });

/** An update that was asked of a TMS: what `tpe.update.command` carries. */
export const commandDataSchema = z.object({
  campaignId: z.uuid(),
  tpeId: z.uuid(),
  /** The id that its TMS gives the terminal. */
  idTms: z.string(),
  tms: z.string(),
  /** Counts from 1 within the campaign. */
  attempt,
  targetVersion: z.string(),
  /** `campaignId:tpeId:attempt`: what the TMS was given. */
  idempotencyKey: z.string(),
  occurredAt,
});
export type CommandData = z.infer<typeof commandDataSchema>;

/** The whole state of one terminal in one campaign: what `tpe.update.status` carries. */
export const statusDataSchema = z.object({
  campaignId: z.uuid(),
  tpeId: z.uuid(),
  idTms: z.string(),
  tms: z.string(),
  model: z.string(),
  site: z.string(),
  /** The wave that it belongs to, from 1. */
  wave: z.number().int().positive(),
  status: z.enum(TPE_STATUSES),
  /** A stable code, with the vendor's own words after a colon where there are any. */
  reason: z.string().nullable(),
  /** No other status follows within this attempt. */
  final: z.boolean(),
  attempt,
  /** How far its roll-back is; null where none was asked for. */
  compensation: z.enum(['PENDING', 'REQUESTED', 'ROLLED_BACK', 'FAILED', 'LEFT']).nullable(),
  compensationReason: z.string().nullable(),
  /** What it ran when the campaign was created; null if never seen. */
  previousVersion: z.string().nullable(),
  targetVersion: z.string(),
  /** What the terminal itself reported last; null if it never answered. */
  version: z.string().nullable(),
  /** Number of this status change of this key: a message with a smaller one than seen is out of date. */
  sequence: z.number().int().nonnegative(),
  occurredAt,
});
export type StatusData = z.infer<typeof statusDataSchema>;

/** The message types and what they carry, by topic. Unknown fields are allowed: messages may grow. */
export const MESSAGES = {
  'tpe.update.command': { type: 'tpe.update.commanded', schema: commandDataSchema },
  'tpe.update.status': { type: 'tpe.update.status.changed', schema: statusDataSchema },
} as const satisfies Partial<Record<TopicName, { type: string; schema: z.ZodType }>>;

export type MessageTopic = keyof typeof MESSAGES;
export type MessageData<T extends MessageTopic> = z.infer<(typeof MESSAGES)[T]['schema']>;

/**
 * The data of a message, checked; null for a tombstone.
 * @throws MessageError naming every field that is wrong
 */
export function parseData<T extends MessageTopic>(topic: T, event: IncomingEvent): MessageData<T> | null {
  if (event.data === null) return null;
  const { type, schema } = MESSAGES[topic];
  if (event.type !== type) {
    throw new MessageError(`Header ce_type is "${event.type}", ${topic} carries "${type}".`);
  }
  const parsed = schema.safeParse(event.data);
  if (parsed.success) return parsed.data as MessageData<T>;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'data'}: ${message}`);
  throw new MessageError(`The data is not what ${topic} carries. ${problems.join('; ')}`);
}
