import { setTimeout as pause } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import pLimit from 'p-limit';
import { findTracked } from '../db/campaign-tpe.ts';
import type { Pool } from '../db/pool.ts';
import { cancelTpeSignal } from '../workflows/messages.ts';
import { tpeWorkflowId } from '../workflows/names.ts';

const SIGNALS_AT_ONCE = 16;
/** Rounds, and ms between them, until a tracker that can't be found is taken for ended: shards start theirs faster. */
const ROUNDS = 15;
/** The same where nothing is waited for any more. */
const FORCED_ROUNDS = 3;
const ROUND_MS = 2_000;

/**
 * Tells the tracker of each terminal under way that its campaign is cancelled. Trackers that have not started
 * yet are waited for; one that ends by itself meanwhile is simply not found.
 */
export async function cancelTrackers(
  pool: Pool,
  client: Client,
  campaignId: string,
  force: boolean,
): Promise<void> {
  const context = Context.current();
  const limit = pLimit(SIGNALS_AT_ONCE);
  let waiting = await findTracked(pool, campaignId);
  for (let round = 1; waiting.length > 0 && round <= (force ? FORCED_ROUNDS : ROUNDS); round++) {
    if (round > 1) await pause(ROUND_MS, undefined, { signal: context.cancellationSignal });
    const missing: string[] = [];
    await Promise.all(
      waiting.map((tpeId) =>
        limit(async () => {
          context.heartbeat({ round, waiting: waiting.length });
          if (!(await signalCancel(client, campaignId, tpeId, force))) missing.push(tpeId);
        }),
      ),
    );
    waiting = missing;
  }
}

/** @returns false if the tracker has not started yet, or has ended */
async function signalCancel(
  client: Client,
  campaignId: string,
  tpeId: string,
  force: boolean,
): Promise<boolean> {
  try {
    await client.workflow
      .getHandle(tpeWorkflowId(campaignId, tpeId))
      .signal(cancelTpeSignal, { by: 'campaign', ...(force && { force }) });
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
