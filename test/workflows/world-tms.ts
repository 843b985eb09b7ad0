/** What is asked of a TMS and of terminals, over a made-up world. What a look means is judged by the real code. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { look, lookAt, operationOf } from '../../activities/observe.ts';
import type {
  AskInput,
  AskResult,
  DispatchInput,
  DispatchResult,
  Look,
  LookInput,
  TmsActivities,
} from '../../activities/types.ts';
import type { OperationReport } from '../../tms/contract.ts';
import { TmsError } from '../../tms/errors.ts';
import { MINUTE, OLD, type Row, TARGET, type World } from './world.ts';

const EPOCH = new Date(0).toISOString();

export function tmsActivities(world: World): TmsActivities {
  return {
    dispatch: (input) => dispatch(world, input),
    ask: (input) => ask(world, input),
    observe: (input) => observe(world, input),
    cancelUpdate: async ({ tpe }) => {
      world.cancelled.push(operationOf(tpe).idTms);
      return world.behaviourOf(tpe).cancel === 'cancelled';
    },
    cancelUpdates: async () => {
      if (world.behaviour.cancel === 'cancelled') world.settle(['REQUESTED'], 'CANCELLED', 'cancelled');
    },
  };
}

/** A batch whose terminals are all accepted, of which nothing but the shards is kept. */
export function inShards({ from, to, firstShard, shardSize }: DispatchInput): DispatchResult {
  const shards = Array.from({ length: Math.ceil((to - from) / shardSize) }, (_, index) => ({
    shard: firstShard + index,
    terminals: shardSize,
  }));
  return { shards, remaining: 0 };
}

async function dispatch(
  world: World,
  { from, to, firstShard, shardSize }: DispatchInput,
): Promise<DispatchResult> {
  const context = Context.current();
  const { cancellationSignal } = context;
  const beat = setInterval(() => context.heartbeat(), 100);
  const isClosed = async (): Promise<boolean> => (await world.clock()) < world.closedUntil;
  const isPending = ({ status }: Row): boolean => status === 'PENDING';
  const batch = [...world.rows.values()].slice(from, to);
  for (const [index, row] of batch.entries()) {
    if (!isPending(row)) continue;
    await world.beforeAsking(world.asked.length);
    if (cancellationSignal.aborted || (await isClosed())) break;
    world.asked.push(row.tpe.tpeId);
    row.status = 'REQUESTED';
    row.shard = firstShard + Math.floor(index / shardSize);
    Object.assign(row.tpe, { requestedAt: await world.clock(), status: 'REQUESTED' });
  }
  clearInterval(beat);
  return {
    shards: world.shards(firstShard, firstShard + Math.ceil((to - from) / shardSize)),
    remaining: batch.filter(isPending).length,
    ...((await isClosed()) && { closed: { opensAt: world.closedUntil } }),
  };
}

async function ask(world: World, { tpe, step }: AskInput): Promise<AskResult> {
  const row = world.row(tpe.tpeId);
  const requestedAt = await world.clock();
  if (step === 'update') {
    if (row.status !== 'PENDING') return { outcome: 'left' };
    row.status = 'REQUESTED';
    world.asked.push(tpe.tpeId);
  } else {
    if (row.compensation !== 'PENDING') return { outcome: 'left' };
    const { rollBack } = world.behaviourOf(tpe);
    if (rollBack === 'rejected') return { outcome: 'rejected', reason: 'too old' };
    if (rollBack === 'held') throw ApplicationFailure.create({ type: 'NotNow', category: 'BENIGN' });
    row.compensation = 'REQUESTED';
    world.rolledBack.push(tpe.tpeId);
  }
  return { outcome: 'accepted', operationId: `op-${tpe.idTms}-${tpe.attempt}`, requestedAt };
}

async function observe(world: World, input: LookInput): Promise<Look> {
  const minutes = ((await world.clock()) - input.tpe.requestedAt) / MINUTE;
  const behaviour = world.behaviourOf(input.tpe);
  const [downFrom, downUntil] = behaviour.down ?? [Infinity, Infinity];
  const isDown = minutes >= downFrom && minutes < downUntil;
  const offline = behaviour.offline || isDown;
  const runningVersion = versionOf(world, input, minutes);
  const sources = {
    observe: async () => {
      const looks = world.looks.get(input.tpe.tpeId) ?? [];
      world.looks.set(input.tpe.tpeId, [...looks, minutes]);
      if (isDown) throw new TmsError('server', 'alpha answered 503', { mayHaveBeenTaken: false });
      return said(world, input, minutes);
    },
    hardware: {
      status: async () =>
        offline
          ? ({ reachable: false, reason: 'timeout' } as const)
          : ({
              reachable: true,
              runningVersion,
              battery: 80,
              uptimeSeconds: 60,
              lastSeen: EPOCH,
            } as const),
      close: async () => undefined,
    },
    recorder: {
      record: (transition: Parameters<World['note']>[0]) => world.note(transition),
      recordAll: async () => [],
    },
  };
  return look((it) => lookAt(sources, it), input);
}

function versionOf(world: World, input: LookInput, minutes: number): string {
  const { runsTargetFrom = Infinity, rollBack } = world.behaviourOf(input.tpe);
  const row = world.rows.get(input.tpe.tpeId);
  if (row?.compensation) {
    const isBack = row.compensation === 'REQUESTED' && minutes >= 3 && rollBack !== 'never';
    return row.status === 'SUCCESS' && !isBack ? TARGET : OLD;
  }
  return minutes >= runsTargetFrom && !fails(world, input) ? TARGET : OLD;
}

function said(world: World, input: LookInput, minutes: number): OperationReport {
  const { says = [] } = world.behaviourOf(input.tpe);
  const last = says.filter(([from]) => minutes >= from).at(-1)?.[1];
  const state = fails(world, input) ? 'FAILED' : (last ?? 'QUEUED');
  return {
    state,
    operationId: null,
    targetVersion: TARGET,
    reason: state === 'FAILED' ? 'disk full' : null,
  };
}

function fails(world: World, { tpe }: LookInput): boolean {
  return world.behaviourOf(tpe).failsInAttempts?.includes(tpe.attempt) ?? false;
}
