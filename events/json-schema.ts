/** The schemas of the messages as JSON Schema, for those who are not TypeScript. */
import { z } from 'zod';
import type { MessageDefinition } from './messages.ts';
import { schemaId } from './messages.ts';

export type JsonSchema = Record<string, unknown>;

/**
 * A schema as a producer has to meet it: what has a default may be absent, unknown fields are allowed.
 * @param target the draft; both have the same words for all that our schemas say
 */
export function toJsonSchema(schema: z.ZodType, target: 'draft-2020-12' | 'draft-7'): JsonSchema {
  return z.toJSONSchema(schema, {
    target,
    io: 'input',
    override: ({ jsonSchema }) => {
      // The pattern that comes with a format says the same, on hundreds of characters.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      // Nor does the largest number that JavaScript can count to concern anybody else.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
}

/** The published schema of a message's data: JSON Schema 2020-12, `$id` as in the header `ce_dataschema`. */
export function dataSchema(message: MessageDefinition): JsonSchema {
  const { $schema, ...rest } = toJsonSchema(message.schema, 'draft-2020-12');
  return { $schema, $id: schemaId(message), title: message.type, ...rest };
}
