/** Adapters that answer as a test says, and what it asks them. */
import { tmsConfigSchema, type TmsConfig } from '../../config.ts';
import type { OperationReport, RequestResult, TmsAdapter, UpdateRequest } from '../../tms/contract.ts';
import { TmsError, type TmsErrorKind } from '../../tms/errors.ts';

export const REPORT: OperationReport = {
  state: 'QUEUED',
  operationId: null,
  targetVersion: null,
  reason: null,
};
export const LOOK = [{ idTms: 'a', operationId: null }];

export function limits(changed: Partial<TmsConfig['limits']> = {}): TmsConfig['limits'] {
  const { limits: defaults } = tmsConfigSchema.parse({ name: 'acme', adapter: 'reference', url: 'http://x' });
  return { ...defaults, ...changed };
}

export function request(idTms: string): UpdateRequest {
  return { idTms, tpeId: idTms, targetVersion: '4.2.0', idempotencyKey: `c:${idTms}:1` };
}

export const accepted = (requests: UpdateRequest[]): RequestResult[] =>
  requests.map(({ idTms }) => ({ outcome: 'accepted', operationId: `op-${idTms}` }));

export function adapterWith(calls: Partial<TmsAdapter>): TmsAdapter {
  return {
    name: 'acme',
    capabilities: { idempotent: true, requestBulk: 10, observeBulk: 10, cancelBulk: 10, push: false },
    requestUpdates: async (requests) => accepted(requests),
    observe: async (operations) => operations.map(() => REPORT),
    cancel: async (operations) => operations.map(() => ({ outcome: 'cancelled' as const })),
    inventory: async () => ({ terminals: [], cursor: null }),
    close: async () => undefined,
    ...calls,
  };
}

export function failure(kind: TmsErrorKind, mayHaveBeenTaken: boolean, retryAfterMs?: number): TmsError {
  return new TmsError(kind, `${kind}!`, { mayHaveBeenTaken, ...(retryAfterMs ? { retryAfterMs } : {}) });
}

/** A call that ends when the test says so. */
export function held<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  return Promise.withResolvers<T>();
}
