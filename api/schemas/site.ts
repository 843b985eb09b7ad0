import { describeUnknownZone, isTimeZone } from '../../time-zone.ts';
import { instant, label, pageOf, z } from './common.ts';

export const timeZone = z
  .string()
  .max(64, 'must have at most 64 characters')
  .refine(isTimeZone, { error: ({ input }) => describeUnknownZone(String(input)) })
  .openapi({ description: 'Name in the IANA time zone database.', example: 'Europe/Paris' });

/** As in the fleet. */
export const siteName = label(100).openapi({ example: 'Lyon-12' });

export const siteRequest = z.strictObject({ timeZone }).openapi('SiteRequest');

export const site = z
  .object({
    site: z.string(),
    timeZone: z.string(),
    known: z
      .boolean()
      .openapi({ description: 'False where the time zone is that of the setting DEFAULT_TIME_ZONE.' }),
    terminals: z.number().int().openapi({ description: 'Terminals at the site, inactive ones included.' }),
    updatedAt: instant.nullable().openapi({ description: 'When the time zone was set last.' }),
  })
  .openapi('Site');

export const sitePage = pageOf(site).openapi('SitePage');
