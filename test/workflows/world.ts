/**
 * A world in memory for the workflows under skipped time: a few terminals, a TMS and the counts of a
 * campaign. What a look means is judged by the real code; only the answers are made up.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { look, operationOf } from '../../activities/observe.ts';
import type {
  CampaignActivities,
  CommandRecord,
  DispatchInput,
  RecordInput,
  TmsActivities,
  TrackingActivities,
} from '../../activities/types.ts';
import type { CancelResult, OperationReport, OperationState } from '../../tms/contract.ts';
import { DEFAULT_POLICY } from '../../workflows/policy/defaults.ts';
import { moved } from '../../workflows/policy/progress.ts';
import { type PollingWindow, POLLING_SCHEDULES } from '../../workflows/policy/polling.ts';
import { isFinalTpeStatus, type StatusCounts, type TpeStatus } from '../../workflows/status.ts';
import type { TrackedTpe } from '../../workflows/types.ts';

export const MINUTE = 60_000;
export const TARGET = '4.2.0';
const OLD = '4.1.0';
const EPOCH = new Date(0).toISOString();

/** How a terminal behaves: what its TMS says and what it runs, by minutes since the request. */
export interface Behaviour {
  /** From which minute on the TMS says what; before the first, QUEUED. */
  says?: [minute: number, state: OperationState][];
  /** From which minute on the terminal runs the target version; never, where absent. */
  runsTargetFrom?: number;
  /** The terminal does not answer the Hardware-API. */
  offline?: boolean;
  /** What the TMS answers to a request to cancel. */
  cancel?: CancelResult['outcome'];
}

interface Row {
  tpe: TrackedTpe;
  status: TpeStatus;
  shard: number | null;
  reason: string | null;
}

export class World {
  readonly rows = new Map<string, Row>();
  /** Minutes after the request at which each terminal was looked at. */
  readonly looks = new Map<string, number[]>();
  readonly commands: Omit<CommandRecord, 'campaignId'>[] = [];
  readonly recorded: RecordInput[] = [];
  /** tpeIds in the order in which the TMS was asked to update them. */
  readonly asked: string[] = [];
  readonly cancelled: string[] = [];
  closedAs: string | undefined;
  windows: PollingWindow[] = [...POLLING_SCHEDULES.standard];
  behaviour: Behaviour = {};
  /** Called by `dispatch` before each terminal; throws to make it fail. */
  beforeAsking: (asked: number) => Promise<void> = async () => undefined;

  private readonly clock: () => Promise<number>;

  constructor(clock: () => Promise<number>) {
    this.clock = clock;
  }

  addTpe(index: number, overrides: Partial<TrackedTpe> = {}): TrackedTpe {
    const tpe: TrackedTpe = {
      tpeId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      idTms: `T${index}`,
      tms: 'alpha',
      model: 'A920',
      site: 'Lyon-12',
      fromVersion: OLD,
      attempt: 1,
      operationId: `op-${index}`,
      requestedAt: 0,
      ...overrides,
    };
    this.rows.set(tpe.tpeId, { tpe, status: 'PENDING', shard: null, reason: null });
    return tpe;
  }

