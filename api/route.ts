/**
 * A route: its place, its schemas and what it does, in one value. The same schemas check the request and make
 * the OpenAPI document, so the two can't differ.
 */
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { ApiDependencies, RequestContext } from './context.ts';
import type { ProblemCode } from './errors.ts';

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What a handler is given: everything in it has passed its schema. */
export interface Exchange<P, Q, H, B> {
  deps: ApiDependencies;
  context: RequestContext;
  params: Parsed<P>;
  query: Parsed<Q>;
  headers: Parsed<H>;
  body: Parsed<B>;
  request: Request;
  response: Response;
}

export interface Reply {
  status: number;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** How the body of a request is read. */
export type BodyKind =
  /** Parsed and checked. */
  | 'json'
  /** The same, but may be left out. */
  | 'optional-json'
  /** The bytes as they came, in `request.body` as a Buffer, for a signature; the handler parses them. */
  | 'raw-json'
  /** Not read: the handler takes the request as a stream. */
  | 'csv-stream';

export interface RouteSpec<P, Q, H, B> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With parameters in braces: `/api/v1/campaigns/{campaignId}`. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  params?: P;
  query?: Q;
  /** By their lower-case names; headers that are not named are not looked at. */
  headers?: H;
  body?: B;
  bodyKind?: BodyKind;
  /** Largest body in bytes, for kinds that are read at once; default 64 KiB. */
  bodyLimit?: number;
  /** Answers by status. A schema is sent as JSON unless `contentType` says otherwise. */
  replies: Record<
    number,
    { description: string; schema?: z.ZodType; contentType?: string; headers?: Record<string, string> }
  >;
  /** The refusals that this route adds to those that every route has. */
  problems?: readonly ProblemCode[];
  /** Gives the reply, or nothing where it has written the response itself. */
  handle: (exchange: Exchange<P, Q, H, B>) => Promise<Reply | void>;
}

export type Route = RouteSpec<
  z.ZodObject | undefined,
  z.ZodObject | undefined,
  z.ZodObject | undefined,
  z.ZodType | undefined
>;

/** Ties a handler's types to its schemas. */
export function defineRoute<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  H extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(spec: RouteSpec<P, Q, H, B>): Route {
  return spec;
}

/** The problems that a route may answer with, those of every request included. */
export function problemsOf(route: Route): ProblemCode[] {
  const codes = new Set<ProblemCode>(route.problems);
  codes.add('internal-error').add('database-unavailable').add('invalid-request');
  if (route.params || route.query || route.headers) codes.add('invalid-parameters');
  const kind = bodyKindOf(route);
  if (kind) codes.add('unsupported-media-type');
  if (kind && kind !== 'csv-stream')
    codes.add('malformed-json').add('body-too-large').add('validation-failed');
  return [...codes].sort();
}

export function bodyKindOf(route: Route): BodyKind | undefined {
  return route.bodyKind ?? (route.body ? 'json' : undefined);
}
