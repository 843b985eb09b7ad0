import { redactText } from '../redact.ts';

export type TmsErrorKind =
  /** No answer in time. */
  | 'timeout'
  /** No connection, or one that was cut. */
  | 'unreachable'
  /** The TMS asks for fewer calls (429). */
  | 'overloaded'
  /** The TMS failed (5xx). */
  | 'server'
  /** An answer that is not what the protocol says: HTML, half an answer, a wrong shape. */
  | 'protocol'
  /** The TMS does not accept our credentials. */
  | 'unauthorised'
  /** Not called at all: the circuit breaker is open after too many failures in a row. */
  | 'open';

export interface TmsErrorDetails {
  /**
   * Whether the TMS may have done what it was asked. Whoever repeats a request of which this is true either
   * repeats its idempotency key or asks first what the TMS has.
   */
  mayHaveBeenTaken: boolean;
  /** Milliseconds after which the TMS says, or the breaker knows, that a call makes sense again. */
  retryAfterMs?: number;
  cause?: unknown;
}

/**
 * A whole call to a TMS failed. What it says may quote the vendor's answer, and goes to logs and to Temporal's
 * history: card numbers and secrets are removed, from its causes too.
 */
export class TmsError extends Error {
  override name = 'TmsError';
  readonly kind: TmsErrorKind;
  readonly mayHaveBeenTaken: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(kind: TmsErrorKind, message: string, details: TmsErrorDetails) {
    super(redactText(message), { cause: redactError(details.cause) });
    this.kind = kind;
    this.mayHaveBeenTaken = details.mayHaveBeenTaken;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The error, its causes and their stacks without what must not be kept; changed in place, so that it stays what it is. */
function redactError(error: unknown): unknown {
  if (typeof error === 'string') return redactText(error);
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    for (const name of ['message', 'stack'] as const) {
      const clean = redactText(at[name] ?? '');
      if (clean !== (at[name] ?? '')) Object.defineProperty(at, name, { value: clean });
    }
  }
  return error;
}