  counts(): StatusCounts {
    const counts: StatusCounts = {};
    for (const { status } of this.rows.values()) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  private settle(from: TpeStatus[], status: TpeStatus): void {
    for (const row of this.rows.values()) if (from.includes(row.status)) row.status = status;
  }

  campaignActivities(): CampaignActivities {
    return {
      openCampaign: async () => ({
        targetVersion: TARGET,
        policy: { ...DEFAULT_POLICY, polling: this.windows, progressEverySeconds: 60 },
        total: this.rows.size,
        lanes: [{ tms: 'alpha', terminals: this.rows.size }],
        counts: this.counts(),
      }),
      recordCommand: async ({ command, by, reason }) => void this.commands.push({ command, by, reason }),
      findShards: async (_, { from, to }) => this.shards(from, to),
      markDispatched: async () => undefined,
      awaitProgress: async ({ seen, step }) => {
        const counts = this.counts();
        if (moved(seen, counts) >= step) return counts;
        throw ApplicationFailure.create({ type: 'NoProgress', category: 'BENIGN' });
      },
      cancelPending: async () => this.settle(['PENDING'], 'CANCELLED'),
      cancelTrackers: async () => undefined,
      closeCampaign: async (_, status) => {
        this.settle(['REQUESTED', 'INSTALLING'], 'TIMEOUT');
        this.closedAs = status;
        return this.counts();
      },
    };
  }

  trackingActivities(): TrackingActivities {
    return {
      loadShard: async (_, shard) =>
        [...this.rows.values()]
          .filter((row) => row.shard === shard && !isFinalTpeStatus(row.status))
          .map(({ tpe }) => tpe),
      record: async (input) => {
        this.recorded.push(input);
        const row = this.rows.get(input.tpeId);
        if (row && !isFinalTpeStatus(row.status))
          Object.assign(row, { status: input.status, reason: input.reason });
      },
    };
  }

  tmsActivities(): TmsActivities {
    return {
      dispatch: (input) => this.dispatch(input),
      observe: async (input) => {
        const minutes = ((await this.clock()) - input.tpe.requestedAt) / MINUTE;
        const { offline, runsTargetFrom = Infinity } = this.behaviour;
        const runningVersion = minutes >= runsTargetFrom ? TARGET : OLD;
        return look(
          {
            observe: async () => {
              const looks = this.looks.get(input.tpe.tpeId) ?? [];
              this.looks.set(input.tpe.tpeId, [...looks, minutes]);
              return this.report(minutes);
            },
            hardware: {
              status: async () =>
                offline
                  ? { reachable: false, reason: 'timeout' }
                  : { reachable: true, runningVersion, battery: 80, uptimeSeconds: 60, lastSeen: EPOCH },
              close: async () => undefined,
            },
            recorder: { record: async () => undefined, recordAll: async () => [] },
          },
          input,
        );
      },
      cancelUpdate: async ({ tpe }) => {
        this.cancelled.push(operationOf(tpe).idTms);
        return this.behaviour.cancel === 'cancelled';
      },
      cancelUpdates: async () => {
        if (this.behaviour.cancel === 'cancelled') this.settle(['REQUESTED'], 'CANCELLED');
      },
    };
  }

  private report(minutes: number): OperationReport {
    const said = (this.behaviour.says ?? []).filter(([from]) => minutes >= from).at(-1)?.[1] ?? 'QUEUED';
    return {
      state: said,
      operationId: null,
      targetVersion: TARGET,
      reason: said === 'FAILED' ? 'disk full' : null,
    };
  }

  private async dispatch({
    from,
    to,
    firstShard,
    shardSize,
  }: DispatchInput): ReturnType<TmsActivities['dispatch']> {
    const context = Context.current();
    const { cancellationSignal } = context;
    const beat = setInterval(() => context.heartbeat(), 100);
    const batch = [...this.rows.values()].slice(from, to);
    const isPending = ({ status }: Row): boolean => status === 'PENDING';
    for (const [index, row] of batch.entries()) {
      if (!isPending(row)) continue;
      await this.beforeAsking(this.asked.length);
      if (cancellationSignal.aborted) break;
      this.asked.push(row.tpe.tpeId);
      row.status = 'REQUESTED';
      row.shard = firstShard + Math.floor(index / shardSize);
      row.tpe.requestedAt = await this.clock();
    }
    clearInterval(beat);
    const range = { from: firstShard, to: firstShard + Math.ceil((to - from) / shardSize) };
    return { shards: this.shards(range.from, range.to), remaining: batch.filter(isPending).length };
  }

  private shards(from: number, to: number): { shard: number; terminals: number }[] {
    const shards = new Map<number, number>();
    for (const { shard } of this.rows.values()) {
      if (shard !== null && shard >= from && shard < to) shards.set(shard, (shards.get(shard) ?? 0) + 1);
    }
    return [...shards].map(([shard, terminals]) => ({ shard, terminals }));
  }
}
