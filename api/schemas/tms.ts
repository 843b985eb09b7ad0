import { instant, machineText, version, z } from './common.ts';

/** Events that one call-back may carry. */
export const MAX_EVENTS = 1000;

export const tmsEvents = z
  .strictObject({
    events: z
      .array(
        z.strictObject({
          idTms: machineText(100),
          operationId: machineText(200).nullish(),
          state: z
            .enum(['QUEUED', 'DOWNLOADING', 'INSTALLING', 'DONE', 'FAILED', 'CANCELLED', 'UNKNOWN'])
            .openapi({ description: 'What the TMS says; it is only a hint to look.' }),
          targetVersion: version.nullish(),
          occurredAt: z.iso
            .datetime({ offset: true })
            .optional()
            .openapi({ example: instant.parse('2026-11-21T10:15:00.000Z') }),
        }),
      )
      .min(1)
      .max(MAX_EVENTS, `must have at most ${MAX_EVENTS} events`),
  })
  .openapi('TmsEvents');

export const tmsEventsAccepted = z
  .object({
    signalled: z.number().int().openapi({ description: 'Terminals that are looked at now.' }),
    ignored: z.number().int().openapi({
      description:
        'Events about terminals that are not being followed, repeated within the call-back, or about an earlier update.',
    }),
  })
  .openapi('TmsEventsAccepted');
