/** Talks to the HTTP API; every failure is a `CliError` that knows its exit code. */
import { Readable } from 'node:stream';
import { request } from 'undici';
import type { ProblemItem } from '../api/errors.ts';

/** Exit codes of the command line. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3 } as const;

/** One fault that the API names. */
export type Fault = ProblemItem;

/** The problem document of the API, or what stands in for it. */
export interface ProblemDocument {
  type: string;
  title: string;
  status?: number;
  detail?: string;
  errors?: Fault[];
  [member: string]: unknown;
}

/** Ends the command: with a problem to show and an exit code. */
export class CliError extends Error {
  override name = 'CliError';
  readonly exitCode: number;
  readonly problem: ProblemDocument;

  constructor(exitCode: number, problem: ProblemDocument, cause?: unknown) {
    super(problem.title, { cause });
    this.exitCode = exitCode;
    this.problem = problem;
  }
}

/** What goes wrong on this side of the API, in the form in which the API tells what goes wrong on its own. */
export function failure(exitCode: number, title: string, detail: string, cause?: unknown): CliError {
  return new CliError(exitCode, { type: 'about:blank', title, detail }, cause);
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON, unless it is a stream. */
  body?: unknown;
  headers?: Record<string, string>;
  query?: Record<string, string | number | undefined>;
}

/** An answer that is slower than this means that nobody is there; an import may take longer. */
const TIMEOUT_MS = 60_000;

export class ApiClient {
  readonly #base: URL;

  /** @param url where the API is, without `/api/v1` */
  constructor(url: string) {
    if (!URL.canParse(url) || !/^https?:/.test(url)) {
      throw failure(
        EXIT.usage,
        'The address of the API is not valid',
        `"${url}" is no http(s) address. Give --url or set TPE_API_URL, for example http://127.0.0.1:8080.`,
      );
    }
    this.#base = new URL(url.endsWith('/') ? url : `${url}/`);
  }

  /** The address of a path of the API, which may come from a link. */
  address(path: string, query: Call['query'] = {}): URL {
    const url = new URL(path.startsWith('/') ? path.slice(1) : `api/v1/${path}`, this.#base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }

  /**
   * Calls the API.
   * @param path below `/api/v1`, without a leading slash
   * @throws CliError when it refuses (exit code 1) or can't be reached (3)
   */
  async call<T>(path: string, { method = 'GET', body, headers, query }: Call = {}): Promise<T> {
    const url = this.address(path, query);
    const streamed = body instanceof Readable;
    const sent = body === undefined ? null : streamed ? body : JSON.stringify(body);
    try {
      const response = await request(url, {
        method,
        headers: {
          accept: 'application/json',
          ...(!streamed && sent !== null && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: sent,
        headersTimeout: streamed ? 0 : TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      const text = await response.body.text();
      if (response.statusCode >= 400) throw refusal(response.statusCode, text);
      // 204 has no body.
      return (text === '' ? undefined : JSON.parse(text)) as T;
    } catch (error) {
      if (error instanceof CliError) throw error;
      throw unreachable(this.#base, error);
    }
  }

  /**
   * The items of a list, page after page.
   * @param limit most items to give
   */
  async list<T>(path: string, query: NonNullable<Call['query']>, limit: number): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const page: { items: T[]; nextCursor: string | null } = await this.call(path, {
        query: { ...query, cursor, limit: Math.min(limit - items.length, 500) },
      });
      items.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && items.length < limit);
    return items;
  }
}

/** What the API answered instead of doing what it was asked for. */
export function refusal(status: number, text: string): CliError {
  try {
    return new CliError(EXIT.refused, { ...(JSON.parse(text) as ProblemDocument), status });
  } catch {
    return new CliError(EXIT.refused, {
      type: 'about:blank',
      title: `The answer was status ${status}`,
      status,
      detail: text.slice(0, 500),
    });
  }
}

export function unreachable(url: URL, error: unknown): CliError {
  const reasons = error instanceof AggregateError ? error.errors : [error];
  const words = reasons.map((each) => (each instanceof Error ? each.message : String(each))).join('; ');
  return failure(
    EXIT.unreachable,
    'The API is not reachable',
    `${url.origin} does not answer (${words}). Is it running? Give another address by --url or TPE_API_URL.`,
    error,
  );
}
