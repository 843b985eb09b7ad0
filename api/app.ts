/** The HTTP API as an Express application. */
import compression from 'compression';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { bodyReaders } from './bodies.ts';
import { consoleFiles, consolePages } from './console.ts';
import { contextOf, readContext, type ApiDependencies } from './context.ts';
import { documentation } from './docs.ts';
import { Problem } from './errors.ts';
import { timeRequests } from './metrics.ts';
import { problemHandler, unknownRoute } from './problem-handler.ts';
import { bodyKindOf, type Route } from './route.ts';
import { routes } from './routes/index.ts';
import { validate } from './validate.ts';

/** Bytes; what is smaller fits into one packet anyway. */
const COMPRESS_FROM = 1_400;

export function createApp(deps: ApiDependencies): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.use(
    securityHeaders(),
    timeRequests(),
    (request, response, next) => {
      const context = readContext(request);
      response.locals.context = context;
      response.set({ 'x-correlation-id': context.correlationId, 'cache-control': 'no-store' });
      next();
    },
    logRequests(deps),
    compressJson(),
  );
  app.use(consoleFiles(deps.console), documentation(routes));
  for (const route of routes) {
    app[route.method](expressPath(route.path), named(route), ...bodyReaders(route), handler(route, deps));
  }
  for (const [path, methods] of methodsByPath()) app.all(path, refuseMethod(methods));
  app.use(consolePages(deps.console), unknownRoute, problemHandler(deps.logger));
  return app;
}

/** For all but the console's page, which has a stricter policy. */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      directives: { 'upgrade-insecure-requests': null, 'style-src': ["'self'", "'unsafe-inline'"] },
    },
    // Whether the way here is encrypted is decided by the proxy in front.
    strictTransportSecurity: false,
  });
}

/** Lists are a tenth of their size then. Streams are left alone, and the console's files are compressed already. */
function compressJson(): RequestHandler {
  return compression({
    threshold: COMPRESS_FROM,
    filter: (_request, response) =>
      /^application\/(problem\+)?json\b/.test(String(response.getHeader('content-type'))),
  });
}

function logRequests({ logger }: ApiDependencies): RequestHandler {
  return (request, response, next) => {
    const from = performance.now();
    response.once('close', () => {
      const fields = {
        method: request.method,
        path: request.originalUrl.split('?', 1)[0],
        status: response.statusCode,
        ms: Math.round(performance.now() - from),
        correlationId: contextOf(response).correlationId,
        ...(!response.writableFinished && { aborted: true }),
      };
      // Probes come every few seconds and say nothing new.
      const quiet = /^\/(healthz|readyz|metrics)$/.test(fields.path ?? '');
      logger[quiet ? 'debug' : 'info'](fields, 'request');
    });
    next();
  };
}

/** `{name}` of OpenAPI is `:name` of Express. */
function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

function named(route: Route): RequestHandler {
  return (_request, response, next) => {
    response.locals.route = route.path;
    next();
  };
}

function handler(route: Route, deps: ApiDependencies): RequestHandler {
  const { params, query, headers, body } = route;
  const kind = bodyKindOf(route);
  const parsesBody = body !== undefined && (kind === 'json' || kind === 'optional-json');
  return async (request, response) => {
    const reply = await route.handle({
      deps,
      context: contextOf(response),
      params: params && validate(params, request.params, 'path'),
      query: query ? validate(query, request.query, 'query') : refuseQuery(request.query),
      headers: headers && validate(headers, request.headers, 'header'),
      body: parsesBody
        ? validate(body, request.body ?? (kind === 'optional-json' ? {} : undefined), 'body')
        : undefined,
      request,
      response,
    });
    if (reply)
      response
        .status(reply.status)
        .set(reply.headers ?? {})
        .json(reply.body);
  };
}

/** A parameter that nothing looks at is a mistake that should not go unnoticed. */
function refuseQuery(query: unknown): undefined {
  const errors = Object.keys(query as object).map((parameter) => ({
    parameter,
    message: 'is not known here',
  }));
  if (errors.length === 0) return undefined;
  throw new Problem('invalid-parameters', { detail: 'This address takes no query parameters.', errors });
}

function methodsByPath(): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of routes) {
    const key = expressPath(path);
    methods.set(key, [
      ...(methods.get(key) ?? []),
      ...(method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]),
    ]);
  }
  return methods;
}

function refuseMethod(methods: readonly string[]): RequestHandler {
  const allow = [...methods, 'OPTIONS'].join(', ');
  return (request, response) => {
    if (request.method === 'OPTIONS') {
      response.set('allow', allow).status(204).end();
      return;
    }
    throw new Problem('method-not-allowed', {
      detail: `${request.method} is not possible on ${request.path}; possible: ${allow}.`,
      headers: { allow },
    });
  };
}
