/** What can go wrong with a request, as errors that pages can show. */
import type { Problem } from './schema.ts';

/** The API has refused, and has said why. */
export class ApiProblem extends Error {
  override name = 'ApiProblem';
  readonly problem: Problem;
  /** Seconds after which it may be tried again, where the API has said so. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  /** The stable code: the last part of `type`. */
  get code(): string {
    return codeOf(this.problem);
  }
}

/** There was no answer, or one that is none of the API: a proxy's, for example. */
export class ApiUnreachable extends Error {
  override name = 'ApiUnreachable';
}

export function codeOf({ type }: Problem): string {
  return type.slice(type.lastIndexOf('/') + 1);
}

/** Whether the same request may succeed later without anybody changing anything. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiUnreachable || (error instanceof ApiProblem && error.problem.status >= 500);
}
