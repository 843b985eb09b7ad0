/** The activities of a campaign: what it knows and leaves behind in our own database, and in Temporal. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import { admitJoiners } from '../db/campaign-join.ts';
import * as runs from '../db/campaign-run.ts';
import * as tpes from '../db/campaign-tpe.ts';
import * as compensations from '../db/compensations.ts';
import { closeOrders, takeOrders } from '../db/orders.ts';
import type { Pool } from '../db/pool.ts';
import type { TransitionContext } from '../db/transitions.ts';
import { campaignAlertsTotal } from '../observability/metrics.ts';
import { correlationIdOf, traceparentOf } from '../observability/trace-ids.ts';
import { redactText } from '../redact.ts';
import { judgeWaves, sumOf } from '../workflows/policy/gates.ts';
import { moved } from '../workflows/policy/progress.ts';
import { SHARDS_PER_RUN } from '../workflows/policy/sizing.ts';
import type { TpeStatus } from '../workflows/status.ts';
import { cancelTrackers } from './cancel-trackers.ts';
import { openingHours } from './opening-hours.ts';
import type { Recorder } from './recorder.ts';
import type { CampaignActivities, ProgressInput, ProgressReport } from './types.ts';

/** Terminals settled per statement where a whole campaign is. */
const SETTLE_PAGE = 1_000;

export interface CampaignDependencies {
  pool: Pool;
  client: Client;
  recorder: Recorder;
  context: TransitionContext;
  /** Names of the TMSs that are configured. */
  tmsNames: readonly string[];
  /** Time zone of sites that none was set for. */
  defaultZone: string;
}

