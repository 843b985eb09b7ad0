import { CAMPAIGN_STATUSES, TPE_STATUSES } from '../../workflows/status.ts';
import { compensation } from './campaign.ts';
import { instant, label, orNull, pageOf, uuid, version, withoutCardNumber, z } from './common.ts';
import { rule } from './rule.ts';

/** Names of TMSs are also parts of task queues and metrics. */
export const tmsName = withoutCardNumber(
  z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and hyphens, at most 31'),
).openapi({ example: 'alpha' });

export const tpe = z
  .object({
    tpeId: uuid,
    idTms: z.string(),
    tms: z.string(),
    model: z.string(),
    site: z.string(),
    tags: z.array(z.string()),
    version: z.string().nullable().openapi({ description: 'The version that it runs, as last seen.' }),
    active: z.boolean(),
    lastSeen: instant.nullable(),
    links: z.object({ self: z.string() }),
  })
  .openapi('Tpe');

export const tpePage = pageOf(tpe).openapi('TpePage');

export const tpeDetail = tpe
  .extend({
    campaigns: z
      .array(
        z.object({
          campaignId: uuid,
          name: z.string(),
          campaignStatus: z.enum(CAMPAIGN_STATUSES),
          targetVersion: z.string(),
          status: z.enum(TPE_STATUSES),
          reason: z.string().nullable(),
          attempt: z.number().int(),
          compensation: orNull(compensation).openapi({ description: 'Null: no roll-back was asked for.' }),
          fromVersion: z.string().nullable(),
          version: z.string().nullable(),
          requestedAt: instant.nullable(),
          lastUpdate: instant,
          links: z.object({ self: z.string(), temporal: z.string() }),
        }),
      )
      .openapi({ description: 'The latest 100 campaigns of the terminal, newest first.' }),
  })
  .openapi('TpeDetail');

/** Which terminals a list or a summary is of: all that is given must be met. */
export const tpeFilter = {
  model: label(100).optional(),
  site: label(100).optional(),
  tms: label(31).optional(),
  version: version.optional(),
  rule: rule.optional(),
};

const shares = z
  .object({
    items: z
      .array(
        z.object({
          value: z.string().nullable().openapi({ description: 'Null: unknown.' }),
          terminals: z.number().int(),
        }),
      )
      .openapi({ description: 'The 50 with the most terminals, the largest first.' }),
    others: z
      .object({ values: z.number().int(), terminals: z.number().int() })
      .openapi({ description: 'All others together.' }),
  })
  .openapi('TpeShares');

export const tpeSummary = z
  .object({
    total: z.number().int(),
    byVersion: shares,
    byModel: shares,
    bySite: shares,
    byTms: shares,
  })
  .openapi('TpeSummary');

export const lookAccepted = z
  .object({
    campaignId: uuid,
    tpeId: uuid,
    by: z.string(),
    reason: z.string().nullable(),
    links: z.object({ self: z.string(), temporal: z.string() }),
  })
  .openapi('LookAccepted');

/** One line of a fleet file, by its columns; what is empty in the file is undefined here. */
export const importLine = z.strictObject({
  tpeId: uuid,
  idTms: label(100),
  tms: tmsName,
  model: label(100),
  site: label(100),
  version: version.optional(),
  tags: z.array(label(50)).max(20, 'must have at most 20 tags').default([]),
});

export const IMPORT_COLUMNS = Object.keys(importLine.shape) as (keyof typeof importLine.shape)[];
export const OPTIONAL_IMPORT_COLUMNS: readonly string[] = ['version', 'tags'];

export const importFile = z.string().openapi('FleetFile', {
  description:
    'CSV (RFC 4180, UTF-8) with a header line that names the columns in any order: tpeId, idTms, tms, model, site, and optionally version and tags (separated by ";"). A terminal that is known is updated; an empty version, or a column that is absent, leaves what is there.',
  example:
    'tpeId,idTms,tms,model,site,version,tags\n3f2f8f0e-6d0f-4a52-9d3c-0c8b2b1f3a11,A-000001,alpha,A920,Lyon-12,4.1.0,pilot;vip\n',
});

export const importResult = z
  .object({
    imported: z.number().int().openapi({ description: 'Terminals in the file.' }),
    inserted: z.number().int(),
    updated: z.number().int(),
    unchanged: z.number().int(),
  })
  .openapi('ImportResult');
