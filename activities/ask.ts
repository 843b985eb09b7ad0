/** Asks a TMS for one terminal: a further attempt of its update, or its way back. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { readRules } from '../db/campaign-run.ts';
import { findAskable } from '../db/campaign-tpe.ts';
import { recordCompensations } from '../db/compensations.ts';
import { sagaCompensationTotal } from '../observability/metrics.ts';
import { isFinalCampaignStatus } from '../workflows/status.ts';
import { askFor } from './asking.ts';
import type { DispatchDependencies } from './dispatch.ts';
import { openingHours } from './opening-hours.ts';
import type { AskInput, AskResult } from './types.ts';

/** Milliseconds until a paused campaign is looked at again. */
const PAUSED_MS = 5_000;

/**
 * Harmless when repeated: what was asked for before is answered as it was then. A roll-back repairs: it waits for no
 * maintenance window, but for a paused campaign.
 * @throws ApplicationFailure (benign) while it may not be asked for, with the time of the next try
 */
export async function askForOne(
  dependencies: DispatchDependencies,
  { campaignId, tpe: { tpeId, attempt }, step, version }: AskInput,
): Promise<AskResult> {
  const { pool, locks, recorder, context, defaultZone } = dependencies;
  const stop = Context.current().cancellationSignal;
  return locks.hold(`ask ${campaignId} ${tpeId}`, async (lost) => {
    const [tpe, rules] = await Promise.all([
      findAskable(pool, campaignId, tpeId),
      readRules(pool, campaignId),
    ]);
    if (!tpe || !rules || tpe.attempt !== attempt || isFinalCampaignStatus(rules.status))
      return { outcome: 'left' };
    const state = step === 'update' ? tpe.status : tpe.compensation;
    if (isAsked(state) && tpe.operationId !== null) return accepted(tpe.operationId, tpe.requestedAt);
    if (state !== 'PENDING') return { outcome: 'left' };
    if (rules.status === 'PAUSED') throw notNow('the campaign is paused', PAUSED_MS);
    if (step === 'update') {
      if (rules.status === 'CANCELLING') return { outcome: 'left' };
      const hours = openingHours(rules, defaultZone);
      if (!hours.isOpen(tpe.timeZone)) {
        const opensAt = hours.nextOpening(tpe.timeZone);
        if (opensAt === null) return { outcome: 'left' };
        throw notNow('its maintenance window is closed', Math.max(1_000, opensAt - hours.now()));
      }
    }
    let result: AskResult | undefined;
    await askFor(dependencies, [tpe], {
      campaignId,
      version,
      stop: AbortSignal.any([lost, stop]),
      accepted: (_, operationId) => (result = accepted(operationId, rules.now)),
      rejected: (_, reason) => (result = { outcome: 'rejected', reason }),
    });
    if (!result) throw ApplicationFailure.retryable('the TMS has not answered', 'NoAnswer');
    if (result.outcome === 'accepted') {
      // By the database's clock, not by this machine's: from then on the terminal's time counts.
      result.requestedAt = (await recordAccepted(result.operationId)) ?? result.requestedAt;
    }
    sagaCompensationTotal.inc({
      kind: step === 'update' ? 'retry' : 'rollback',
      outcome: result.outcome === 'accepted' ? 'requested' : 'rejected',
    });
    return result;
  });

  /** @returns when, epoch ms; nothing where it was settled meanwhile */
  async function recordAccepted(operationId: string): Promise<number | null | undefined> {
    const row = { campaignId, tpeId, attempt, operationId };
    const [recorded] =
      step === 'update'
        ? await recorder.recordAll([{ ...row, status: 'REQUESTED', tmsState: 'QUEUED' }])
        : await recordCompensations(pool, context, [{ ...row, state: 'REQUESTED' }]);
    return recorded?.requestedAt;
  }
}

function isAsked(state: string | null): boolean {
  return state === 'REQUESTED' || state === 'INSTALLING';
}

function accepted(operationId: string, requestedAt: number): AskResult {
  return { outcome: 'accepted', operationId, requestedAt };
}

function notNow(message: string, nextRetryDelay: number): ApplicationFailure {
  return ApplicationFailure.create({ type: 'NotNow', message, nextRetryDelay, category: 'BENIGN' });
}
