import { Pool } from 'undici';
import type { z } from 'zod';
import type { TmsConfig } from '../../config.ts';
import { redactText } from '../../redact.ts';
import { TmsError } from '../errors.ts';
import { statusError, transportError } from '../http-errors.ts';

/** Answers above this are no answers of this protocol: 1,000 results with room to spare. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export interface Ask {
  method: 'GET' | 'POST';
  /** Below the base URL, with its leading slash. */
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export interface Answer {
  status: number;
  json: unknown;
}

/** HTTP to one TMS: connections kept alive, one request at a time on each, every answer JSON or an error. */
export interface ReferenceClient {
  /** @throws TmsError for a lost call, a 401, 403, 429 or 5xx, and what is not JSON */
  ask(ask: Ask): Promise<Answer>;
  /** @throws TmsError (protocol) when `json` has another shape */
  read<T extends z.ZodType>(schema: T, answer: Answer): z.output<T>;
  /** The error of an answer that breaks the protocol; `what` follows the name of the TMS. */
  garbage(what: string): TmsError;
  close(): Promise<void>;
}

/** Opens no connection yet; they are made when first used. */
export function createReferenceClient(config: TmsConfig): ReferenceClient {
  const base = new URL(config.url);
  const prefix = base.pathname.replace(/\/$/, '');
  const pool = new Pool(base.origin, {
    connections: config.limits.concurrency,
    pipelining: 1,
    connect: { timeout: config.limits.timeoutMs },
    headersTimeout: config.limits.timeoutMs,
    bodyTimeout: config.limits.timeoutMs,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  return { ask, read, garbage, close: () => pool.destroy() };

  async function ask({ method, path, body, headers, signal }: Ask): Promise<Answer> {
    let text: string;
    let response;
    try {
      response = await pool.request({
        method,
        path: prefix + path,
        headers: {
          accept: 'application/json',
          ...(body ? { 'content-type': 'application/json' } : {}),
          ...headers,
        },
        body: body ? JSON.stringify(body) : null,
        signal,
      });
      text = await response.body.text();
    } catch (error) {
      signal?.throwIfAborted();
      throw transportError(config.name, error);
    }
    const failed = statusError(config.name, response.statusCode, response.headers);
    if (failed) throw failed;
    try {
      return { status: response.statusCode, json: JSON.parse(text) };
    } catch (cause) {
      throw garbage(
        // Cleaned before it is cut: half a card number is not recognised.
        `answered ${response.statusCode} with what is not JSON: ${JSON.stringify(redactText(text.slice(0, 1_000)).slice(0, 80))}`,
        cause,
      );
    }
  }

  function read<T extends z.ZodType>(schema: T, answer: Answer): z.output<T> {
    const parsed = schema.safeParse(answer.json);
    if (parsed.success && answer.status < 300) return parsed.data;
    const [issue] = parsed.error?.issues ?? [];
    const what = issue ? ` at ${issue.path.join('.') || 'the top'}: ${issue.message}` : '';
    throw garbage(`answered ${answer.status} with another shape than expected${what}`);
  }

  function garbage(what: string, cause?: unknown): TmsError {
    return new TmsError('protocol', `${config.name} ${what}`, { mayHaveBeenTaken: true, cause });
  }
}