export function createCampaignActivities(dependencies: CampaignDependencies): CampaignActivities {
  const { pool, client, recorder, context, tmsNames, defaultZone } = dependencies;

  /** Gives every terminal that has one of these statuses a final one, page by page. */
  async function settleAll(
    campaignId: string,
    from: readonly TpeStatus[],
    to: { status: TpeStatus; reason: string },
  ): Promise<void> {
    for (;;) {
      const page = await tpes.findByStatus(pool, campaignId, from, SETTLE_PAGE);
      if (page.length === 0) return;
      await recorder.recordAll(page.map((tpe) => ({ campaignId, ...tpe, ...to })));
    }
  }

  /** The same for roll-backs. */
  async function settleRollBacks(
    campaignId: string,
    from: readonly ('PENDING' | 'REQUESTED')[],
    to: { state: 'LEFT' | 'FAILED'; reason: string },
  ): Promise<void> {
    for (;;) {
      const page = await compensations.findCompensations(pool, campaignId, from, SETTLE_PAGE);
      if (page.length === 0) return;
      await compensations.recordCompensations(
        pool,
        context,
        page.map((tpe) => ({ campaignId, ...tpe, ...to })),
      );
    }
  }

  async function report(campaignId: string): Promise<ProgressReport> {
    const [waves, rolledBack] = await Promise.all([
      runs.countByWave(pool, campaignId),
      compensations.countCompensations(pool, campaignId),
    ]);
    return { counts: sumOf(waves), waves, compensations: rolledBack };
  }

  async function isStalled({ campaignId, rules, stall }: ProgressInput): Promise<boolean> {
    if (!stall) return false;
    const waves = rules.map(({ wave }) => wave);
    const { lastNews, open, now } = await runs.readActivity(pool, campaignId, waves);
    return open > 0 && now - Math.max(lastNews, stall.since) > stall.seconds * 1000;
  }

  return {
    async openCampaign(campaignId) {
      // Temporal's clock, by which the campaign has waited: another one might say that its time has not come.
      const now = Context.current().info.scheduledTimestampMs;
      const plan = await runs.openCampaign(pool, campaignId, now);
      if (plan) return plan;
      throw ApplicationFailure.nonRetryable(
        `There is no campaign ${campaignId} in the database: campaigns are created over HTTP, not in Temporal.`,
        'UnknownCampaign',
      );
    },
    recordDecision: (input) => runs.recordDecision(pool, checked(input)),
    recordWave: (input) => runs.recordWave(pool, input),
    recordWaiting: (campaignId, waitingFor) => runs.recordWaiting(pool, campaignId, waitingFor),
    async raiseAlert(finding) {
      await runs.recordFinding(pool, finding);
      campaignAlertsTotal.inc({ type: finding.type });
    },
    changePolicy: (input) => runs.changePolicy(pool, checked(input)),
    findShards: (campaignId, range) => tpes.findShards(pool, campaignId, range),
    markDispatched: (campaignId) => runs.markDispatched(pool, campaignId),

    async nextOpening(campaignId, wave) {
      const [rules, zones] = await Promise.all([
        runs.readRules(pool, campaignId),
        tpes.zonesOfPending(pool, campaignId, wave),
      ]);
      if (!rules || zones.length === 0) return null;
      const hours = openingHours(rules, defaultZone);
      if (zones.some((zone) => hours.isOpen(zone))) return null;
      const openings = zones.flatMap((zone) => hours.nextOpening(zone) ?? []);
      return openings.length > 0 ? Math.min(...openings) : 'never';
    },

    async awaitJoiners(campaignId) {
      const lanes = await admitJoiners(pool, campaignId, { tmsNames });
      if (lanes.length > 0) return lanes;
      throw ApplicationFailure.create({
        type: 'NobodyJoins',
        message: 'no other terminal has come to match',
        category: 'BENIGN',
      });
    },

    async awaitProgress(input) {
      const seen = await report(input.campaignId);
      const stalled = await isStalled(input);
      const distance = moved(input.seen, seen.counts);
      const verdicts = judgeWaves(input.rules, seen.waves);
      const isNews =
        distance >= input.step ||
        (distance > 0 && Date.now() >= input.anyChangeFrom) ||
        JSON.stringify(verdicts) !== JSON.stringify(input.verdicts);
      if (isNews || stalled) return { ...seen, stalled };
      throw ApplicationFailure.create({
        type: 'NoProgress',
        message: `${distance} of the ${input.step} terminals awaited have moved on`,
        category: 'BENIGN',
      });
    },

    cancelPending: (campaignId, reason) =>
      settleAll(campaignId, ['PENDING'], { status: 'CANCELLED', reason }),
    cancelTrackers: (campaignId, force) => cancelTrackers(pool, client, campaignId, force),

    async beginRollBack({ campaignId, wave, firstShard, shardSize }) {
      await compensations.beginWaveRollBack(pool, context, campaignId, wave, {
        first: firstShard,
        size: shardSize,
      });
      return tpes.findShards(pool, campaignId, { from: firstShard, to: firstShard + SHARDS_PER_RUN });
    },
    async awaitRollBackAsked(campaignId, wave) {
      const open = await compensations.countUnasked(pool, campaignId, wave);
      if (open === 0) return;
      throw ApplicationFailure.create({
        type: 'NotAsked',
        message: `${open} roll-backs have not been asked for`,
        category: 'BENIGN',
      });
    },
    callOffRollBack: (campaignId) =>
      settleRollBacks(campaignId, ['PENDING'], { state: 'LEFT', reason: 'called-off' }),

    takeOrders: (campaignId, taken, close) => takeOrders(pool, campaignId, taken, close),

    async closeCampaign(campaignId, status) {
      // Before anything is settled: what is ordered from now on would stay open.
      await closeOrders(pool, campaignId);
      // Only a shard that somebody terminated, or a cancel that was not waited for, leaves anything open.
      const isForced = status !== 'COMPLETED';
      await settleAll(campaignId, ['REQUESTED', 'INSTALLING'], {
        status: isForced ? 'CANCELLED' : 'TIMEOUT',
        reason: isForced ? 'cancel-unconfirmed' : 'tracker-ended',
      });
      await settleAll(campaignId, ['PENDING'], { status: 'CANCELLED', reason: 'tracker-ended' });
      await settleRollBacks(campaignId, ['PENDING', 'REQUESTED'], {
        state: 'FAILED',
        reason: 'tracker-ended',
      });
      await runs.closeCampaign(pool, campaignId, status);
      return report(campaignId);
    },
  };
}

interface Said {
  by: string;
  reason: string | null;
  correlationId?: string;
  traceparent?: string;
}

/** A command as it may be recorded: one that comes by the Temporal CLI has not passed the checks of the API. */
function checked<T extends Said>({ by, reason, correlationId, traceparent, ...rest }: T) {
  const id = correlationIdOf(correlationId);
  const trace = traceparentOf(traceparent);
  return {
    ...rest,
    by: redactText(by),
    reason: reason && redactText(reason),
    ...(id !== null && { correlationId: id }),
    ...(trace !== null && { traceparent: trace }),
  };
}
