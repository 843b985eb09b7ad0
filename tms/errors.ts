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

/** A whole call to a TMS failed. */
export class TmsError extends Error {
  override name = 'TmsError';
  readonly kind: TmsErrorKind;
  readonly mayHaveBeenTaken: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(kind: TmsErrorKind, message: string, details: TmsErrorDetails) {
    super(message, { cause: details.cause });
    this.kind = kind;
    this.mayHaveBeenTaken = details.mayHaveBeenTaken;
    this.retryAfterMs = details.retryAfterMs;
  }
}
