/** What a failed HTTP exchange means for a TMS call; for every adapter that speaks HTTP through undici. */
import { TmsError } from './errors.ts';

/** Nothing has left this machine, or it went nowhere. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const TIMED_OUT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);

/** An error that undici threw instead of an answer. */
export function transportError(tms: string, error: unknown): TmsError {
  const code = codeOf(error);
  const details = { mayHaveBeenTaken: !NEVER_CONNECTED.has(code), cause: error };
  if (TIMED_OUT.has(code)) return new TmsError('timeout', `${tms} did not answer in time`, details);
  if (NEVER_CONNECTED.has(code))
    return new TmsError('unreachable', `${tms} can't be reached (${code})`, details);
  return new TmsError('unreachable', `${tms} cut the connection before its answer (${code})`, details);
}

/** An answer whose status says that the call failed, whatever was asked; undefined for any other status. */
export function statusError(
  tms: string,
  status: number,
  headers: Record<string, string | string[] | undefined>,
): TmsError | undefined {
  const retryAfterMs = parseRetryAfter(headers['retry-after']);
  const message = `${tms} answered ${status}`;
  if (status === 429) return new TmsError('overloaded', message, { mayHaveBeenTaken: false, retryAfterMs });
  if (status === 401 || status === 403) {
    return new TmsError('unauthorised', message, { mayHaveBeenTaken: false });
  }
  if (status >= 500) return new TmsError('server', message, { mayHaveBeenTaken: true, retryAfterMs });
  return undefined;
}

/** @returns milliseconds from a `Retry-After` header in either form: seconds or an HTTP date */
export function parseRetryAfter(value: string | string[] | undefined, now = Date.now()): number | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  if (!text) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** The code of the first error in the chain of causes that has one; several addresses tried count as their first. */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at instanceof AggregateError ? at.errors[0] : at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return error instanceof Error ? error.message : String(error);
}
