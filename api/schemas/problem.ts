import { PROBLEMS } from '../errors.ts';
import { CAMPAIGN_STATUSES } from '../../workflows/status.ts';
import { uuid, z } from './common.ts';

export const problemSchema = z
  .object({
    type: z
      .enum(Object.keys(PROBLEMS).map((code) => `/problems/${code}`))
      .openapi({ description: 'Stable; says which refusal this is.' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().openapi({ description: 'What is wrong with this request, in words.' }),
    instance: z.string().openapi({ description: 'Path of the request.' }),
    correlationId: z.string().openapi({ description: 'By which the request is found in the log.' }),
    errors: z
      .array(
        z.object({
          pointer: z.string().optional().openapi({ description: 'JSON pointer into the body.' }),
          parameter: z.string().optional().openapi({ description: 'Query or path parameter.' }),
          header: z.string().optional(),
          line: z.number().int().optional().openapi({ description: 'Line of an imported file, from 1.' }),
          column: z.string().nullable().optional().openapi({ description: 'Column of an imported file.' }),
          message: z.string(),
        }),
      )
      .optional(),
    rule: z.string().optional().openapi({ description: 'The text of a rule that can not be understood.' }),
    offset: z.number().int().optional().openapi({
      description: 'Where in `rule` the fault is: UTF-16 code units before it.',
    }),
    length: z.number().int().optional().openapi({ description: 'Code units at fault; 0 at the end.' }),
    line: z.number().int().optional().openapi({ description: 'Line of the fault in `rule`, from 1.' }),
    column: z.number().int().optional().openapi({ description: 'Character of that line, from 1.' }),
    errorCount: z
      .number()
      .int()
      .optional()
      .openapi({ description: 'All faults of a file; `errors` lists the first.' }),
    count: z
      .number()
      .int()
      .optional()
      .openapi({ description: 'All terminals at fault; `errors` names some.' }),
    busy: z
      .array(z.object({ tpeId: uuid, campaignId: uuid }))
      .optional()
      .openapi({ description: 'Some terminals that a campaign is updating.' }),
    campaignStatus: z
      .enum(CAMPAIGN_STATUSES)
      .optional()
      .openapi({ description: 'In which the campaign takes no such command.' }),
    usedBy: z.array(z.string()).optional().openapi({ description: 'Groups that use this one.' }),
    why: z
      .string()
      .optional()
      .openapi({ description: 'Why a dead letter can not be replayed; a stable code.' }),
    rebuildId: uuid.optional().openapi({ description: 'Of the replay that runs.' }),
  })
  .openapi('Problem', { description: 'RFC 9457 problem details.' });
