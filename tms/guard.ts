/** Keeps the calls to one TMS within its limits, and one TMS's trouble away from the rest (bulkhead). */
import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import PQueue from 'p-queue';
import type { TmsConfig } from '../config.ts';
import { tmsRetriesTotal } from '../observability/metrics.ts';
import type { CallOptions, TmsAdapter } from './contract.ts';
import { TmsError, type TmsErrorKind } from './errors.ts';
import { meterGuard } from './guard-metrics.ts';

export type TmsOperation = 'request' | 'observe' | 'cancel' | 'inventory';

/** One call that was made. */
export interface TmsCall {
  operation: TmsOperation;
  /** `error` is a defect of the adapter. */
  outcome: 'ok' | TmsErrorKind | 'aborted' | 'error';
  /** Seconds without the time in the queue. */
  seconds: number;
}

/** Calls in a row that are answered 429 until the caller is told. */
const OVERLOADED_TRIES = 5;
/** Milliseconds that calls are held back after a 429 that does not say how long. */
const DEFAULT_HOLD_MS = 1_000;
/** Longest hold: a wrong `Retry-After` must not stop a TMS for a day. */
const MAX_HOLD_MS = 60_000;

/** The failures that say that the TMS is not well; a 429 or a refused key says that it is. */
const BREAKING: ReadonlySet<TmsErrorKind> = new Set(['timeout', 'unreachable', 'server', 'protocol']);

interface RunOptions {
  signal: AbortSignal | undefined;
  /** A call that has left is waited for, also when aborted: its answer tells what the TMS has taken. */
  finishOnceSent?: boolean;
}

/**
 * Wraps an adapter: queue (concurrency, calls per second), then circuit breaker, then time-out. A 429 holds
 * back all calls for as long as it says and is then repeated, which is safe: nothing was taken. Nothing else
 * is repeated here.
 *
 * `requestUpdates` never throws what would hide that a terminal may have been asked: a call without a clear
 * answer gives the outcome `unknown` for each of its terminals; it throws a `TmsError` only if none was
 * taken. An aborted signal drops what is still queued; an update request that has left runs to its end.
 * @param observer told of every call made
 */
