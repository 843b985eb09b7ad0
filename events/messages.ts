/**
 * What the messages carry: the data of each, as schemas that validate, as the types made of them, and as the JSON
 * Schemas that are published (events/json-schema.ts). A description is written once, here.
 */
import { z } from 'zod';
import { TPE_STATUSES } from '../workflows/status.ts';
import { MessageError } from './cloud-event.ts';
import type { IncomingEvent } from './cloud-event.ts';
import type { TopicName } from './topics.ts';

/** Text without control characters, which are named one by one: not every validator knows `\p{Cc}`. */
// oxlint-disable-next-line no-control-regex -- these are what it is about
const ONE_LINE = /^[^\u0000-\u001f\u007f-\u009f]*$/;

function line(max: number): z.ZodString {
  return z.string().min(1).max(max).regex(ONE_LINE, 'must not contain control characters');
}

/** An id as it stands in keys: Kafka takes another spelling for another key. */
function lowerCaseUuid(): z.ZodString {
  return z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a UUID in lower case');
}

const campaignId = z.uuid().describe('The campaign.');
const tpeId = z.uuid().describe('The terminal, by the id that the platform knows it by.');
const idTms = z.string().describe('The terminal, by the id that its TMS gives it.');
const tms = z.string().describe('Name of the TMS that the terminal belongs to.');
const model = z.string().describe('Model of the terminal.');
const site = z.string().describe('Site at which the terminal stands.');
const attempt = z
  .number()
  .int()
  .positive()
  .describe('Counts from 1 within the campaign; a retry and a roll-back are attempts of their own.');
const targetVersion = z.string().describe('The version that the terminal is to be brought to.');
const occurredAt = z.iso.datetime({ offset: true }).describe('When it happened.');

/** An update that was asked of a TMS. */
const commandDataSchema = z
  .object({
    campaignId,
    tpeId,
    idTms,
    tms,
    attempt,
    targetVersion,
    idempotencyKey: z
      .string()
      .describe('`campaignId:tpeId:attempt`: what the TMS was given with its request.'),
    occurredAt,
  })
  .describe('An update that was asked of a TMS.');

/** An update that another system orders. */
const orderDataSchema = z
  .object({
    campaignId: lowerCaseUuid().describe(
      'The campaign that the order belongs to, a UUID in lower case; the first order of a campaign creates it.',
    ),
    tpeId: lowerCaseUuid().describe('The terminal that is to be updated, a UUID in lower case.'),
    targetVersion: line(100).describe('The version that it is to be brought to; one per campaign.'),
    requestedBy: line(100).optional().describe('Who orders it, for the audit trail.'),
    name: line(200).optional().describe('Name of the campaign, if this order creates it.'),
    policyTemplate: z
      .object({
        name: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
          .describe('Name of the policy template.'),
        version: z.number().int().min(1).optional().describe('Its version; absent: the newest.'),
      })
      .optional()
      .describe('The policy of the campaign, if this order creates it; absent: the platform decides.'),
    joinable: z
      .boolean()
      .default(true)
      .describe('Whether a campaign that this order creates takes further orders.'),
  })
  .describe('An update that another system orders.');
export type OrderData = z.infer<typeof orderDataSchema>;

/** The whole state of one terminal in one campaign. */
const statusDataSchema = z
  .object({
    campaignId,
    tpeId,
    idTms,
    tms,
    model,
    site,
    wave: z.number().int().positive().describe('The wave that it belongs to, from 1.'),
    status: z.enum(TPE_STATUSES).describe('Where the terminal is.'),
    reason: z
      .string()
      .nullable()
      .describe(
        'A stable code, with the words of the vendor after a colon where there are any; null if none.',
      ),
    final: z.boolean().describe('No other status follows within this attempt.'),
    attempt,
    compensation: z
      .enum(['PENDING', 'REQUESTED', 'ROLLED_BACK', 'FAILED', 'LEFT'])
      .nullable()
      .describe('How far its roll-back is; null where none was asked for.'),
    compensationReason: z.string().nullable().describe('Why the roll-back is where it is; null if none.'),
    previousVersion: z
      .string()
      .nullable()
      .describe('What it ran when the campaign was created; null if never seen.'),
    targetVersion,
    version: z
      .string()
      .nullable()
      .describe('What the terminal itself reported last; null if it never answered.'),
    sequence: z
      .number()
      .int()
      .nonnegative()
      .describe(
        'Number of this status change of this key: a message with a smaller one than seen is out of date.',
      ),
    occurredAt,
  })
  .describe('The whole state of one terminal in one campaign.');
