/** Calls our HTTP API; addresses, parameters and answers have the types of its OpenAPI document. */
import createClient from 'openapi-fetch';
import { reportReach } from '../live/connection.ts';
import { $actor } from '../state/actor.ts';
import { earlyFetch } from './early.ts';
import { ApiProblem, ApiUnreachable } from './problem.ts';
import type { paths, Problem } from './schema.ts';

export const api = createClient<paths>({ baseUrl: location.origin, fetch: earlyFetch });

/** Headers have no other letters. */
const LATIN = /^[\x20-\x7e\xa0-\xff]+$/;

api.use({
  onRequest({ request }) {
    const actor = $actor.get();
    if (LATIN.test(actor)) request.headers.set('x-actor', actor);
    return request;
  },
});

interface Called<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * The answer to a call: `await answer(api.GET('/api/v1/campaigns/{campaignId}', { params: { path } }))`.
 * @throws ApiProblem where the API refuses, ApiUnreachable where it does not answer
 */
export async function answer<T>(call: Promise<Called<T>>): Promise<T> {
  let called: Called<T>;
  try {
    called = await call;
  } catch (error) {
    // Given up by ourselves, because nobody waits for the answer any more.
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    reportReach(false);
    throw new ApiUnreachable('The API does not answer.', { cause: error });
  }
  const { data, error, response } = called;
  if (response.ok) {
    reportReach(true);
    return data as T;
  }
  if (!isProblem(error)) {
    reportReach(false);
    throw new ApiUnreachable(`An answer with status ${response.status} that is not of the API.`);
  }
  reportReach(true);
  throw new ApiProblem(error, Number(response.headers.get('retry-after')) || undefined);
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'type' in error && 'correlationId' in error;
}
