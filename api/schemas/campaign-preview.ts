import { SKIP_REASONS } from '../../db/skip-reason.ts';
import { uuid, z } from './common.ts';

const share = z.object({
  value: z.string().nullable().openapi({ description: 'Null: unknown.' }),
  terminals: z.number().int(),
});

const shares = z.array(share);

export const campaignPreview = z
  .object({
    total: z.number().int().openapi({ description: 'Targets.' }),
    eligible: z.number().int().openapi({ description: 'Of them, those that would be updated.' }),
    byModel: shares,
    bySite: shares.openapi({ description: 'The 50 largest sites.' }),
    otherSites: z.object({ sites: z.number().int(), terminals: z.number().int() }),
    byVersion: shares,
    byTms: shares,
    excluded: z
      .array(
        z.object({
          reason: z.enum(SKIP_REASONS),
          count: z.number().int(),
          sample: z.array(uuid).openapi({ description: 'Up to 5 of them.' }),
        }),
      )
      .openapi({ description: 'Targets that would not be updated, by the reason of their SKIPPED.' }),
    waves: z.array(z.object({ wave: z.number().int(), name: z.string(), terminals: z.number().int() })),
    wavesExact: z.boolean().openapi({
      description:
        'False: the sizes are about right. Waves by rule, and sites that are spread, are counted exactly up to 20,000 targets.',
    }),
    sample: z
      .array(
        z.object({
          tpeId: uuid,
          idTms: z.string(),
          tms: z.string(),
          model: z.string(),
          site: z.string(),
          version: z.string().nullable(),
        }),
      )
      .openapi({ description: 'The first 20 that would be updated, as listed or by their ids.' }),
    refusals: z.array(z.enum(['empty-targets', 'terminals-busy', 'tms-not-configured'])).openapi({
      description: 'The problems with which the campaign itself would be refused now.',
    }),
  })
  .openapi('CampaignPreview');