export type StatusData = z.infer<typeof statusDataSchema>;

/** The version that a terminal really runs. */
const versionDataSchema = z
  .object({
    tpeId,
    idTms,
    tms,
    model,
    site,
    version: z.string().describe('The version that the terminal itself has reported.'),
    previousVersion: z.string().nullable().describe('The version known before; null if none was.'),
    campaignId: z
      .uuid()
      .nullable()
      .describe('The campaign that looked at the terminal; null if it was none.'),
    occurredAt,
  })
  .describe('The version that a terminal really runs, as it was seen last.');

export interface MessageDefinition {
  topic: TopicName;
  /** CloudEvents type. */
  type: string;
  /** Of the schema: a change that a consumer could stumble over makes the next one. */
  version: number;
  /** Who publishes it: this platform, or systems that give it orders. */
  source: 'platform' | 'others';
  schema: z.ZodObject;
  summary: string;
}

/** The messages that have data. Unknown fields are allowed in all of them: messages may grow. */
export const MESSAGES = [
  {
    topic: 'tpe.update.command',
    type: 'tpe.update.commanded',
    version: 1,
    source: 'platform',
    schema: commandDataSchema,
    summary: 'An update was asked of a TMS',
  },
  {
    topic: 'tpe.update.command',
    type: 'tpe.update.ordered',
    version: 1,
    source: 'others',
    schema: orderDataSchema,
    summary: 'Another system orders an update',
  },
  {
    topic: 'tpe.update.status',
    type: 'tpe.update.status.changed',
    version: 1,
    source: 'platform',
    schema: statusDataSchema,
    summary: 'The state of a terminal in a campaign has changed',
  },
  {
    topic: 'tpe.version.snapshot',
    type: 'tpe.version.observed',
    version: 1,
    source: 'platform',
    schema: versionDataSchema,
    summary: 'The version that a terminal really runs was seen',
  },
] as const satisfies readonly MessageDefinition[];

type Message = (typeof MESSAGES)[number];
export type MessageTopic = Message['topic'];
export type MessageType = Message['type'];
/** What a topic may carry. */
export type MessageData<T extends MessageTopic> = z.infer<Extract<Message, { topic: T }>['schema']>;
/** What a message of a type carries. */
export type DataOfType<T extends MessageType> = z.infer<Extract<Message, { type: T }>['schema']>;

/** The definition of a message; undefined for a type that is not ours. */
export function messageOfType(type: string): MessageDefinition | undefined {
  return MESSAGES.find((message) => message.type === type);
}

/** Where the schema of a definition's data is; what the header `ce_dataschema` has and the schema's `$id`. */
export function schemaId({ type, version }: Pick<MessageDefinition, 'type' | 'version'>): string {
  return `/schemas/${type}/${version}`;
}

/**
 * The data of a message of a topic, checked; null for a tombstone.
 * @throws MessageError for a type that the topic does not carry, or naming every field that is wrong
 */
export function parseData<T extends MessageTopic>(topic: T, event: IncomingEvent): MessageData<T> | null {
  if (event.data === null) return null;
  const carried = MESSAGES.filter((message) => message.topic === topic);
  const message = carried.find(({ type }) => type === event.type);
  if (!message) {
    const types = carried.map(({ type }) => `"${type}"`).join(' or ');
    throw new MessageError(`Header ce_type is "${event.type}", ${topic} carries ${types}.`);
  }
  return check(message, event.data) as MessageData<T>;
}

/**
 * The data of a message of one type, checked; null for a tombstone.
 * @throws MessageError if it is of another type, or naming every field that is wrong
 */
export function parseMessage<T extends MessageType>(type: T, event: IncomingEvent): DataOfType<T> | null {
  if (event.data === null) return null;
  const message = MESSAGES.find((each) => each.type === type);
  if (!message || event.type !== type) {
    throw new MessageError(`Header ce_type is "${event.type}", wanted is "${type}".`);
  }
  return check(message, event.data) as DataOfType<T>;
}

function check({ topic, schema }: MessageDefinition, data: unknown): unknown {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'data'}: ${message}`);
  throw new MessageError(`The data is not what ${topic} carries. ${problems.join('; ')}`);
}
