import { instant, label, pageOf, withoutCardNumber, z } from './common.ts';
import { policyRequest } from './policy.ts';

export const templateName = withoutCardNumber(
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens, at most 63'),
).openapi({ example: 'careful' });

/** Which template a campaign is started with. */
export const policyTemplateRef = z
  .union(
    [templateName, z.strictObject({ name: templateName, version: z.number().int().min(1).optional() })],
    'must be the name of a policy template, or {"name": "careful", "version": 2}',
  )
  .openapi({
    description:
      'A policy template, by its name (the newest version) or by name and version. What `policy` gives comes before it, part by part.',
  });
export type PolicyTemplateRef = z.output<typeof policyTemplateRef>;

export const templateRequest = z
  .strictObject({
    policy: policyRequest,
    description: label(500).optional().openapi({ description: 'Default that of the version before.' }),
    by: label(100)
      .optional()
      .openapi({ description: 'Who saves it; default the header X-Actor, else "api".' }),
  })
  .openapi('PolicyTemplateRequest');

export const policyTemplate = z
  .object({
    name: z.string(),
    version: z.number().int().openapi({ description: 'From 1; a version is never changed.' }),
    policy: policyRequest.openapi({ description: 'As given: what is absent has its default.' }),
    description: z.string().nullable(),
    createdBy: z.string(),
    createdAt: instant,
    links: z.object({ self: z.string() }),
  })
  .openapi('PolicyTemplate');

export const policyTemplatePage = pageOf(policyTemplate).openapi('PolicyTemplatePage');
