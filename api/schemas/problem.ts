import { PROBLEMS } from '../errors.ts';
import { z } from './common.ts';

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
  })
  .openapi('Problem', { description: 'RFC 9457 problem details.' });
