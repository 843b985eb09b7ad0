/** Turns whatever went wrong into a problem document. */
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { isDatabaseAway, isDatabaseFull } from '../db/outage.ts';
import type { Logger } from '../observability/logger.ts';
import { contextOf } from './context.ts';
import { Problem } from './errors.ts';

/** Sends a problem. */
function sendProblem(request: Request, response: Response, problem: Problem): void {
  const { correlationId } = contextOf(response);
  const document = problem.toDocument(request.originalUrl.split('?', 1)[0] ?? '/', correlationId);
  response
    .status(problem.status)
    .set(problem.options.headers ?? {})
    .type('application/problem+json')
    .send(JSON.stringify(document));
}

/** For what no route has taken. */
export const unknownRoute: RequestHandler = (request) => {
  throw new Problem('route-not-found', {
    detail: `There is nothing at ${request.path}. The addresses are listed at /api/v1/docs.`,
  });
};

/** The last middleware. What is no refusal is logged, and answered without saying more than that. */
export function problemHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    // The caller has hung up in the middle of its request: nobody waits for an answer.
    if (request.destroyed && !request.complete) return;
    const problem = toProblem(error);
    if (problem.status >= 500) {
      logger.error(
        { err: error, correlationId: contextOf(response).correlationId },
        `${request.method} ${request.path} failed`,
      );
    }
    if (response.headersSent) {
      // Too late for a status: cutting the connection is the only way to tell.
      response.destroy();
      return;
    }
    sendProblem(request, response, problem);
  };
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return fromBodyParser(error) ?? fromDatabase(error) ?? unexpected(error);
}

/** What express and its body parser throw: errors with a `type` and a status below 500. */
function fromBodyParser(error: unknown): Problem | undefined {
  const { type, status, message, limit } = error as {
    type?: string;
    status?: number;
    message?: string;
    limit?: number;
  };
  switch (type) {
    case 'entity.parse.failed':
      return new Problem('malformed-json', { detail: `The body is not valid JSON: ${message}.` }, error);
    case 'entity.too.large':
      return new Problem('body-too-large', { detail: `The body must have at most ${limit} bytes.` }, error);
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new Problem('unsupported-media-type', { detail: `${message}.` }, error);
    default:
      return typeof status === 'number' && status >= 400 && status < 500
        ? new Problem('invalid-request', { detail: `${message ?? 'The request is broken'}.` }, error)
        : undefined;
  }
}

function fromDatabase(error: unknown): Problem | undefined {
  if (!isDatabaseAway(error)) return undefined;
  const detail = isDatabaseFull(error)
    ? 'The database has no room left on its disk.'
    : 'The database does not answer.';
  return new Problem('database-unavailable', { detail, headers: { 'retry-after': '5' } }, error);
}

function unexpected(error: unknown): Problem {
  return new Problem(
    'internal-error',
    {
      detail: 'The request failed for a reason that is not yours. Give the correlation id to who runs this.',
    },
    error,
  );
}
