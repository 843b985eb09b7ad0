/** The audit trail: events, what they are searched by, and the chain over them. */
import { instant, machineText, pageOf, uuid, z } from './common.ts';

export const eventRecord = z
  .object({
    seq: z.number().int(),
    eventId: uuid,
    occurredAt: instant,
    type: z.string().openapi({ example: 'tpe.requested' }),
    tpeId: uuid.nullable(),
    actor: z.string(),
    reason: z.string().nullable(),
    data: z.record(z.string(), z.unknown()),
    correlationId: z.string().nullable(),
  })
  .openapi('Event');

export const eventPage = pageOf(eventRecord).openapi('EventPage');

const sealed = {
  position: z
    .number()
    .int()
    .nullable()
    .openapi({ description: 'In the chain, from 1; null: not sealed yet.' }),
  hash: z
    .string()
    .nullable()
    .openapi({ description: 'SHA-256 of the hash before it and the event, in hexadecimal.' }),
};

export const foundEvent = eventRecord
  .extend({ campaignId: uuid.nullable(), traceparent: z.string().nullable(), ...sealed })
  .openapi('FoundEvent');
export type FoundEvent = z.output<typeof foundEvent>;

export const foundEventPage = pageOf(foundEvent).openapi('FoundEventPage');

export const timelineEvent = foundEvent
  .extend({ campaignName: z.string().nullable(), targetVersion: z.string().nullable() })
  .openapi('TimelineEvent');
export type TimelineEvent = z.output<typeof timelineEvent>;

export const timelinePage = pageOf(timelineEvent).openapi('TimelinePage');

/** PostgreSQL knows no year 0, and no clock that is 16 hours away. */
const moment = z.iso
  .datetime({ offset: true })
  .refine(
    (text) => !/^0000|[+-](1[6-9]|2\d):\d\d$/.test(text),
    'must be of the year 0001 or later, at most 15:59 from UTC',
  )
  .openapi({ example: '2026-11-21T10:15:00.000Z' });

/** What events are selected by: all that is given must be met. */
export const eventFilter = {
  campaignId: uuid.optional(),
  tpeId: uuid.optional(),
  actor: machineText(200).optional().openapi({ description: 'Who did it, as it is written there.' }),
  type: z
    .string()
    .regex(/^[\w.:-]{0,100}\*?$/, 'must be a type, or its beginning followed by *')
    .min(1, 'must not be empty')
    .optional()
    .openapi({ description: 'A type, or its beginning: `tpe.*`.', example: 'campaign.created' }),
  correlationId: machineText(200).optional(),
  from: moment.optional().openapi({ description: 'Happened at this moment or later.' }),
  to: moment.optional().openapi({ description: 'Happened before this moment.' }),
};

export const auditHead = z
  .object({
    position: z.number().int().openapi({ description: 'Of the last event that is sealed; 0: none is.' }),
    hash: z.string().openapi({ description: 'Its hash, in hexadecimal: to be kept somewhere else.' }),
    sealedAt: instant.nullable().openapi({ description: 'When it was sealed; null: none is.' }),
    unsealed: z
      .number()
      .int()
      .openapi({ description: 'Events that are not sealed yet, counted up to 100,000.' }),
    lagSeconds: z.number().openapi({ description: 'Age of the oldest of them.' }),
  })
  .openapi('AuditHead');
export type AuditHead = z.output<typeof auditHead>;

export const auditArchives = z
  .object({
    items: z.array(
      z
        .object({
          month: z.string().openapi({ description: 'In UTC.', example: '2026-08' }),
          file: z.string().openapi({ description: 'Its name in the folder of the archives.' }),
          sha256: z.string().openapi({ description: 'Of the file, in hexadecimal.' }),
          events: z.number().int(),
          firstPosition: z
            .number()
            .int()
            .nullable()
            .openapi({ description: 'Null: the month had no event.' }),
          lastPosition: z.number().int().nullable(),
          lastHash: z.string().nullable().openapi({ description: 'Of the event at lastPosition.' }),
          archivedAt: instant,
        })
        .openapi('AuditArchive'),
    ),
  })
  .openapi('AuditArchives');
export type AuditArchives = z.output<typeof auditArchives>;
