/** The adapter `reference`: translates the contract to the reference protocol (`protocol.ts`). */
import type { TmsConfig } from '../../config.ts';
import type {
  CallOptions,
  CancelResult,
  InventoryPage,
  Operation,
  OperationReport,
  RequestResult,
  TmsAdapter,
  UpdateRequest,
} from '../contract.ts';
import { createReferenceClient, type Answer, type ReferenceClient } from './client.ts';
import * as protocol from './protocol.ts';

const INVENTORY_PAGE = 1_000;
/** The statuses by which the TMS says that it won't do it for this terminal. */
const REFUSED = new Set([404, 409, 422]);

/** Makes the adapter to one TMS that speaks the reference protocol. */
export function createAdapter(config: TmsConfig): TmsAdapter {
  const { capabilities } = config;
  const client = createReferenceClient(config);
  const one = singleCalls(client);
  const many = bulkCalls(client);
  return {
    name: config.name,
    capabilities,
    requestUpdates: (requests, options) =>
      capabilities.requestBulk > 1
        ? many.request(requests, options)
        : each((question, signal) => one.request(question, signal), requests, options),
    observe: (operations, options) =>
      capabilities.observeBulk > 1
        ? many.observe(operations, options)
        : each((question, signal) => one.observe(question, signal), operations, options),
    cancel: (operations, options) =>
      capabilities.cancelBulk > 1
        ? many.cancel(operations, options)
        : each((question, signal) => one.cancel(question, signal), operations, options),
    async inventory(cursor, { signal } = {}): Promise<InventoryPage> {
      const query = new URLSearchParams({ limit: String(INVENTORY_PAGE), ...(cursor ? { cursor } : {}) });
      return client.read(
        protocol.inventorySchema,
        await client.ask({ method: 'GET', path: `/terminals?${query.toString()}`, signal }),
      );
    },
    close: () => client.close(),
  };
}

/** One call per terminal, at once. One in practice: without a bulk end point the bulk size is 1. */
async function each<Q, R>(
  call: (question: Q, signal?: AbortSignal) => Promise<R>,
  questions: Q[],
  { signal }: CallOptions = {},
): Promise<R[]> {
  return Promise.all(questions.map((question) => call(question, signal)));
}

function singleCalls(client: ReferenceClient) {
  return {
    async request(update: UpdateRequest, signal?: AbortSignal): Promise<RequestResult> {
      const { idTms, targetVersion, idempotencyKey } = update;
      const answer = await client.ask({
        method: 'POST',
        path: '/updates',
        body: { idTms, targetVersion },
        headers: { 'idempotency-key': idempotencyKey },
        signal,
      });
      if (REFUSED.has(answer.status)) return rejected(readRefusal(client, answer));
      return { outcome: 'accepted', operationId: client.read(protocol.acceptedSchema, answer).operationId };
    },
    async observe(operation: Operation, signal?: AbortSignal): Promise<OperationReport> {
      const answer = await client.ask({ method: 'GET', path: pathOf(operation), signal });
      if (answer.status === 404) {
        readRefusal(client, answer);
        return { state: 'UNKNOWN', operationId: operation.operationId, targetVersion: null, reason: null };
      }
      const report = client.read(protocol.reportSchema, answer);
      aligned(client, [operation], [report]);
      return toReport(report);
    },
    async cancel(operation: Operation, signal?: AbortSignal): Promise<CancelResult> {
      const answer = await client.ask({ method: 'POST', path: `${pathOf(operation)}/cancel`, signal });
      return client.read(protocol.cancelSchema, answer);
    },
  };
}

function bulkCalls(client: ReferenceClient) {
  return {
    async request(updates: UpdateRequest[], { signal }: CallOptions = {}): Promise<RequestResult[]> {
      if (updates.length === 0) return [];
      const body = {
        updates: updates.map(({ idempotencyKey, idTms, targetVersion }) => ({
          idempotencyKey,
          idTms,
          targetVersion,
        })),
      };
      const answer = await client.ask({ method: 'POST', path: '/updates:batch', body, signal });
      const { results } = client.read(protocol.batchSchema, answer);
      return aligned(client, updates, results).map((result) =>
        'error' in result ? rejected(result.error) : { outcome: 'accepted', operationId: result.operationId },
      );
    },
    async observe(operations: Operation[], { signal }: CallOptions = {}): Promise<OperationReport[]> {
      if (operations.length === 0) return [];
      const body = { operations };
      const answer = await client.ask({ method: 'POST', path: '/operations:query', body, signal });
      const reports = client.read(protocol.reportsSchema, answer).operations;
      return aligned(client, operations, reports).map(toReport);
    },
    async cancel(operations: Operation[], { signal }: CallOptions = {}): Promise<CancelResult[]> {
      if (operations.length === 0) return [];
      const body = { operations };
      const answer = await client.ask({ method: 'POST', path: '/operations:cancel', body, signal });
      const { results } = client.read(protocol.cancelsSchema, answer);
      return aligned(client, operations, results).map(({ outcome }) => ({ outcome }));
    },
  };
}

/** A bulk answer is worth something only when each result is about the terminal at its place. */
function aligned<R extends { idTms: string }>(
  client: ReferenceClient,
  asked: readonly { idTms: string }[],
  results: R[],
): R[] {
  if (results.length !== asked.length) {
    throw client.garbage(`answered ${results.length} results for ${asked.length}`);
  }
  const misplaced = asked.findIndex(({ idTms }, index) => results[index]?.idTms !== idTms);
  if (misplaced === -1) return results;
  throw client.garbage(
    `answered about ${results[misplaced]?.idTms} where ${asked[misplaced]?.idTms} was asked`,
  );
}

/** The terminal's latest operation where its id is not known. */
function pathOf({ idTms, operationId }: Operation): string {
  return operationId === null
    ? `/terminals/${encodeURIComponent(idTms)}/operation`
    : `/operations/${encodeURIComponent(operationId)}`;
}

function readRefusal(client: ReferenceClient, answer: Answer): { code: string; message: string } {
  return client.read(protocol.refusalSchema, { ...answer, status: 200 }).error;
}

function rejected({ code }: { code: string }): RequestResult {
  return { outcome: 'rejected', reason: code };
}

function toReport({ state, operationId, targetVersion, reason }: OperationReport): OperationReport {
  return { state, operationId, targetVersion, reason };
}
