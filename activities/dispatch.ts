/** Asks a TMS to update the terminals of a batch: each once, whatever crashes, is cut or is paused meanwhile. */
import { setTimeout as pause } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import pLimit from 'p-limit';
import { findKnownOperations, findShards, loadPending, type PendingTpe } from '../db/campaign-tpe.ts';
import type { Pool } from '../db/pool.ts';
import type { Transition } from '../db/transitions.ts';
import { sagaStartedTotal } from '../observability/metrics.ts';
import type { OperationReport, RequestResult, TmsAdapter } from '../tms/contract.ts';
import { TmsError } from '../tms/errors.ts';
import { idempotencyKey } from '../workflows/names.ts';
import type { BatchLocks } from './batch-lock.ts';
import { chunk } from './chunk.ts';
import type { Recorder } from './recorder.ts';
import type { DispatchInput, DispatchResult } from './types.ts';

/** Milliseconds between heartbeats. A pause reaches the dispatch with the next one. */
const HEARTBEAT_MS = 200;
/**
 * Answers are recorded when there are this many or the oldest is this old, ms. Recording competes with asking for
 * the same cores: a fast TMS is asked for a whole batch first, a slow one is seen to advance. What a crash leaves
 * unrecorded is asked for again with the same key, or found at the TMS.
 */
const COMMIT_SIZE = 500;
const COMMIT_MS = 1_000;
/** Rounds over the terminals whose answer was lost, before Temporal tries again later. */
const ROUNDS = 3;
/** Milliseconds before the second round; doubled for the third. */
const ROUND_PAUSE_MS = 100;

export interface DispatchDependencies {
  pool: Pool;
  locks: BatchLocks;
  adapter: TmsAdapter;
  recorder: Recorder;
  /** Calls to the TMS under way at once for one batch. */
  concurrency: number;
}

/**
 * What the database does not have as asked for is asked for. A call whose answer was lost leaves its terminal
 * as it was; it is asked for again with the same key or, where the TMS knows no keys, looked for first.
 * @throws ApplicationFailure (retryable) when some terminals are still without an answer
 */
export async function dispatchBatch(
  { pool, locks, adapter, recorder, concurrency }: DispatchDependencies,
  input: DispatchInput,
): Promise<DispatchResult> {
  const { campaignId, tms, from, to, targetVersion, firstShard, shardSize } = input;
  const context = Context.current();
  const range = { from: firstShard, to: firstShard + Math.ceil((to - from) / shardSize) };
  let asked = 0;
  const beat = setInterval(() => context.heartbeat({ asked }), HEARTBEAT_MS);
  try {
    return await locks.hold(`dispatch ${campaignId} ${tms} ${from}`, async (lost) => {
      const stop = AbortSignal.any([lost, context.cancellationSignal]);
      let pending = await loadPending(pool, campaignId, input);
      for (let round = 0; pending.length > 0 && round < ROUNDS && !stop.aborted; round++) {
        if (round > 0) await pause(ROUND_PAUSE_MS * 2 ** (round - 1));
        await adoptWhatTheTmsHas(pending, stop);
        pending = await loadPending(pool, campaignId, input);
        await askFor(pending, stop);
        pending = await loadPending(pool, campaignId, input);
      }
      lost.throwIfAborted();
      if (pending.length > 0 && !stop.aborted) {
        throw ApplicationFailure.retryable(
          `${tms} has not answered for ${pending.length} terminals`,
          'NoAnswer',
        );
      }
      return { shards: await findShards(pool, campaignId, range), remaining: pending.length };
    });
  } finally {
    clearInterval(beat);
  }

  /** A TMS without idempotency keys is never asked for what it has: it would update the terminal twice. */
  async function adoptWhatTheTmsHas(pending: readonly PendingTpe[], stop: AbortSignal): Promise<void> {
    if (adapter.capabilities.idempotent || pending.length === 0) return;
    const reports: OperationReport[] = [];
    const limit = pLimit(concurrency);
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
    await recorder.recordAll(
      candidates.flatMap(({ tpe, operationId }) =>
        known.has(operationId) ? [] : [accepted(tpe, operationId)],
      ),
    );
  }

  /**
   * Asks for each terminal until told to stop. Calls under way are always waited for, also when one has
   * failed: what they bring is recorded before anybody asks again.
   */
  async function askFor(pending: readonly PendingTpe[], stop: AbortSignal): Promise<void> {
    const limit = pLimit(concurrency);
    const commits: Promise<unknown>[] = [];
    let answered: Transition[] = [];
    let committedAt = Date.now();
    let failure: unknown;
    const commit = (): void => {
      commits.push(recorder.recordAll(answered).catch((error: unknown) => (failure ??= error)));
      answered = [];
      committedAt = Date.now();
    };
    const ask = async (tpes: readonly PendingTpe[]): Promise<void> => {
      if (stop.aborted || failure) return;
      try {
        const results = await request(tpes, stop);
        tpes.forEach((tpe, index) => answered.push(...transitionOf(tpe, results[index])));
        asked += tpes.length;
      } catch (error) {
        if (!stop.aborted) failure ??= error;
      }
      if (answered.length >= COMMIT_SIZE || Date.now() - committedAt >= COMMIT_MS) commit();
    };
    await Promise.all(chunk(pending, adapter.capabilities.requestBulk).map((tpes) => limit(() => ask(tpes))));
    commit();
    await Promise.all(commits);
    if (failure) throw retryWhenTheTmsIsWell(failure);
  }

  async function request(tpes: readonly PendingTpe[], stop: AbortSignal): Promise<RequestResult[]> {
    return adapter.requestUpdates(
      tpes.map(({ tpeId, idTms, attempt }) => ({
        idempotencyKey: idempotencyKey(campaignId, tpeId, attempt),
        tpeId,
        idTms,
        targetVersion,
      })),
      { signal: stop },
    );
  }

  function transitionOf(tpe: PendingTpe, result: RequestResult | undefined): Transition[] {
    switch (result?.outcome) {
      case 'accepted':
        return [accepted(tpe, result.operationId)];
      case 'rejected':
        return [{ ...identify(tpe), status: 'FAILED', reason: `rejected:${result.reason}` }];
      default:
        return [];
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
