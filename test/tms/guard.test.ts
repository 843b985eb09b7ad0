import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { CallOptions, OperationReport, RequestResult, UpdateRequest } from '../../tms/contract.ts';
import { guardTms, type TmsCall } from '../../tms/guard.ts';
import { eventually } from './eventually.ts';
import { accepted, adapterWith, failure, held, limits, LOOK, REPORT, request } from './guard-rig.ts';

vi.setConfig({ testTimeout: 60_000 });

describe('the queue of a TMS', () => {
  test('never has more calls under way than its limit, and makes them all', async () => {
    let now = 0;
    let most = 0;
    const observe = vi.fn(async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      now--;
      return [REPORT];
    });
    const tms = guardTms(adapterWith({ observe }), limits({ concurrency: 3 }));
    await Promise.all(Array.from({ length: 50 }, () => tms.observe(LOOK)));
    expect(observe).toHaveBeenCalledTimes(50);
    expect(most).toBe(3);
  });

  test('starts no more calls in a second than its limit', async () => {
    const begun: number[] = [];
    const observe = async (): Promise<OperationReport[]> => {
      begun.push(performance.now());
      return [REPORT];
    };
    const tms = guardTms(adapterWith({ observe }), limits({ requestsPerSecond: 5 }));
    await Promise.all(Array.from({ length: 11 }, () => tms.observe(LOOK)));
    // A timer may fire a fraction of a millisecond early.
    expect((begun[5] ?? 0) - (begun[0] ?? 0)).toBeGreaterThan(995);
    expect((begun[10] ?? 0) - (begun[5] ?? 0)).toBeGreaterThan(995);
  });

  test('holds every call back for as long as a 429 says, then repeats the one that was turned away', async () => {
    const begun: number[] = [];
    const requestUpdates = async (requests: UpdateRequest[]): Promise<RequestResult[]> => {
      begun.push(performance.now());
      if (begun.length === 1) throw failure('overloaded', false, 200);
      return accepted(requests);
    };
    const tms = guardTms(adapterWith({ requestUpdates }), limits({ concurrency: 1 }));
    const results = await Promise.all([
      tms.requestUpdates([request('a')]),
      tms.requestUpdates([request('b')]),
    ]);
    expect(results.flat().map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
    expect(begun).toHaveLength(3);
    expect((begun[1] ?? 0) - (begun[0] ?? 0)).toBeGreaterThan(195);
  });

  test('gives up on a TMS that always answers 429, and says that nothing was taken', async () => {
    const requestUpdates = vi.fn(() => Promise.reject(failure('overloaded', false, 1)));
    const tms = guardTms(adapterWith({ requestUpdates }), limits());
    await expect(tms.requestUpdates([request('a')])).rejects.toMatchObject({
      kind: 'overloaded',
      mayHaveBeenTaken: false,
    });
    expect(requestUpdates).toHaveBeenCalledTimes(5);
  });
});

describe('a call that fails as a whole', () => {
  test.each(['timeout', 'unreachable', 'server', 'protocol'] as const)(
    'with %s after it may have been taken leaves each of its terminals unknown, and is not repeated',
    async (kind) => {
      const requestUpdates = vi.fn(() => Promise.reject(failure(kind, true)));
      const tms = guardTms(adapterWith({ requestUpdates }), limits());
      expect(await tms.requestUpdates([request('a'), request('b')])).toEqual([
        { outcome: 'unknown', reason: `${kind}!` },
        { outcome: 'unknown', reason: `${kind}!` },
      ]);
      expect(requestUpdates).toHaveBeenCalledTimes(1);
    },
  );

  test('without having been taken throws, so that nobody looks for what is not there', async () => {
    const requestUpdates = () => Promise.reject(failure('unreachable', false));
    const tms = guardTms(adapterWith({ requestUpdates }), limits());
    await expect(tms.requestUpdates([request('a')])).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('throws from observe and from cancel', async () => {
    const fail = () => Promise.reject(failure('server', true));
    const tms = guardTms(adapterWith({ observe: fail, cancel: fail }), limits());
    await expect(tms.observe(LOOK)).rejects.toMatchObject({ kind: 'server' });
    await expect(tms.cancel(LOOK)).rejects.toMatchObject({ kind: 'server' });
  });

  test('by never answering is given up in time, also where the adapter ignores its signal', async () => {
    const tms = guardTms(
      adapterWith({ requestUpdates: () => new Promise(() => undefined) }),
      limits({ timeoutMs: 20 }),
    );
    expect(await tms.requestUpdates([request('a')])).toEqual([
      { outcome: 'unknown', reason: 'acme did not answer in 20 ms' },
    ]);
  });

  test('by answering fewer results than asked for is a protocol error', async () => {
    const tms = guardTms(adapterWith({ observe: async () => [] }), limits());
    await expect(tms.observe(LOOK)).rejects.toMatchObject({ kind: 'protocol' });
  });
});

describe('the circuit breaker', () => {
  test('stops calling after enough failures in a row, and closes again when one call succeeds', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    let healthy = false;
    const observe = vi.fn(() =>
      healthy ? Promise.resolve([REPORT]) : Promise.reject(failure('server', true)),
    );
    const tms = guardTms(adapterWith({ observe }), limits({ breakerThreshold: 3, breakerCooldownMs: 5_000 }));
    for (let n = 0; n < 3; n++) await expect(tms.observe(LOOK)).rejects.toMatchObject({ kind: 'server' });
    healthy = true;
    vi.setSystemTime(Date.now() + 4_999);
    await expect(tms.requestUpdates([request('a')])).rejects.toMatchObject({
      kind: 'open',
      mayHaveBeenTaken: false,
      retryAfterMs: 5_000,
    });
    expect(observe).toHaveBeenCalledTimes(3);
    vi.setSystemTime(Date.now() + 2);
    expect(await tms.observe(LOOK)).toEqual([REPORT]);
    expect(await tms.requestUpdates([request('a')])).toMatchObject([{ outcome: 'accepted' }]);
  });

  test('counts time-outs, but neither 429 nor aborted calls', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const outcomes: (() => Promise<OperationReport[]>)[] = [];
    const observe = (): Promise<OperationReport[]> => (outcomes.shift() ?? (async () => [REPORT]))();
    const seen: string[] = [];
    const tms = guardTms(
      adapterWith({ observe }),
      limits({ breakerThreshold: 2, timeoutMs: 20 }),
      ({ outcome }) => seen.push(outcome),
    );
    for (let n = 1; n <= 3; n++) {
      const controller = new AbortController();
      outcomes.push(() => {
        controller.abort(new Error('paused'));
        return never();
      });
      await expect(tms.observe(LOOK, { signal: controller.signal })).rejects.toThrow('paused');
      await eventually(() => seen.length).toBe(n);
      expect(seen.at(-1)).toBe('aborted');
    }
    for (let n = 0; n < 3; n++) outcomes.push(() => Promise.reject(failure('overloaded', false, 1)));
    expect(await tms.observe(LOOK)).toEqual([REPORT]);
    outcomes.push(never, never);
    await expect(tms.observe(LOOK)).rejects.toMatchObject({ kind: 'timeout' });
    await expect(tms.observe(LOOK)).rejects.toMatchObject({ kind: 'timeout' });
    await expect(tms.observe(LOOK)).rejects.toMatchObject({ kind: 'open' });
  });
});

