/** What every request carries: what it needs to work with, and by what it is found again. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Request, Response } from 'express';
import type { Config } from '../config.ts';
import type { Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import type { ProgressFeed } from './progress-feed.ts';

/** What the API works with. */
export interface ApiDependencies {
  config: Config;
  pool: Pool;
  temporal: Client;
  logger: Logger;
  progress: ProgressFeed;
}

export interface RequestContext {
  /** Taken from `X-Correlation-Id`, else made here; kept on the campaign and on every event that follows. */
  correlationId: string;
  /** W3C trace context of the caller, if it gave a valid one. */
  traceparent: string | null;
  /** Who asks, by `X-Actor`. */
  actor: string | null;
}

const CORRELATION_ID = /^[\w.:-]{1,128}$/;
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const ACTOR = /^[^\p{Cc}]{1,100}$/u;

/** Reads the context from the headers; what does not have the right form counts as absent. */
export function readContext(request: Request): RequestContext {
  const matching = (name: string, form: RegExp): string | null => {
    const value = request.get(name)?.trim();
    return value !== undefined && form.test(value) ? value : null;
  };
  return {
    correlationId: matching('x-correlation-id', CORRELATION_ID) ?? randomUUID(),
    traceparent: matching('traceparent', TRACEPARENT),
    actor: matching('x-actor', ACTOR),
  };
}

/** The context of a request whose answer this is; set by the first middleware. */
export function contextOf(response: Response): RequestContext {
  return response.locals.context as RequestContext;
}

/** Who acts: what the body says, else the header, else the API itself. */
export function actorOf(context: RequestContext, named: string | undefined): string {
  return named ?? context.actor ?? 'api';
}
