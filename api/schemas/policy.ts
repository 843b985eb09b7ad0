/** How a campaign is carried out, as OPS give it and as the API answers it. */
import { POLLING_SCHEDULES } from '../../workflows/policy/polling.ts';
import { z } from './common.ts';

const pollingWindow = z.strictObject({
  everySeconds: z.number().min(0.2).max(86_400),
  attempts: z.number().int().min(1).max(1000),
});

const scheduleNames = Object.keys(POLLING_SCHEDULES) as (keyof typeof POLLING_SCHEDULES)[];

export const policyRequest = z
  .strictObject({
    polling: z
      .strictObject({
        schedule: z.enum(scheduleNames).optional().openapi({ description: 'A named schedule.' }),
        windows: z
          .array(pollingWindow)
          .min(1)
          .max(20)
          .optional()
          .openapi({ description: 'A schedule of your own: windows that follow one another.' }),
      })
      .refine((value) => Object.keys(value).length === 1, 'must have exactly one of schedule, windows')
      .optional()
      .openapi({ description: 'When each terminal is looked at; default {"schedule": "standard"}.' }),
    deadlineSeconds: z
      .number()
      .min(1)
      .max(7 * 86_400)
      .optional()
      .openapi({
        description: 'From the request of an update until it ends in TIMEOUT; default 86400 (24 h).',
      }),
    progressEverySeconds: z
      .number()
      .min(0.2)
      .max(3600)
      .optional()
      .openapi({ description: 'Between two looks at the counts; default 5.' }),
  })
  .openapi('PolicyRequest');

export const policy = z
  .object({
    polling: z.array(z.object({ everySeconds: z.number(), attempts: z.number().int() })),
    deadlineSeconds: z.number(),
    progressEverySeconds: z.number(),
  })
  .openapi('Policy', { description: 'How the campaign is carried out, every default filled in.' });