describe('an aborted signal', () => {
  test('drops the update calls that are queued and lets the one that has left finish', async () => {
    const first = held<RequestResult[]>();
    const requestUpdates = vi.fn((_: UpdateRequest[], options?: CallOptions) => {
      options?.signal?.addEventListener('abort', () =>
        first.resolve([{ outcome: 'unknown', reason: 'aborted' }]),
      );
      return first.promise;
    });
    const tms = guardTms(adapterWith({ requestUpdates }), limits({ concurrency: 1 }));
    const { signal, abort } = abortable();
    const sent = tms.requestUpdates([request('a')], { signal });
    const queued = expect(tms.requestUpdates([request('b')], { signal })).rejects.toThrow('paused');
    await eventually(() => requestUpdates.mock.calls.length).toBe(1);
    abort();
    await queued;
    first.resolve([{ outcome: 'accepted', operationId: '1' }]);
    expect(await sent).toEqual([{ outcome: 'accepted', operationId: '1' }]);
    expect(requestUpdates).toHaveBeenCalledTimes(1);
    await expect(tms.requestUpdates([request('c')], { signal })).rejects.toThrow('paused');
  });

  test('drops update calls that wait for a 429 to pass, at once', async () => {
    const requestUpdates = vi.fn(() => Promise.reject(failure('overloaded', false, 60_000)));
    const tms = guardTms(adapterWith({ requestUpdates }), limits());
    const { signal, abort } = abortable();
    const outcome = expect(tms.requestUpdates([request('a')], { signal })).rejects.toThrow('paused');
    await eventually(() => requestUpdates.mock.calls.length).toBe(1);
    abort();
    await outcome;
    expect(requestUpdates).toHaveBeenCalledTimes(1);
    await tms.close();
  });

  function abortable(): { signal: AbortSignal; abort: () => void } {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort(new Error('paused')) };
  }
});

test('every call made is told to the observer with its outcome', async () => {
  const calls: TmsCall[] = [];
  const answers = [failure('server', true), failure('overloaded', false, 1), undefined];
  const requestUpdates = async (requests: UpdateRequest[]): Promise<RequestResult[]> => {
    const error = answers.shift();
    if (error) throw error;
    return accepted(requests);
  };
  const inventory = () => Promise.reject(new TypeError('a defect'));
  const tms = guardTms(adapterWith({ requestUpdates, inventory }), limits(), (call) => calls.push(call));
  await tms.requestUpdates([request('a')]);
  await tms.requestUpdates([request('a')]);
  await tms.observe(LOOK);
  await tms.cancel(LOOK);
  await expect(tms.inventory(null)).rejects.toThrow('a defect');
  expect(calls.map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
    'request server',
    'request overloaded',
    'request ok',
    'observe ok',
    'cancel ok',
    'inventory error',
  ]);
  for (const { seconds } of calls) expect(seconds).toBeGreaterThanOrEqual(0);
});

test('more terminals in one call than the TMS takes is the caller’s mistake, and nothing is sent', async () => {
  const requestUpdates = vi.fn(async (requests: UpdateRequest[]) => accepted(requests));
  const tms = guardTms(adapterWith({ requestUpdates }), limits());
  const eleven = Array.from({ length: 11 }, (_, n) => request(String(n)));
  await expect(tms.requestUpdates(eleven)).rejects.toThrow(
    '11 terminals in one call to acme, whose requestBulk is 10',
  );
  expect(requestUpdates).not.toHaveBeenCalled();
});

test('no terminals means no call', async () => {
  const requestUpdates = vi.fn(async (requests: UpdateRequest[]) => accepted(requests));
  expect(await guardTms(adapterWith({ requestUpdates }), limits()).requestUpdates([])).toEqual([]);
  expect(requestUpdates).not.toHaveBeenCalled();
});
