/** How bodies are read, by the kind that a route declares. */
import express, { type RequestHandler } from 'express';
import { Problem } from './errors.ts';
import { bodyKindOf, type BodyKind, type Route } from './route.ts';

const DEFAULT_LIMIT = 64 * 1024;

const MEDIA_TYPES: Record<BodyKind, string[]> = {
  json: ['application/json', 'application/*+json'],
  'optional-json': ['application/json', 'application/*+json'],
  'raw-json': ['application/json', 'application/*+json'],
  'csv-stream': ['text/csv'],
};

/** The media type that the OpenAPI document names. */
export function mediaTypeOf(kind: BodyKind): string {
  return kind === 'csv-stream' ? 'text/csv' : 'application/json';
}

/** The middlewares that read the body of a route, after its media type has been checked. */
export function bodyReaders(route: Route): RequestHandler[] {
  const kind = bodyKindOf(route);
  if (!kind) return [];
  const limit = route.bodyLimit ?? DEFAULT_LIMIT;
  const checked = requireMediaType(kind);
  if (kind === 'csv-stream') return [checked];
  // The type has been checked already; the readers take whatever has passed.
  const reader =
    kind === 'raw-json'
      ? express.raw({ limit, type: () => true })
      : express.json({ limit, type: () => true });
  return [checked, reader];
}

function requireMediaType(kind: BodyKind): RequestHandler {
  const types = MEDIA_TYPES[kind];
  return (request, _response, next) => {
    // No body needs no type: many clients send a POST without one as a body of length 0.
    const absent = request.is(types) === null || request.get('content-length') === '0';
    if (absent || request.is(types) !== false) {
      if (kind === 'csv-stream' && request.get('content-encoding') !== undefined) {
        throw new Problem('unsupported-media-type', {
          detail: 'Content-Encoding is not supported here: send the file as it is.',
        });
      }
      return next();
    }
    throw new Problem('unsupported-media-type', {
      detail: `Content-Type must be ${types[0]}, not ${request.get('content-type') ?? 'absent'}.`,
      errors: [{ header: 'Content-Type', message: `must be ${types[0]}` }],
    });
  };
}
