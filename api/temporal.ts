/** Calls to Temporal from a request: bounded in time, and its absence told as a problem. */
import { isGrpcServiceError, ServiceError, type Client } from '@temporalio/client';
import { Problem } from './errors.ts';

/** A request does not wait longer for Temporal than this. */
const DEADLINE_MS = 3_000;

/** gRPC statuses of a server that is away or overloaded: CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE. */
const AWAY = new Set([1, 4, 8, 14]);

export function withinDeadline<T>(client: Client, call: () => Promise<T>): Promise<T> {
  return client.withDeadline(Date.now() + DEADLINE_MS, call);
}

/** Whether the error means that Temporal could not be reached, rather than that it refused. */
function isUnreachable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return AWAY.has(cause.code);
    if (cause instanceof ServiceError && cause.cause === undefined) return true;
    if (cause.message.includes('Failed to connect before the deadline')) return true;
  }
  return false;
}

/** The problem to answer with when Temporal could not be reached; any other error is thrown on. */
export function temporalUnavailable(error: unknown, address: string): Problem {
  if (!isUnreachable(error)) throw error;
  return new Problem(
    'temporal-unavailable',
    { detail: `Temporal does not answer at ${address}.`, headers: { 'retry-after': '5' } },
    error,
  );
}