export function guardTms(
  adapter: TmsAdapter,
  limits: TmsConfig['limits'],
  observer: (call: TmsCall) => void = () => undefined,
): TmsAdapter {
  const { name, capabilities } = adapter;
  const queue = new PQueue({
    concurrency: limits.concurrency,
    ...(limits.requestsPerSecond
      ? { intervalCap: limits.requestsPerSecond, interval: 1_000, strict: true }
      : {}),
  });
  const breaker = circuitBreaker(
    handleWhen((error) => error instanceof TmsError && BREAKING.has(error.kind)),
    { halfOpenAfter: limits.breakerCooldownMs, breaker: new ConsecutiveBreaker(limits.breakerThreshold) },
  );
  const unmeter = meterGuard(name, breaker, queue);
  let heldUntil = 0;
  let release: NodeJS.Timeout | undefined;

  return {
    name,
    capabilities,
    async requestUpdates(requests, { signal } = {}) {
      checkSize('requestBulk', requests.length);
      if (requests.length === 0) return [];
      try {
        return await run(
          'request',
          (options) => aligned(requests, adapter.requestUpdates(requests, options)),
          {
            signal,
            finishOnceSent: true,
          },
        );
      } catch (error) {
        if (!(error instanceof TmsError) || !error.mayHaveBeenTaken) throw error;
        return requests.map(() => ({ outcome: 'unknown', reason: error.message }));
      }
    },
    async observe(operations, { signal } = {}) {
      checkSize('observeBulk', operations.length);
      if (operations.length === 0) return [];
      return run('observe', (options) => aligned(operations, adapter.observe(operations, options)), {
        signal,
      });
    },
    async cancel(operations, { signal } = {}) {
      checkSize('cancelBulk', operations.length);
      if (operations.length === 0) return [];
      return run('cancel', (options) => aligned(operations, adapter.cancel(operations, options)), { signal });
    },
    inventory: (cursor, { signal } = {}) =>
      run('inventory', (options) => adapter.inventory(cursor, options), { signal }),
    async close() {
      clearTimeout(release);
      queue.start();
      unmeter();
      await adapter.close();
    },
  };

  async function run<T>(
    operation: TmsOperation,
    call: (options: CallOptions) => Promise<T>,
    options: RunOptions,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await enqueue(() => measured(operation, call, options), options, attempt);
      } catch (error) {
        const again = error instanceof TmsError && error.kind === 'overloaded' && attempt < OVERLOADED_TRIES;
        if (!again) throw error;
        tmsRetriesTotal.inc({ tms: name, operation });
      }
    }
  }

  async function enqueue<T>(
    task: () => Promise<T>,
    { signal, finishOnceSent }: RunOptions,
    attempt: number,
  ): Promise<T> {
    signal?.throwIfAborted();
    // What was turned away once goes before what has not been tried.
    const priority = attempt - 1;
    if (!signal) return queue.add(task, { priority });
    if (!finishOnceSent) return queue.add(task, { priority, signal });
    const waiting = new AbortController();
    const drop = (): void => waiting.abort(signal.reason);
    signal.addEventListener('abort', drop, { once: true });
    const begin = (): Promise<T> => {
      signal.removeEventListener('abort', drop);
      return task();
    };
    return queue
      .add(begin, { priority, signal: waiting.signal })
      .finally(() => signal.removeEventListener('abort', drop));
  }

  async function measured<T>(
    operation: TmsOperation,
    call: (options: CallOptions) => Promise<T>,
    { signal, finishOnceSent }: RunOptions,
  ): Promise<T> {
    const begun = performance.now();
    let outcome: TmsCall['outcome'] = 'ok';
    const abortedBy = finishOnceSent ? undefined : signal;
    try {
      return await breaker.execute(() => inTime(call, abortedBy));
    } catch (error) {
      const known = error instanceof BrokenCircuitError ? brokenCircuit() : error;
      if (known instanceof TmsError) {
        outcome = known.kind;
        holdBack(known);
      } else outcome = abortedBy?.aborted ? 'aborted' : 'error';
      throw known;
    } finally {
      observer({ operation, outcome, seconds: (performance.now() - begun) / 1000 });
    }
  }

  /** A time-out becomes a `TmsError` here, below the breaker, which is to count it; an abort is not counted. */
  async function inTime<T>(
    call: (options: CallOptions) => Promise<T>,
    abortedBy: AbortSignal | undefined,
  ): Promise<T> {
    // Aborted only when the call is given up: to abort what has ended costs as much as the call itself.
    abortedBy?.throwIfAborted();
    const giveUp = new AbortController();
    const signal = abortedBy ? AbortSignal.any([abortedBy, giveUp.signal]) : giveUp.signal;
    const late = Promise.withResolvers<never>();
    const abort = (): void => late.reject(abortedBy?.reason);
    abortedBy?.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(() => {
      const error = new TmsError('timeout', `${name} did not answer in ${limits.timeoutMs} ms`, {
        mayHaveBeenTaken: true,
      });
      giveUp.abort(error);
      late.reject(error);
    }, limits.timeoutMs);
    try {
      return await Promise.race([call({ signal }), late.promise]);
    } finally {
      clearTimeout(timer);
      abortedBy?.removeEventListener('abort', abort);
    }
  }

  function brokenCircuit(): TmsError {
    return new TmsError(
      'open',
      `${name} is not called: ${limits.breakerThreshold} calls in a row have failed`,
      {
        mayHaveBeenTaken: false,
        retryAfterMs: limits.breakerCooldownMs,
      },
    );
  }

  /** Starts no more calls until the TMS wants some. */
  function holdBack({ kind, retryAfterMs }: TmsError): void {
    if (kind !== 'overloaded' && kind !== 'server') return;
    const wait = Math.min(retryAfterMs ?? (kind === 'overloaded' ? DEFAULT_HOLD_MS : 0), MAX_HOLD_MS);
    const until = performance.now() + wait;
    if (wait === 0 || until <= heldUntil) return;
    heldUntil = until;
    queue.pause();
    clearTimeout(release);
    release = setTimeout(() => queue.start(), wait);
  }

  async function aligned<R>(asked: readonly unknown[], answer: Promise<R[]>): Promise<R[]> {
    const results = await answer;
    if (results.length === asked.length) return results;
    throw new TmsError('protocol', `${name} gave ${results.length} results for ${asked.length} terminals`, {
      mayHaveBeenTaken: true,
    });
  }

  function checkSize(limit: 'requestBulk' | 'observeBulk' | 'cancelBulk', size: number): void {
    if (size <= capabilities[limit]) return;
    throw new RangeError(
      `${size} terminals in one call to ${name}, whose ${limit} is ${capabilities[limit]}`,
    );
  }
}
