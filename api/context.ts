/** What every request carries: what it needs to work with, and by what it is found again. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Request, Response } from 'express';
import type { Config } from '../config.ts';
import type { Pool } from '../db/pool.ts';
import type { Logger } from '../observability/logger.ts';
import { correlationIdOf, traceparentOf } from '../observability/trace-ids.ts';
import { redactText } from '../redact.ts';
import type { CampaignsFeed } from './campaigns-feed.ts';
import type { ConsoleFiles } from './console.ts';
import type { ProgressFeed } from './progress-feed.ts';

/** What the API works with. */
export interface ApiDependencies {
  config: Config;
  pool: Pool;
  temporal: Client;
  logger: Logger;
  progress: ProgressFeed;
  campaigns: CampaignsFeed;
  /** The web console; absent where it was not built. */
  console?: ConsoleFiles | undefined;
}

export interface RequestContext {
  /** Taken from `X-Correlation-Id`, else made here; kept on the campaign and on every event that follows. */
  correlationId: string;
  /** W3C trace context of the caller, if it gave a valid one. */
  traceparent: string | null;
  /** Who asks, by `X-Actor`. */
  actor: string | null;
}

const ACTOR = /^[^\p{Cc}]{1,100}$/u;

/**
 * Reads the context from the headers; what does not have the right form counts as absent, and so does a correlation id
 * that looks like a card number. Card numbers and secrets in `X-Actor` are removed.
 */
export function readContext(request: Request): RequestContext {
  const actor = request.get('x-actor')?.trim() ?? '';
  return {
    correlationId: correlationIdOf(request.get('x-correlation-id')) ?? randomUUID(),
    traceparent: traceparentOf(request.get('traceparent')),
    actor: ACTOR.test(actor) ? redactText(actor) : null,
  };
}

/** The context of a request whose answer this is; set by the first middleware. */
export function contextOf(response: Response): RequestContext {
  return response.locals.context as RequestContext;
}

/** The ids of a request as a command to a workflow carries them, so that what it leads to is recorded under them. */
export function commandIds({ correlationId, traceparent }: RequestContext): {
  correlationId: string;
  traceparent?: string;
} {
  return { correlationId, ...(traceparent !== null && { traceparent }) };
}

/** Who acts: what the body says, else the header, else the API itself. */
export function actorOf(context: RequestContext, named: string | undefined): string {
  return named ?? context.actor ?? 'api';
}
