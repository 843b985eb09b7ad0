/** Single questions to a TMS that fall together inside one process become one bulk call. */
import DataLoader from 'dataloader';
import type { CancelResult, Operation, OperationReport, TmsAdapter } from './contract.ts';

export interface CoalesceOptions {
  /** Milliseconds that a first question waits for others. Default 25: far below any polling interval. */
  windowMs?: number;
  /** Questions per call, where the TMS would take more. */
  maxBatch?: number;
}

export interface SingleCalls {
  /** @throws TmsError when the call that it was part of failed */
  observe: (operation: Operation) => Promise<OperationReport>;
  /** @throws TmsError as `observe`; Error where the TMS can't cancel (`cancelBulk` is 0) */
  cancel: (operation: Operation) => Promise<CancelResult>;
}

/**
 * Takes single calls and makes bulk calls of at most the adapter's own bulk size. Without a bulk end point
 * (size 1) nothing is held back. A call that fails fails those that were part of it and no others.
 */
export function coalesce(
  adapter: TmsAdapter,
  { windowMs = 25, maxBatch = Infinity }: CoalesceOptions = {},
): SingleCalls {
  const { observeBulk, cancelBulk } = adapter.capabilities;
  const observe = batcher(observeBulk, (operations) => adapter.observe(operations));
  const cancel = batcher(cancelBulk, (operations) => adapter.cancel(operations));
  return {
    observe: (operation) => observe.load(operation),
    async cancel(operation) {
      if (cancelBulk === 0) throw new Error(`${adapter.name} can't cancel`);
      return cancel.load(operation);
    },
  };

  function batcher<R>(
    bulk: number,
    call: (operations: Operation[]) => Promise<R[]>,
  ): DataLoader<Operation, R> {
    const maxBatchSize = Math.max(1, Math.min(bulk, maxBatch));
    return new DataLoader<Operation, R>((operations) => call([...operations]), {
      // Every look wants the state of now.
      cache: false,
      maxBatchSize,
      ...(maxBatchSize > 1 ? { batchScheduleFn: (dispatch) => void setTimeout(dispatch, windowMs) } : {}),
    });
  }
}
