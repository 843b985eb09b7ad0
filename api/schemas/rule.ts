import { RULE_LIMITS } from '../../targeting/parse.ts';
import { instant, label, pageOf, withoutCardNumber, z } from './common.ts';

/** A targeting rule; what it says is checked after the schema, where a fault has its character. */
export const rule = withoutCardNumber(
  z
    .string()
    .min(1, 'must not be empty')
    .max(RULE_LIMITS.characters, `must have at most ${RULE_LIMITS.characters} characters`),
).openapi({
  description: 'A targeting rule (docs/targeting.md).',
  example: 'model = "A920" and version < "4.2.0" and not tag "vip"',
});

/** As it is written in a rule, in quotes; part of an address too. */
export const groupName = withoutCardNumber(
  z
    .string()
    .regex(
      /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u,
      'must be 1 to 100 letters, digits, blanks, ".", "_" or "-", the first a letter or digit',
    ),
).openapi({ example: 'pilots' });

export const groupRequest = z
  .strictObject({
    rule,
    description: label(500).optional().openapi({ description: 'Default what is there.' }),
    by: label(100)
      .optional()
      .openapi({ description: 'Who saves it; default the header X-Actor, else "api".' }),
  })
  .openapi('GroupRequest');

export const group = z
  .object({
    name: z.string(),
    rule: z.string().openapi({ description: 'As it was written.' }),
    description: z.string().nullable(),
    createdBy: z.string(),
    createdAt: instant,
    updatedBy: z.string(),
    updatedAt: instant,
    links: z.object({ self: z.string() }),
  })
  .openapi('Group');

export const groupPage = pageOf(group).openapi('GroupPage');

export const ruleCheckRequest = z.strictObject({ rule }).openapi('RuleCheckRequest');

export const ruleChecked = z
  .object({
    canonical: z
      .string()
      .openapi({ description: 'The rule in its canonical form, groups as they are named.' }),
    expanded: z.string().openapi({ description: 'The same with its groups replaced by their rules.' }),
    terminals: z.number().int().openapi({ description: 'Terminals that meet it now.' }),
  })
  .openapi('RuleChecked');
