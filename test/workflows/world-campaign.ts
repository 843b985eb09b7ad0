/** What campaigns and waves ask of the database, over a made-up world. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { CampaignActivities, PlannedWave } from '../../activities/types.ts';
import { cancelTpeSignal } from '../../workflows/messages.ts';
import { tpeWorkflowId } from '../../workflows/names.ts';
import { DEFAULT_POLICY } from '../../workflows/policy/defaults.ts';
import { judgeWaves } from '../../workflows/policy/gates.ts';
import { moved } from '../../workflows/policy/progress.ts';
import type { CampaignPolicy } from '../../workflows/policy/types.ts';
import { isFinalTpeStatus } from '../../workflows/status.ts';
import { MINUTE, TARGET, type World } from './world.ts';

/**
 * How often a campaign looks at its counts, in seconds: so that looks fall together neither with those at terminals nor
 * with the end of a time limit. Temporal's test server never gives out a workflow's tasks again once an activity has
 * ended in the moment in which the workflow called it off; and its time stands still from the moment on in which an
 * activity that waits for its worker is called off.
 */
const PROGRESS_EVERY_SECONDS = 640;

export function campaignActivities(world: World): CampaignActivities {
  return { ...lifeOf(world), ...intakeOf(world), ...rollBackOf(world) };
}

type LifeActivities = Omit<CampaignActivities, keyof IntakeActivities | keyof RollBackActivities>;
type IntakeActivities = Pick<CampaignActivities, 'awaitJoiners' | 'takeOrders'>;
type RollBackActivities = Pick<
  CampaignActivities,
  'beginRollBack' | 'awaitRollBackAsked' | 'callOffRollBack'
>;

function lifeOf(world: World): LifeActivities {
  return {
    openCampaign: async () => {
      const policy = policyOf(world);
      const needsApproval = policy.approval === 'four-eyes' && !world.approved;
      const due = policy.startAt === null || Date.parse(policy.startAt) <= (await world.clock());
      return {
        targetVersion: TARGET,
        policy,
        needsApproval,
        started: due && !needsApproval,
        createdBy: world.createdBy,
        keepOpenSeconds: world.keepOpenSeconds,
        total: world.rows.size,
        waves: planOf(world),
        waveCounts: world.report().waves,
      };
    },
    recordDecision: async ({ command, by, reason }) => {
      world.commands.push({ command, by, reason });
      if (command === 'approve') world.approved = true;
    },
    recordWave: async ({ wave, state }) => void world.waveStates.push(`${wave} ${state}`),
    recordWaiting: async () => undefined,
    raiseAlert: async (finding) => void world.findings.push(finding),
    changePolicy: async ({ change }) => void world.policyChanges.push(change),
    findShards: async (_, { from, to }) => world.shards(from, to),
    markDispatched: async () => undefined,
    nextOpening: async () => ((await world.clock()) < world.closedUntil ? world.closedUntil : null),
    awaitProgress: async ({ seen, step, rules, verdicts, stall }) => {
      const report = world.report();
      const news =
        moved(seen, report.counts) >= step ||
        JSON.stringify(judgeWaves(rules, report.waves)) !== JSON.stringify(verdicts);
      const stalled = stall !== null && (await world.clock()) - stall.since > stall.seconds * 1000;
      if (news || stalled) return { ...report, stalled };
      throw notYet('NoProgress');
    },
    cancelPending: async (_, reason) => world.settle(['PENDING'], 'CANCELLED', reason),
    cancelTrackers: async (campaignId, force) => {
      // Only then is the look over that the command has caused, and nothing ends in the moment in which it is called off.
      if (Context.current().info.attempt === 1) throw notYet('InAMinute', MINUTE);
      await tellTrackers(world, campaignId, force);
    },
    closeCampaign: async (_, status) => {
      world.settle(['REQUESTED', 'INSTALLING'], 'TIMEOUT', 'tracker-ended');
      world.closedAs = status;
      return world.report();
    },
  };
}

function policyOf({ windows, policy }: World): CampaignPolicy {
  return {
    ...DEFAULT_POLICY,
    // Most tests are about a few terminals, of which one is more than 5 %.
    failureThreshold: null,
    polling: windows,
    progressEverySeconds: PROGRESS_EVERY_SECONDS,
    ...policy,
  };
}

function planOf({ policy, rows }: World): PlannedWave[] {
  const all = [...rows.values()];
  return (policy.waves ?? DEFAULT_POLICY.waves).map(({ name }, index) => {
    const from = all.findIndex(({ wave }) => wave === index + 1);
    const total = all.filter(({ wave }) => wave === index + 1).length;
    return { wave: index + 1, name, total, lanes: total ? [{ tms: 'alpha', from, to: from + total }] : [] };
  });
}

async function tellTrackers(world: World, campaignId: string, force: boolean): Promise<void> {
  for (const { tpe } of world.rowsWhere(({ shard, status }) => shard !== null && !isFinalTpeStatus(status))) {
    const handle = world.client.workflow.getHandle(tpeWorkflowId(campaignId, tpe.tpeId));
    // One that has not started yet, or has ended meanwhile, is not there.
    await handle.signal(cancelTpeSignal, { force }).catch(() => undefined);
  }
}

function intakeOf(world: World): IntakeActivities {
  return {
    awaitJoiners: async () => {
      const from = world.rows.size;
      const joiners = world.joiners.splice(0);
      if (joiners.length === 0) throw notYet('NobodyJoins');
      for (const tpe of joiners) world.take(tpe, planOf(world).length);
      return [{ tms: 'alpha', from, to: world.rows.size }];
    },
    takeOrders: async (_, taken, close) => {
      const lane = { tms: 'alpha', from: taken.alpha ?? 0, to: world.rows.size };
      const lanes = lane.to > lane.from ? [lane] : [];
      const closed = close === 'always' || (close === 'if-none' && lanes.length === 0);
      world.ordersClosed ||= closed;
      return { lanes, closed };
    },
  };
}

function rollBackOf(world: World): RollBackActivities {
  return {
    beginRollBack: async ({ wave, firstShard, shardSize }) => {
      const changed = world.rowsWhere((row) => row.wave === wave && row.status === 'SUCCESS');
      for (const [index, row] of changed.entries()) {
        row.compensation = 'PENDING';
        row.tpe = { ...row.tpe, attempt: row.tpe.attempt + 1, status: row.status };
        row.shard = firstShard + Math.floor(index / shardSize);
      }
      return world.shards(firstShard, firstShard + changed.length);
    },
    awaitRollBackAsked: async (_, wave) => {
      const open = world.rowsWhere((row) => row.wave === wave && row.compensation === 'PENDING');
      if (open.length > 0) throw notYet('NotAsked');
    },
    callOffRollBack: async () => {
      for (const row of world.rowsWhere(({ compensation }) => compensation === 'PENDING'))
        row.compensation = 'LEFT';
    },
  };
}

/** Tried again, after what its retry policy says or after `ms`: nothing has gone wrong. */
function notYet(type: string, ms?: number): ApplicationFailure {
  return ApplicationFailure.create({ type, nextRetryDelay: ms, category: 'BENIGN' });
}
