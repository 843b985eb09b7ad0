/** When terminals may be asked for, as OPS give it. */
import { WEEKDAYS } from '../../workflows/policy/types.ts';
import { label, z } from './common.ts';
import { timeZone } from './site.ts';

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const END = /^(([01]\d|2[0-3]):[0-5]\d|24:00)$/;

const maintenanceWindow = z
  .strictObject({
    days: z
      .array(z.enum(WEEKDAYS))
      .min(1, 'must name at least one day: without any, the window never opens')
      .max(7, 'must name each day once')
      .optional()
      .openapi({ description: 'Days on which the window begins; default every day.' }),
    from: z
      .string()
      .regex(TIME, 'must be a time from 00:00 to 23:59')
      .openapi({ description: 'Included.', example: '22:00' }),
    to: z.string().regex(END, 'must be a time from 00:00 to 24:00').openapi({
      description: 'Not included. Not after `from`: the window ends on the next day.',
      example: '05:00',
    }),
  })
  .refine(({ from, to }) => from !== to, {
    path: ['to'],
    message: 'must differ from `from`; for the whole day use 00:00 to 24:00',
  });

const freeze = z
  .strictObject({
    from: z.iso.date('must be a day: YYYY-MM-DD').openapi({ example: '2026-12-18' }),
    to: z.iso.date('must be a day: YYYY-MM-DD').openapi({ example: '2026-12-26' }),
    reason: label(200).nullish(),
  })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'must not be before `from`' });

export const maintenance = z
  .strictObject({
    windows: z.array(maintenanceWindow).max(50).optional().openapi({
      description:
        "Open by the wall clock of each terminal's site; none: always open, apart from the freezes.",
    }),
    freezes: z
      .array(freeze)
      .max(100)
      .optional()
      .openapi({ description: 'Whole days on which nothing is asked for, both included.' }),
    timeZone: timeZone
      .nullish()
      .openapi({ description: "For every terminal; default that of each terminal's site." }),
  })
  .refine((value) => Object.keys(value).length > 0, 'must have windows or freezes; null is no maintenance')
  .openapi({ description: 'When terminals may be asked for.' });
