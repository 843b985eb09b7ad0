/** Asks a TMS to update the terminals of a batch, and records what it answers. */
import { setTimeout as pause } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { countSuccesses, readRules } from '../db/campaign-run.ts';
import { findShards, loadPending, type PendingTpe } from '../db/campaign-tpe.ts';
import { beginRetry } from '../db/retries.ts';
import type { TransitionContext } from '../db/transitions.ts';
import { sagaStartedTotal } from '../observability/metrics.ts';
import { isRetried } from '../workflows/policy/retry.ts';
import { askFor, type AskingDependencies } from './asking.ts';
import type { BatchLocks } from './batch-lock.ts';
import { openLedger, RECORD_MS } from './ledger.ts';
import { type OpeningHours, openingHours } from './opening-hours.ts';
import { keepPace } from './pace.ts';
import type { Recorder } from './recorder.ts';
import type { Turns } from './turns.ts';
import type { DispatchInput, DispatchResult } from './types.ts';

/** Milliseconds between heartbeats. A pause reaches the dispatch with the next one. */
const HEARTBEAT_MS = 200;
/** Between those of a batch that waits for its turn or for its recording, as most of a large campaign's do. */
const WAITING_HEARTBEAT_MS = 1_000;
/** Rounds over the terminals whose answer was lost, before Temporal tries again later. */
const ROUNDS = 3;
/** Milliseconds before the second round; four times that before the third. */
const ROUND_PAUSE_MS = 25;

export interface DispatchDependencies extends AskingDependencies {
  locks: BatchLocks;
  recorder: Recorder;
  turns: Turns;
  context: TransitionContext;
  /** Time zone of sites that none was set for. */
  defaultZone: string;
}

/**
 * What the database does not have as asked for is asked for, within the campaign's rate and maintenance windows. A
 * call whose answer was lost leaves its terminal as it was; it is asked for again with the same key or, where the
 * TMS knows no keys, looked for first.
 * @throws ApplicationFailure (retryable) when some terminals are still without an answer
 */
export async function dispatchBatch(
  dependencies: DispatchDependencies,
  input: DispatchInput,
): Promise<DispatchResult> {
  const { pool, locks, recorder, turns } = dependencies;
  const { campaignId, tms, from, to, targetVersion, firstShard, shardSize } = input;
  const context = Context.current();
  const range = { from: firstShard, to: firstShard + Math.ceil((to - from) / shardSize) };
  const ledger = openLedger(recorder);
  const retries: Promise<void>[] = [];
  let asked = 0;
  let asking = false;
  let beaten = 0;
  const beat = setInterval(() => {
    if (!asking && performance.now() - beaten < WAITING_HEARTBEAT_MS) return;
    beaten = performance.now();
    context.heartbeat({ asked });
  }, HEARTBEAT_MS);
  try {
    return await locks.hold(`dispatch ${campaignId} ${tms} ${from}`, async (lost) => {
      const stop = AbortSignal.any([lost, context.cancellationSignal]);
      const rules = await readRules(pool, campaignId);
      if (!rules)
        throw ApplicationFailure.nonRetryable(`There is no campaign ${campaignId}`, 'UnknownCampaign');
      const { policy } = rules;
      const hours = openingHours(rules, dependencies.defaultZone);
      const pace =
        policy.rate && keepPace(policy.rate, input.rateShare, () => countSuccesses(pool, campaignId));
      const isOpen = ({ timeZone }: PendingTpe): boolean => hours.isOpen(timeZone);
      const isGated = policy.maintenance !== null || policy.endAt !== null;
      try {
        await turns.take(campaignId, async () => {
          if (stop.aborted) return;
          asking = true;
          let open = (await loadPending(pool, campaignId, input)).filter(isOpen);
          for (let round = 0; open.length > 0 && round < ROUNDS && !stop.aborted; round++) {
            if (round > 0) await pause(ROUND_PAUSE_MS * 4 ** (round - 1));
            open = await askFor(dependencies, open.filter(isOpen), {
              campaignId,
              version: targetVersion,
              stop,
              accepted: (tpe, operationId) => {
                asked++;
                sagaStartedTotal.inc({ tms });
                ledger.add([
                  {
                    ...identify(tpe),
                    status: 'REQUESTED',
                    operationId,
                    tmsState: 'QUEUED',
                    shard: shardOf(tpe),
                  },
                ]);
              },
              rejected: (tpe, reason) => {
                asked++;
                const outcome = { status: 'FAILED' as const, reason: `rejected:${reason}` };
                // Tried again by a tracker, like any other attempt that has failed.
                if (isRetried(policy.retry, outcome, tpe.attempt)) {
                  const retry = { ...identify(tpe), reason: outcome.reason, shard: shardOf(tpe) };
                  retries.push(beginRetry(pool, dependencies.context, retry));
                } else ledger.add([{ ...identify(tpe), ...outcome }]);
              },
              turn:
                pace || isGated
                  ? async (tpes) =>
                      (!pace || (await pace.turn(tpes.length, stop))) && (!isGated || tpes.every(isOpen))
                  : undefined,
              atOnce: pace?.atOnce,
            });
          }
        });
        asking = false;
        await turns.over(campaignId, RECORD_MS);
      } finally {
        await Promise.all([ledger.settle(), ...retries]);
      }
      lost.throwIfAborted();
      const left = await loadPending(pool, campaignId, input);
      const shards = await findShards(pool, campaignId, range);
      const held = left.filter((tpe) => !isOpen(tpe));
      if (held.length > 0 && held.length === left.length) {
        return { shards, remaining: left.length, closed: { opensAt: firstOpening(hours, held) } };
      }
      if (left.length > 0 && !stop.aborted) {
        throw ApplicationFailure.retryable(
          `${tms} has not answered for ${left.length} terminals`,
          'NoAnswer',
        );
      }
      return { shards, remaining: left.length };
    });
  } finally {
    clearInterval(beat);
  }

  function shardOf({ ordinal }: PendingTpe): number {
    return firstShard + Math.floor((ordinal - from) / shardSize);
  }

  function identify({ tpeId, attempt }: PendingTpe): { campaignId: string; tpeId: string; attempt: number } {
    return { campaignId, tpeId, attempt };
  }
}

/** Epoch ms at which the first of these terminals may be asked for; null if that never comes. */
function firstOpening(hours: OpeningHours, held: readonly PendingTpe[]): number | null {
  const zones = new Set(held.map(({ timeZone }) => timeZone));
  const openings = [...zones].flatMap((zone) => hours.nextOpening(zone) ?? []);
  return openings.length > 0 ? Math.min(...openings) : null;
}
