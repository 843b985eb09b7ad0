/** Checks what comes in against a schema, and says of each fault where it is. */
import type { z } from 'zod';
import { Problem, type ProblemItem } from './errors.ts';

/** How many faults an answer lists. */
const LISTED = 100;

type Place = 'body' | 'query' | 'path' | 'header';

/**
 * The value as the schema gives it.
 * @throws Problem `validation-failed` for a body, `invalid-parameters` for the rest
 */
export function validate<S extends z.ZodType>(schema: S, value: unknown, place: Place): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const items = parsed.error.issues.flatMap((issue) => describeIssue(issue, place));
  throw notValid(place === 'body' ? 'validation-failed' : 'invalid-parameters', items);
}

/** The problem that lists these faults. */
export function notValid(
  code: 'validation-failed' | 'invalid-parameters',
  items: readonly ProblemItem[],
): Problem {
  const errors = items.slice(0, LISTED);
  const more = items.length - errors.length;
  const [first] = errors;
  const where = first?.pointer ?? first?.parameter ?? first?.header;
  const one = [where, first?.message].filter(Boolean).join(': ');
  const detail =
    items.length === 1 ? `${one}.` : `${items.length} faults${more ? `, ${LISTED} listed` : ''}; ${one}.`;
  return new Problem(code, { detail, errors });
}

function describeIssue(issue: z.core.$ZodIssue, place: Place): ProblemItem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => item(place, [...issue.path, key], 'is not known here'));
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    return [item(place, issue.path, issue.path.length === 0 ? 'a body is required' : 'is required')];
  }
  return [item(place, issue.path, issue.message)];
}

function item(place: Place, path: readonly PropertyKey[], message: string): ProblemItem {
  if (place === 'body') return { pointer: toPointer(path), message };
  const name = path.map(String).join('.');
  return place === 'header' ? { header: name, message } : { parameter: name, message };
}

/** The JSON pointer of a path; the empty string is the whole document. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
