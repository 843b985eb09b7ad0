import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** What is wrong with a value by a JSON Schema, as an independent validator sees it; empty if nothing is. */
export function faults(schema: object, value: unknown): string[] {
  // Strict: a schema with a word that the draft does not have is a mistake, too.
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
