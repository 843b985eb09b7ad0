/** Asks a TMS to update the terminals of a batch: each once, whatever crashes, is cut or is paused meanwhile. */
import { setTimeout as pause } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import pLimit, { type LimitFunction } from 'p-limit';
import { findKnownOperations, findShards, loadPending, type PendingTpe } from '../db/campaign-tpe.ts';
import type { Pool } from '../db/pool.ts';
import type { Transition } from '../db/transitions.ts';
import { sagaStartedTotal } from '../observability/metrics.ts';
import type { OperationReport, RequestResult, TmsAdapter } from '../tms/contract.ts';
import { TmsError } from '../tms/errors.ts';
import { idempotencyKey } from '../workflows/names.ts';
import type { BatchLocks } from './batch-lock.ts';
import { chunk } from './chunk.ts';
import { openLedger } from './ledger.ts';
import type { Recorder } from './recorder.ts';
import type { DispatchInput, DispatchResult } from './types.ts';

/** Milliseconds between heartbeats. A pause reaches the dispatch with the next one. */
const HEARTBEAT_MS = 200;
/** Rounds over the terminals whose answer was lost, before Temporal tries again later. */
const ROUNDS = 3;
/** Milliseconds before the second round; four times that before the third. */
const ROUND_PAUSE_MS = 25;

export interface DispatchDependencies {
  pool: Pool;
  locks: BatchLocks;
  adapter: TmsAdapter;
  recorder: Recorder;
  /** Shares the calls that may be under way at once among the batches of this process. */
  inFlight: LimitFunction;
}

/**
 * What the database does not have as asked for is asked for. A call whose answer was lost leaves its terminal
 * as it was; it is asked for again with the same key or, where the TMS knows no keys, looked for first.
 * @throws ApplicationFailure (retryable) when some terminals are still without an answer
 */
export async function dispatchBatch(
  { pool, locks, adapter, recorder, inFlight }: DispatchDependencies,
  input: DispatchInput,
): Promise<DispatchResult> {
  const { campaignId, tms, from, to, targetVersion, firstShard, shardSize } = input;
  const context = Context.current();
  const range = { from: firstShard, to: firstShard + Math.ceil((to - from) / shardSize) };
  const ledger = openLedger(recorder);
  let asked = 0;
  const beat = setInterval(() => context.heartbeat({ asked }), HEARTBEAT_MS);
  try {
    return await locks.hold(`dispatch ${campaignId} ${tms} ${from}`, async (lost) => {
      const stop = AbortSignal.any([lost, context.cancellationSignal]);
      try {
        let open = await loadPending(pool, campaignId, input);
        for (let round = 0; open.length > 0 && round < ROUNDS && !stop.aborted; round++) {
          if (round > 0) await pause(ROUND_PAUSE_MS * 4 ** (round - 1));
          open = await askFor(await leaveOutWhatTheTmsHas(open, stop), stop);
        }
      } finally {
        await ledger.settle();
      }
      lost.throwIfAborted();
      const { length: remaining } = await loadPending(pool, campaignId, input);
      if (remaining > 0 && !stop.aborted) {
        throw ApplicationFailure.retryable(`${tms} has not answered for ${remaining} terminals`, 'NoAnswer');
      }
      return { shards: await findShards(pool, campaignId, range), remaining };
    });
  } finally {
    clearInterval(beat);
  }

  /**
   * A TMS without idempotency keys is never asked for what it has: it would update the terminal twice. What it
   * has and we do not know of comes from a call whose answer was lost: it counts as accepted.
   * @returns the terminals that are to be asked for
   */
  async function leaveOutWhatTheTmsHas(
    pending: readonly PendingTpe[],
    stop: AbortSignal,
  ): Promise<readonly PendingTpe[]> {
    if (adapter.capabilities.idempotent) return pending;
    const reports: OperationReport[] = [];
    const limit = pLimit(inFlight.concurrency);
    await Promise.all(
      chunk(pending, adapter.capabilities.observeBulk).map((tpes, index) =>
        limit(async () => {
          if (stop.aborted) return;
          const found = await adapter.observe(tpes.map(({ idTms }) => ({ idTms, operationId: null })));
          found.forEach((report, i) => (reports[index * adapter.capabilities.observeBulk + i] = report));
        }),
      ),
    );
    const candidates = pending.flatMap((tpe, index) => {
      const report = reports[index];
      return report?.operationId && report.targetVersion === targetVersion
        ? [{ tpe, operationId: report.operationId }]
        : [];
    });
    const known = await findKnownOperations(
      pool,
      candidates.map(({ tpe }) => tpe.tpeId),
      candidates.map(({ operationId }) => operationId),
    );
    const taken = candidates.filter(({ operationId }) => !known.has(operationId));
    ledger.add(taken.map(({ tpe, operationId }) => accepted(tpe, operationId)));
    const takenTpes = new Set(taken.map(({ tpe }) => tpe));
    return pending.filter((tpe) => !takenTpes.has(tpe));
  }

  /**
   * Asks for each terminal until told to stop. Calls under way are always waited for, also when one has
   * failed: what they bring is recorded before anybody asks again.
   * @returns the terminals that are still without an answer
   */
  async function askFor(pending: readonly PendingTpe[], stop: AbortSignal): Promise<PendingTpe[]> {
    // No more than may be under way wait for their turn, so that the batches take turns.
    const limit = pLimit(inFlight.concurrency);
    const open = new Set(pending);
    let failure: unknown;
    const ask = async (tpes: readonly PendingTpe[]): Promise<void> => {
      if (stop.aborted || failure) return;
      try {
        const results = await request(tpes);
        tpes.forEach((tpe, index) => {
          const transition = transitionOf(tpe, results[index]);
          if (!transition) return;
          ledger.add([transition]);
          open.delete(tpe);
        });
        asked += tpes.length;
      } catch (error) {
        if (!stop.aborted) failure ??= error;
      }
    };
    await Promise.all(
      chunk(pending, adapter.capabilities.requestBulk).map((tpes) => limit(() => inFlight(() => ask(tpes)))),
    );
    if (failure) throw retryWhenTheTmsIsWell(failure);
    return [...open];
  }

  async function request(tpes: readonly PendingTpe[]): Promise<RequestResult[]> {
    return adapter.requestUpdates(
      tpes.map(({ tpeId, idTms, attempt }) => ({
        idempotencyKey: idempotencyKey(campaignId, tpeId, attempt),
        tpeId,
        idTms,
        targetVersion,
      })),
    );
  }

  function transitionOf(tpe: PendingTpe, result: RequestResult | undefined): Transition | undefined {
    switch (result?.outcome) {
      case 'accepted':
        return accepted(tpe, result.operationId);
      case 'rejected':
        return { ...identify(tpe), status: 'FAILED', reason: `rejected:${result.reason}` };
      default:
        return undefined;
    }
  }

  function accepted(tpe: PendingTpe, operationId: string): Transition {
    sagaStartedTotal.inc({ tms });
    const shard = firstShard + Math.floor((tpe.ordinal - from) / shardSize);
    return { ...identify(tpe), status: 'REQUESTED', operationId, tmsState: 'QUEUED', shard };
  }

  function identify({ tpeId, attempt }: PendingTpe): Pick<Transition, 'campaignId' | 'tpeId' | 'attempt'> {
    return { campaignId, tpeId, attempt };
  }
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
