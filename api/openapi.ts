/** The OpenAPI 3.1 document, made from the schemas that check the requests. */
import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { mediaTypeOf } from './bodies.ts';
import { PROBLEMS, type ProblemCode } from './errors.ts';
import { bodyKindOf, problemsOf, type Route } from './route.ts';
import { problemSchema } from './schemas/problem.ts';

type Document = ReturnType<OpenApiGeneratorV31['generateDocument']>;

export function openApiDocument(routes: readonly Route[]): Document {
  const registry = new OpenAPIRegistry();
  registry.register('Problem', problemSchema);
  for (const route of routes) registry.registerPath(describe(route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Update campaigns for payment terminals',
      version: '1.0.0',
      description:
        'Bring terminals to a version, see it happen, stop it. Errors are `application/problem+json` (RFC 9457); their `type` is stable. Every answer has the header `X-Correlation-Id`.',
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'campaigns', description: 'Update campaigns' },
      { name: 'groups', description: 'Targeting rules with a name' },
      { name: 'policies', description: 'Policies with a name' },
      { name: 'fleet', description: 'The terminals and their sites' },
      { name: 'tms', description: 'What TMSs tell us' },
      { name: 'messages', description: 'Messages on Kafka: contracts and dead letters' },
      { name: 'statistics', description: 'Statistics, and the projections that they are read from' },
      { name: 'audit', description: 'The audit trail and the chain over it' },
      { name: 'operation', description: 'Probes, metrics, documentation' },
    ],
  });
}

function describe(route: Route): RouteConfig {
  const kind = bodyKindOf(route);
  return {
    method: route.method,
    path: route.path,
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    'x-problems': problemsOf(route),
    ...(route.description !== undefined && { description: route.description }),
    request: {
      ...(route.params && { params: route.params }),
      ...(route.query && { query: route.query }),
      ...(route.headers && { headers: route.headers }),
      ...(kind &&
        route.body && {
          body: {
            required: kind !== 'optional-json',
            content: { [mediaTypeOf(kind)]: { schema: route.body } },
          },
        }),
    },
    responses: { ...describeReplies(route), ...describeProblems(route) },
  };
}

function describeReplies(route: Route): RouteConfig['responses'] {
  return Object.fromEntries(
    Object.entries(route.replies).map(([status, { description, schema, contentType, headers }]) => [
      status,
      {
        description,
        ...(schema && { content: { [contentType ?? 'application/json']: { schema } } }),
        ...(headers && {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, text]) => [
              name,
              { description: text, schema: { type: 'string' } },
            ]),
          ),
        }),
      },
    ]),
  );
}

/** One response per status; its description lists the codes. */
function describeProblems(route: Route): RouteConfig['responses'] {
  const byStatus = Map.groupBy(problemsOf(route), (code) => PROBLEMS[code].status);
  return Object.fromEntries([...byStatus].map(([status, codes]) => [status, describeProblem(codes)]));
}

function describeProblem(codes: readonly ProblemCode[]): RouteConfig['responses'][string] {
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
    content: { 'application/problem+json': { schema: problemSchema } },
  };
}
