/** The headers of the messages: CloudEvents 1.0 in Kafka's binary content mode, and what we add. All are text. */
import { z } from 'zod';
import { TPE_STATUSES } from '../workflows/status.ts';
import { EVENT_SOURCE } from './cloud-event.ts';
import { schemaId } from './messages.ts';
import type { MessageDefinition } from './messages.ts';

const optional = {
  ce_correlationid: z
    .string()
    .optional()
    .describe('Of the request that it all began with; the same on everything that follows from it.'),
  traceparent: z.string().optional().describe('W3C trace context of that request.'),
};

/** What is on the messages of others as well as on ours. */
function required(type: string): z.ZodRawShape {
  return {
    ce_specversion: z.literal('1.0').describe('Version of CloudEvents.'),
    ce_id: z.string().min(1).describe('The event: a message that is published again has the same.'),
    ce_source: z.string().min(1).describe('Who publishes it; id and source together are unique.'),
    ce_type: z.literal(type).describe('What happened.'),
    ce_time: z.iso.datetime({ offset: true }).describe('When it happened.'),
    'content-type': z.string().describe('`application/json`; absent on a tombstone.'),
  };
}

const STATUS_HEADERS = {
  ce_sequence: z
    .string()
    .regex(/^\d+$/)
    .describe('`sequence` of the data: 1, 2, 3 … for the status changes of this key.'),
  ce_status: z.enum(TPE_STATUSES).describe('`status` of the data, to filter by without reading the value.'),
  ce_final: z.literal('true').optional().describe('On final statuses only.'),
};

/** The headers of a message that has data. Others may be there too. */
export function headersSchema(message: MessageDefinition): z.ZodObject {
  const { type, topic, source } = message;
  const fromOthers = required(type);
  if (source === 'others') {
    return z.object({
      ...fromOthers,
      ce_subject: z.string().optional().describe('The key.'),
      ce_partitionkey: z.string().optional().describe('The key.'),
      ce_dataschema: z
        .string()
        .optional()
        .describe(`Schema of the data: \`${schemaId(message)}\`.`),
      ...optional,
    });
  }
  return z.object({
    ...fromOthers,
    ce_source: z.literal(EVENT_SOURCE).describe('Always, for what this platform publishes.'),
    'content-type': z.literal('application/json').describe('Absent on a tombstone.'),
    ce_subject: z.string().describe('The key.'),
    ce_partitionkey: z.string().describe('The key.'),
    ce_dataschema: z
      .literal(schemaId(message))
      .describe('Schema of the data; the API serves it below `/api/v1`.'),
    ...(topic === 'tpe.update.status' ? STATUS_HEADERS : {}),
    ...optional,
  });
}

/** The headers of a tombstone: it has no data, and so nothing that describes data. */
export const tombstoneHeadersSchema = z.object({
  ce_specversion: z.literal('1.0').describe('Version of CloudEvents.'),
  ce_id: z.string().min(1).describe('The event.'),
  ce_source: z.literal(EVENT_SOURCE).describe('Always, for what this platform publishes.'),
  ce_type: z
    .enum(['tpe.update.status.erased', 'tpe.version.snapshot.erased'])
    .describe('What is known about the user of the terminal was erased.'),
  ce_time: z.iso.datetime({ offset: true }).describe('When it happened.'),
  ce_subject: z.string().describe('The key.'),
  ce_partitionkey: z.string().describe('The key.'),
  ...optional,
});

const decimal = z.string().regex(/^\d+$/);

/** The headers that a dead letter has besides those of the message that it was. */
export const deadLetterHeadersSchema = z.object({
  dlq_id: z.string().min(1).describe('The letter: one that comes twice has the same.'),
  dlq_topic: z.string().min(1).describe('Where the message was, or was meant to go; without the prefix.'),
  dlq_partition: decimal.optional().describe('Where it was on that topic; absent if it never was there.'),
  dlq_offset: decimal.optional().describe('Likewise.'),
  dlq_error: z.string().min(1).describe('A stable code.'),
  dlq_reason: z.string().describe('The error in words.'),
  dlq_stage: z.string().min(1).describe('Who gave up on it: `relay`, or the consumer by its name.'),
  dlq_tries: decimal.describe('How often it was tried.'),
  dlq_time: z.iso.datetime({ offset: true }).describe('When it was given up.'),
  dlq_truncated: decimal
    .optional()
    .describe('Size of the value in bytes where only its beginning is here, because the whole is too large.'),
  dlq_replay_of: z
    .uuid()
    .optional()
    .describe('The message was the replay of this dead letter, and has failed again.'),
});
