/** Asks a TMS to bring terminals to a version: each once, whatever crashes, is cut or is paused meanwhile. */
import { ApplicationFailure } from '@temporalio/common';
import pLimit, { type LimitFunction } from 'p-limit';
import { findKnownOperations } from '../db/campaign-tpe.ts';
import type { Pool } from '../db/pool.ts';
import { redactText } from '../redact.ts';
import type { OperationReport, TmsAdapter } from '../tms/contract.ts';
import { TmsError } from '../tms/errors.ts';
import { idempotencyKey } from '../workflows/names.ts';
import { chunk } from './chunk.ts';

export interface AskingDependencies {
  pool: Pool;
  adapter: TmsAdapter;
  /** Shares the calls that may be under way at once among the batches of this process. */
  inFlight: LimitFunction;
}

export interface AskedTpe {
  tpeId: string;
  idTms: string;
  attempt: number;
}

export interface Asking<T extends AskedTpe> {
  campaignId: string;
  /** The version to bring them to. */
  version: string;
  /** Nothing more is asked for once it is aborted. */
  stop: AbortSignal;
  accepted: (tpe: T, operationId: string) => void;
  rejected: (tpe: T, reason: string) => void;
  /** Waits for the turn of so many terminals; false leaves them for later. Absent: it is always their turn. */
  turn?: ((tpes: readonly T[]) => Promise<boolean>) | undefined;
  /** Most terminals per request, where that is less than the TMS takes. */
  atOnce?: number | undefined;
}

/**
 * Asks for each terminal until told to stop. Calls under way are always waited for, also when one has failed: what
 * they bring is told before anybody asks again.
 * @returns the terminals that are still without an answer
 * @throws when a call has failed
 */
export async function askFor<T extends AskedTpe>(
  dependencies: AskingDependencies,
  tpes: readonly T[],
  asking: Asking<T>,
): Promise<T[]> {
  const { adapter, inFlight } = dependencies;
  const { accepted, campaignId, rejected, stop, turn, version } = asking;
  const pending = await leaveOutWhatTheTmsHas(dependencies, tpes, asking);
  // No more than may be under way wait for their turn, so that the batches take turns.
  const limit = pLimit(turn ? 1 : inFlight.concurrency);
  const open = new Set(pending);
  let failure: unknown;
  const ask = async (some: readonly T[]): Promise<void> => {
    if (stop.aborted || failure) return;
    try {
      const results = await adapter.requestUpdates(
        some.map(({ tpeId, idTms, attempt }) => ({
          idempotencyKey: idempotencyKey(campaignId, tpeId, attempt),
          tpeId,
          idTms,
          targetVersion: version,
        })),
      );
      some.forEach((tpe, index) => {
        const result = results[index];
        if (result?.outcome === 'accepted') accepted(tpe, result.operationId);
        else if (result?.outcome === 'rejected') rejected(tpe, redactText(result.reason));
        else return;
        open.delete(tpe);
      });
    } catch (error) {
      if (!stop.aborted) failure ??= error;
    }
  };
  const size = Math.min(adapter.capabilities.requestBulk, asking.atOnce ?? Infinity);
  await Promise.all(
    chunk(pending, size).map((some) =>
      limit(async () => {
        if (stop.aborted || failure || (turn && !(await turn(some)))) return;
        await inFlight(() => ask(some));
      }),
    ),
  );
  if (failure) throw retryWhenTheTmsIsWell(failure);
  return [...open];
}

/**
 * A TMS without idempotency keys is never asked for what it has: it would update the terminal twice. What it
 * has and we do not know of comes from a call whose answer was lost: it counts as accepted.
 * @returns the terminals that are to be asked for
 */
async function leaveOutWhatTheTmsHas<T extends AskedTpe>(
  { pool, adapter, inFlight }: AskingDependencies,
  pending: readonly T[],
  { accepted, stop, version }: Asking<T>,
): Promise<readonly T[]> {
  const { idempotent, observeBulk } = adapter.capabilities;
  if (idempotent) return pending;
  const reports: OperationReport[] = [];
  const limit = pLimit(inFlight.concurrency);
  await Promise.all(
    chunk(pending, observeBulk).map((tpes, index) =>
      limit(async () => {
        if (stop.aborted) return;
        const found = await adapter.observe(tpes.map(({ idTms }) => ({ idTms, operationId: null })));
        found.forEach((report, i) => (reports[index * observeBulk + i] = report));
      }),
    ),
  );
  const candidates = pending.flatMap((tpe, index) => {
    const report = reports[index];
    return report?.operationId && report.targetVersion === version
      ? [{ tpe, operationId: report.operationId }]
      : [];
  });
  const known = await findKnownOperations(
    pool,
    candidates.map(({ tpe }) => tpe.tpeId),
    candidates.map(({ operationId }) => operationId),
  );
  const taken = candidates.filter(({ operationId }) => !known.has(operationId));
  for (const { tpe, operationId } of taken) accepted(tpe, operationId);
  const takenTpes = new Set(taken.map(({ tpe }) => tpe));
  return pending.filter((tpe) => !takenTpes.has(tpe));
}

/** A TMS that says when to come back is taken at its word; otherwise the activity's own back-off decides. */
function retryWhenTheTmsIsWell(failure: unknown): unknown {
  if (!(failure instanceof TmsError) || failure.retryAfterMs === undefined) return failure;
  return ApplicationFailure.create({
    type: `Tms:${failure.kind}`,
    message: failure.message,
    nextRetryDelay: failure.retryAfterMs,
    cause: failure,
  });
}
