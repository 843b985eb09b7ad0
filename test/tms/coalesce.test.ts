import { expect, test, vi } from 'vitest';
import { coalesce } from '../../tms/coalesce.ts';
import type { Operation, TmsAdapter } from '../../tms/contract.ts';
import { TmsError } from '../../tms/errors.ts';

const operation = (n: number): Operation => ({ idTms: `T-${n}`, operationId: `op-${n}` });
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

function adapterWith(
  bulk: { observeBulk: number; cancelBulk: number },
  calls: Partial<TmsAdapter> = {},
): TmsAdapter {
  return {
    name: 'acme',
    capabilities: { idempotent: true, requestBulk: 1, push: false, ...bulk },
    requestUpdates: async () => [],
    observe: async (operations) =>
      operations.map(({ operationId }) => ({
        state: 'QUEUED',
        operationId,
        targetVersion: null,
        reason: null,
      })),
    cancel: async (operations) => operations.map(() => ({ outcome: 'cancelled' })),
    inventory: async () => ({ terminals: [], cursor: null }),
    close: async () => undefined,
    ...calls,
  };
}

test('looks that fall together become calls of at most the bulk size, each with its own answer', async () => {
  const adapter = adapterWith({ observeBulk: 200, cancelBulk: 200 });
  const observe = vi.spyOn(adapter, 'observe');
  const single = coalesce(adapter);
  const reports = await Promise.all(numbers(450).map((n) => single.observe(operation(n))));
  expect(observe.mock.calls.map(([operations]) => operations.length)).toEqual([200, 200, 50]);
  expect(reports.map(({ operationId }) => operationId)).toEqual(numbers(450).map((n) => `op-${n}`));
});

test('looks that come one after the other within the window are one call', async () => {
  const adapter = adapterWith({ observeBulk: 200, cancelBulk: 200 });
  const observe = vi.spyOn(adapter, 'observe');
  vi.useFakeTimers();
  try {
    const single = coalesce(adapter, { windowMs: 50 });
    const first = single.observe(operation(1));
    await vi.advanceTimersByTimeAsync(49);
    const second = single.observe(operation(2));
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all([first, second]);
    const third = single.observe(operation(3));
    await vi.advanceTimersByTimeAsync(50);
    await third;
  } finally {
    vi.useRealTimers();
  }
  expect(observe.mock.calls.map(([operations]) => operations.length)).toEqual([2, 1]);
});

test('cancels that fall together become one call', async () => {
  const adapter = adapterWith({ observeBulk: 200, cancelBulk: 3 });
  const cancel = vi.spyOn(adapter, 'cancel');
  const single = coalesce(adapter);
  await Promise.all(numbers(4).map((n) => single.cancel(operation(n))));
  expect(cancel.mock.calls.map(([operations]) => operations.length)).toEqual([3, 1]);
});

test('a call that fails fails the looks that were part of it and no others', async () => {
  const down = new TmsError('server', 'acme answered 503', { mayHaveBeenTaken: true });
  const adapter = adapterWith({ observeBulk: 2, cancelBulk: 2 });
  vi.spyOn(adapter, 'observe').mockRejectedValueOnce(down);
  const single = coalesce(adapter);
  const results = await Promise.allSettled(numbers(4).map((n) => single.observe(operation(n))));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
  expect(results[0]).toMatchObject({ reason: down });
});

test('the same terminal is asked about again at the next look', async () => {
  const adapter = adapterWith({ observeBulk: 200, cancelBulk: 200 });
  const observe = vi.spyOn(adapter, 'observe');
  const single = coalesce(adapter);
  const same = operation(1);
  await single.observe(same);
  await single.observe(same);
  expect(observe).toHaveBeenCalledTimes(2);
});

test('without a bulk end point every look is a call of its own', async () => {
  const adapter = adapterWith({ observeBulk: 1, cancelBulk: 1 });
  const observe = vi.spyOn(adapter, 'observe');
  const single = coalesce(adapter);
  await Promise.all(numbers(3).map((n) => single.observe(operation(n))));
  expect(observe.mock.calls.map(([operations]) => operations.length)).toEqual([1, 1, 1]);
});

test('a TMS that can’t cancel is not asked to', async () => {
  const adapter = adapterWith({ observeBulk: 1, cancelBulk: 0 });
  const cancel = vi.spyOn(adapter, 'cancel');
  await expect(coalesce(adapter).cancel(operation(1))).rejects.toThrow("acme can't cancel");
  expect(cancel).not.toHaveBeenCalled();
});
