/** Holds what the API answers to what its document says. */
import { deepStrictEqual } from 'node:assert/strict';
import type { Route } from '../../api/route.ts';
import { routes } from '../../api/routes/index.ts';
import { problemSchema } from '../../api/schemas/problem.ts';

const ROUTES = routes.map((route) => ({
  route,
  place: new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}));

interface Answered {
  method: string;
  /** With its query. */
  path: string;
  status: number;
  /** As it came over the wire; only JSON is looked at. */
  body: unknown;
}

/**
 * What is no route is not looked at.
 * @throws where a field is of another type than the document says, or is not in it
 */
export function checkDocumented({ method, path, status, body }: Answered): void {
  const route = routeOf(method, path);
  if (!route || typeof body !== 'object') return;
  const { schema } = route.replies[status] ?? (status >= 400 ? { schema: problemSchema } : {});
  if (!schema) throw new Error(`${method} ${path}: no answer with status ${status} is documented.`);
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new Error(`${method} ${path} ${status}: ${parsed.error.message}`);
  // What a schema does not name it leaves out.
  deepStrictEqual(parsed.data, body, `${method} ${path} ${status}: not all of it is documented`);
}

function routeOf(method: string, path: string): Route | undefined {
  const { pathname } = new URL(path, 'http://api');
  // In their order: what is fixed comes before what has a parameter.
  return ROUTES.find(({ route, place }) => route.method === method.toLowerCase() && place.test(pathname))
    ?.route;
}
