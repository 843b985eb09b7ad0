/** Schemas that several resources share. */
import { extendZodWithOpenApi } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { containsCardNumber } from '../../redact.ts';

extendZodWithOpenApi(z);

export { z } from 'zod';

/** A UUID of any version; given back in lower case, as the database has it. */
export const uuid = z
  .guid('must be a UUID')
  .toLowerCase()
  .openapi({ format: 'uuid', example: '3f2f8f0e-6d0f-4a52-9d3c-0c8b2b1f3a11' });

/** Text of a person: not empty, on one line, without a card number. */
export function label(max: number): z.ZodString {
  return withoutCardNumber(machineText(max));
}

/** Refuses a text that has a card number in it: such a text must not be stored, not even for a moment. */
export function withoutCardNumber(schema: z.ZodString): z.ZodString {
  return schema.refine((text) => !containsCardNumber(text), CARD_NUMBER);
}

const CARD_NUMBER = 'looks like a card number: it must not be stored here';

/** Text of a machine, which is not to be turned away for what it says: not empty, on one line. */
export function machineText(max: number): z.ZodString {
  return z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(max, `must have at most ${max} characters`)
    .regex(/^[^\p{Cc}]*$/u, 'must not contain control characters');
}

/** A version as a vendor writes it. */
export const version = withoutCardNumber(
  z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/,
      'must be a version: 1 to 64 letters, digits, ".", "_", "+" or "-"',
    ),
).openapi({ example: '4.2.0' });

/** A version that has an order: dotted numbers, with or without a suffix. */
export const orderedVersion = withoutCardNumber(
  z
    .string()
    .max(64)
    .regex(
      /^[0-9]{1,15}(\.[0-9]{1,15})*([-+][A-Za-z0-9._+-]+)?$/,
      'must be dotted numbers, for example 4.2.0',
    ),
).openapi({ example: '4.2.0' });

export const instant = z.string().openapi({ format: 'date-time', example: '2026-11-21T10:15:00.000Z' });

/** A schema with a name, or null. `nullable()` would give the name to the two together, wherever it stands. */
export function orNull<S extends z.ZodType>(named: S): z.ZodUnion<readonly [S, z.ZodNull]> {
  return z.union([named, z.null()]);
}

/** Query parameters of every list. */
export const paging = {
  cursor: z
    .string()
    .max(500)
    .optional()
    .openapi({ description: 'The `nextCursor` of the page before; absent for the first page.' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(500)
    .default(50)
    .openapi({ description: 'Items per page, 1 to 500.' }),
};

/** A page of a list. */
export function pageOf<S extends z.ZodType>(
  item: S,
): z.ZodObject<{ items: z.ZodArray<S>; nextCursor: z.ZodNullable<z.ZodString> }> {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().openapi({ description: 'Null on the last page.' }),
  });
}
