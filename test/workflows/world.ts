/**
 * A world in memory for the workflows under skipped time: a few terminals, a TMS and the counts of a
 * campaign. What a look means is judged by the real code; only the answers are made up.
 */
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { look, lookAt, operationOf } from '../../activities/observe.ts';
import type {
  AskInput,
  CampaignActivities,
  CampaignPlan,
  LookInput,
  ProgressReport,
  AskResult,
  DecisionRecord,
  DispatchInput,
  Finding,
  RecordedEnd,
  RecordInput,
  TmsActivities,
  TrackingActivities,
} from '../../activities/types.ts';
import type { CancelResult, OperationReport, OperationState } from '../../tms/contract.ts';
import type { Transition } from '../../db/transitions.ts';
import { TmsError } from '../../tms/errors.ts';
import { DEFAULT_POLICY } from '../../workflows/policy/defaults.ts';
import { cancelTpeSignal } from '../../workflows/messages.ts';
import { tpeWorkflowId } from '../../workflows/names.ts';
import { judgeWaves } from '../../workflows/policy/gates.ts';
import type { CampaignPolicy, PolicyChange } from '../../workflows/policy/types.ts';
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
  /** From which minute until which neither the TMS nor the terminal answers anything. */
  down?: [from: number, until: number];
  /** What the TMS answers to a request to cancel. */
  cancel?: CancelResult['outcome'];
  /** In these attempts it fails at once, whatever else is said here. */
  failsInAttempts?: number[];
  /** What becomes of its roll-back; by default it is done after three minutes. */
  rollBack?: 'rejected' | 'never' | 'held';
}

interface Row {
  tpe: TrackedTpe;
  status: TpeStatus;
  shard: number | null;
  reason: string | null;
  wave: number;
  compensation: string | null;
}

export class World {
  readonly rows = new Map<string, Row>();
  /** Minutes after the request at which each terminal was looked at. */
  readonly looks = new Map<string, number[]>();
  readonly commands: Pick<DecisionRecord, 'command' | 'by' | 'reason'>[] = [];
  readonly findings: Finding[] = [];
  /** "1 RUNNING", "1 SOAKING" …: where waves were, in order. */
  readonly waveStates: string[] = [];
  readonly compensations: { tpeId: string; state: string; reason: string | null }[] = [];
  readonly policyChanges: PolicyChange[] = [];
  readonly recorded: RecordInput[] = [];
  /** tpeIds in the order in which the TMS was asked to update them. */
  readonly asked: string[] = [];
  readonly cancelled: string[] = [];
  /** tpeIds in the order in which the TMS was asked to roll them back. */
  readonly rolledBack: string[] = [];
  closedAs: string | undefined;
  windows: PollingWindow[] = [...POLLING_SCHEDULES.standard];
  behaviour: Behaviour = {};
  /** Where terminals differ from one another. */
  behaviourOf: (tpe: TrackedTpe) => Behaviour = () => this.behaviour;
  /** Of the campaign, apart from the polling. */
  policy: Partial<CampaignPolicy> = {};
  createdBy = 'author';
  approved = false;
  /** Epoch ms until which maintenance windows are closed. */
  closedUntil = 0;
  /** Takes orders until none has come for so long. */
  keepOpenSeconds: number | null = null;
  /** No order is taken any more. */
  ordersClosed = false;
  /** Terminals that come to match once the campaign runs; taken in once. */
  joiners: TrackedTpe[] = [];
  /** Called by `dispatch` before each terminal; throws to make it fail. */
  beforeAsking: (asked: number) => Promise<void> = async () => undefined;

  private readonly clock: () => Promise<number>;
  private readonly client: Client;

  constructor(clock: () => Promise<number>, client: Client) {
    this.clock = clock;
    this.client = client;
  }

  private async tellTrackers(campaignId: string, force: boolean): Promise<void> {
    for (const [tpeId, { status, shard }] of this.rows) {
      if (shard === null || isFinalTpeStatus(status)) continue;
      const handle = this.client.workflow.getHandle(tpeWorkflowId(campaignId, tpeId));
      // One that has not started yet, or has ended meanwhile, is not there.
      await handle.signal(cancelTpeSignal, { force }).catch(() => undefined);
    }
  }

  addTpe(index: number, overrides: Partial<TrackedTpe> = {}, wave = 1): TrackedTpe {
    const tpe: TrackedTpe = {
      tpeId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      idTms: `T${index}`,
      tms: 'alpha',
      model: 'A920',
      site: 'Lyon-12',
      fromVersion: OLD,
      attempt: 1,
      status: 'PENDING',
      pending: null,
      operationId: `op-${index}`,
      requestedAt: 0,
      ...overrides,
    };
    this.rows.set(tpe.tpeId, { tpe, status: 'PENDING', shard: null, reason: null, wave, compensation: null });
    return tpe;
  }

  counts(): StatusCounts {
    const counts: StatusCounts = {};
    for (const { status } of this.rows.values()) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  private settle(from: TpeStatus[], status: TpeStatus, reason: string): void {
    for (const row of this.rows.values())
      if (from.includes(row.status)) Object.assign(row, { status, reason });
  }

  private report(): ProgressReport {
    const waves = new Map<number, StatusCounts>();
    const compensations: Record<string, number> = {};
    for (const { wave, status, compensation } of this.rows.values()) {
      const counts = waves.get(wave) ?? {};
      waves.set(wave, { ...counts, [status]: (counts[status] ?? 0) + 1 });
      if (compensation) compensations[compensation] = (compensations[compensation] ?? 0) + 1;
    }
    return {
      counts: this.counts(),
      waves: [...waves].map(([wave, counts]) => ({ wave, counts })),
      compensations,
    };
  }

  private plan(): CampaignPlan['waves'] {
    const rows = [...this.rows.values()];
    const waves = this.policy.waves ?? DEFAULT_POLICY.waves;
    return waves.map(({ name }, index) => {
      const from = rows.findIndex(({ wave }) => wave === index + 1);
      const total = rows.filter(({ wave }) => wave === index + 1).length;
      return { wave: index + 1, name, total, lanes: total ? [{ tms: 'alpha', from, to: from + total }] : [] };
    });
  }

  campaignActivities(): CampaignActivities {
    return {
      openCampaign: async () => {
        const policy = {
          ...DEFAULT_POLICY,
          // Most tests are about a few terminals, of which one is more than 5 %.
          failureThreshold: null,
          polling: this.windows,
          progressEverySeconds: 300,
          ...this.policy,
        };
        const needsApproval = policy.approval === 'four-eyes' && !this.approved;
        const due = policy.startAt === null || Date.parse(policy.startAt) <= (await this.clock());
        return {
          targetVersion: TARGET,
          policy,
          needsApproval,
          started: due && !needsApproval,
          createdBy: this.createdBy,
          keepOpenSeconds: this.keepOpenSeconds,
          total: this.rows.size,
          waves: this.plan(),
          waveCounts: this.report().waves,
        };
      },
      recordDecision: async ({ command, by, reason }) => {
        this.commands.push({ command, by, reason });
        if (command === 'approve') this.approved = true;
      },
      recordWave: async ({ wave, state }) => void this.waveStates.push(`${wave} ${state}`),
      recordWaiting: async () => undefined,
      raiseAlert: async (finding) => void this.findings.push(finding),
      changePolicy: async ({ change }) => void this.policyChanges.push(change),
      findShards: async (_, { from, to }) => this.shards(from, to),
      markDispatched: async () => undefined,
      nextOpening: async () => ((await this.clock()) < this.closedUntil ? this.closedUntil : null),
      awaitJoiners: async () => {
        const from = this.rows.size;
        const joiners = this.joiners.splice(0);
        if (joiners.length === 0)
          throw ApplicationFailure.create({ type: 'NobodyJoins', category: 'BENIGN' });
        const wave = this.plan().length;
        for (const tpe of joiners) {
          this.rows.set(tpe.tpeId, {
            tpe,
            status: 'PENDING',
            shard: null,
            reason: null,
            wave,
            compensation: null,
          });
        }
        return [{ tms: 'alpha', from, to: this.rows.size }];
      },
      takeOrders: async (_, taken, close) => {
        const lane = { tms: 'alpha', from: taken.alpha ?? 0, to: this.rows.size };
        const lanes = lane.to > lane.from ? [lane] : [];
        const closed = close === 'always' || (close === 'if-none' && lanes.length === 0);
        this.ordersClosed ||= closed;
        return { lanes, closed };
      },
      awaitProgress: async ({ seen, step, rules, verdicts, stall }) => {
        const report = this.report();
        const news =
          moved(seen, report.counts) >= step ||
          JSON.stringify(judgeWaves(rules, report.waves)) !== JSON.stringify(verdicts);
        const stalled = stall !== null && (await this.clock()) - stall.since > stall.seconds * 1000;
        if (news || stalled) return { ...report, stalled };
        throw ApplicationFailure.create({ type: 'NoProgress', category: 'BENIGN' });
      },
      cancelPending: async (_, reason) => this.settle(['PENDING'], 'CANCELLED', reason),
      cancelTrackers: (campaignId, force) => this.tellTrackers(campaignId, force),
      beginRollBack: async ({ wave, firstShard, shardSize }) => {
        const changed = [...this.rows.values()].filter(
          (row) => row.wave === wave && row.status === 'SUCCESS',
        );
        for (const [index, row] of changed.entries()) {
          row.compensation = 'PENDING';
          row.tpe = { ...row.tpe, attempt: row.tpe.attempt + 1, status: row.status };
          row.shard = firstShard + Math.floor(index / shardSize);
        }
        return this.shards(firstShard, firstShard + changed.length);
      },
      awaitRollBackAsked: async (_, wave) => {
        const open = [...this.rows.values()].some(
          (row) => row.wave === wave && row.compensation === 'PENDING',
        );
        if (open) throw ApplicationFailure.create({ type: 'NotAsked', category: 'BENIGN' });
      },
      callOffRollBack: async () => {
        for (const row of this.rows.values()) if (row.compensation === 'PENDING') row.compensation = 'LEFT';
      },
      closeCampaign: async (_, status) => {
        this.settle(['REQUESTED', 'INSTALLING'], 'TIMEOUT', 'tracker-ended');
        this.closedAs = status;
        return this.report();
      },
    };
  }

  trackingActivities(): TrackingActivities {
    return {
      loadShard: async (_, shard, step) =>
        [...this.rows.values()]
          .filter((row) => row.shard === shard)
          .filter(({ status, compensation }) =>
            step === 'update' ? !isFinalTpeStatus(status) : compensation === 'PENDING',
          )
          .map(({ tpe }) => tpe),
      beginRetry: async ({ tpeId, reason }) => {
        const row = this.row(tpeId);
        Object.assign(row, { status: 'PENDING', reason });
        row.tpe = { ...row.tpe, attempt: row.tpe.attempt + 1 };
      },
      beginTpeRollBack: async ({ tpeId }) => {
        const row = this.row(tpeId);
        row.compensation = 'PENDING';
        row.tpe = { ...row.tpe, attempt: row.tpe.attempt + 1 };
      },
      recordCompensation: async ({ tpeId, state, reason }) => {
        const row = this.row(tpeId);
        this.compensations.push({ tpeId, state, reason });
        row.compensation = state;
        if (state === 'ROLLED_BACK' && row.status === 'SUCCESS') {
          Object.assign(row, { status: 'CANCELLED', reason: 'rolled-back' });
        }
      },
      record: async (input) => {
        const row = this.row(input.tpeId);
        if (await this.note(input)) return undefined;
        return { status: row.status, reason: row.reason, version: input.version } as RecordedEnd;
      },
    };
  }

  tmsActivities(): TmsActivities {
    return {
      dispatch: (input) => this.dispatch(input),
      ask: (input) => this.ask(input),
      observe: async (input) => {
        const minutes = ((await this.clock()) - input.tpe.requestedAt) / MINUTE;
        const behaviour = this.behaviourOf(input.tpe);
        const [downFrom, downUntil] = behaviour.down ?? [Infinity, Infinity];
        const isDown = minutes >= downFrom && minutes < downUntil;
        const offline = behaviour.offline || isDown;
        const runningVersion = this.versionOf(input, minutes);
        return look(
          (due) =>
            lookAt(
              {
                observe: async () => {
                  const looks = this.looks.get(input.tpe.tpeId) ?? [];
                  this.looks.set(input.tpe.tpeId, [...looks, minutes]);
                  if (isDown) throw new TmsError('server', 'alpha answered 503', { mayHaveBeenTaken: false });
                  return this.said(input, minutes);
                },
                hardware: {
                  status: async () =>
                    offline
                      ? { reachable: false, reason: 'timeout' }
                      : { reachable: true, runningVersion, battery: 80, uptimeSeconds: 60, lastSeen: EPOCH },
                  close: async () => undefined,
                },
                recorder: { record: (transition) => this.note(transition), recordAll: async () => [] },
              },
              due.input,
            ),
          input,
        );
      },
      cancelUpdate: async ({ tpe }) => {
        this.cancelled.push(operationOf(tpe).idTms);
        return this.behaviourOf(tpe).cancel === 'cancelled';
      },
      cancelUpdates: async () => {
        if (this.behaviour.cancel === 'cancelled') this.settle(['REQUESTED'], 'CANCELLED', 'cancelled');
      },
    };
  }

  /** Records an end, once. */
  private async note({ status, ...rest }: Pick<Transition, 'tpeId' | 'status' | 'reason'>): Promise<boolean> {
    const row = this.row(rest.tpeId);
    if (!isFinalTpeStatus(status) || isFinalTpeStatus(row.status)) return false;
    this.recorded.push({ status, ...rest } as RecordInput);
    Object.assign(row, { status, reason: rest.reason ?? null });
    return true;
  }

  private row(tpeId: string): Row {
    const row = this.rows.get(tpeId);
    if (!row) throw new Error(`there is no terminal ${tpeId}`);
    return row;
  }

  private fails({ tpe }: LookInput): boolean {
    return this.behaviourOf(tpe).failsInAttempts?.includes(tpe.attempt) ?? false;
  }

  private versionOf(input: LookInput, minutes: number): string {
    const { runsTargetFrom = Infinity, rollBack } = this.behaviourOf(input.tpe);
    const row = this.rows.get(input.tpe.tpeId);
    if (row?.compensation) {
      const isBack = row.compensation === 'REQUESTED' && minutes >= 3 && rollBack !== 'never';
      return row.status === 'SUCCESS' && !isBack ? TARGET : OLD;
    }
    return minutes >= runsTargetFrom && !this.fails(input) ? TARGET : OLD;
  }

  private said(input: LookInput, minutes: number): OperationReport {
    const said = (this.behaviourOf(input.tpe).says ?? []).filter(([from]) => minutes >= from).at(-1)?.[1];
    const state = this.fails(input) ? 'FAILED' : (said ?? 'QUEUED');
    return {
      state,
      operationId: null,
      targetVersion: TARGET,
      reason: state === 'FAILED' ? 'disk full' : null,
    };
  }

  private async ask({ tpe, step }: AskInput): Promise<AskResult> {
    const row = this.row(tpe.tpeId);
    const requestedAt = await this.clock();
    if (step === 'update') {
      if (row.status !== 'PENDING') return { outcome: 'left' };
      row.status = 'REQUESTED';
      this.asked.push(tpe.tpeId);
    } else {
      if (row.compensation !== 'PENDING') return { outcome: 'left' };
      if (this.behaviourOf(tpe).rollBack === 'rejected') return { outcome: 'rejected', reason: 'too old' };
      if (this.behaviourOf(tpe).rollBack === 'held') {
        throw ApplicationFailure.create({ type: 'NotNow', category: 'BENIGN' });
      }
      row.compensation = 'REQUESTED';
      this.rolledBack.push(tpe.tpeId);
    }
    return { outcome: 'accepted', operationId: `op-${tpe.idTms}-${tpe.attempt}`, requestedAt };
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
      if (cancellationSignal.aborted || (await this.clock()) < this.closedUntil) break;
      this.asked.push(row.tpe.tpeId);
      row.status = 'REQUESTED';
      row.shard = firstShard + Math.floor(index / shardSize);
      Object.assign(row.tpe, { requestedAt: await this.clock(), status: 'REQUESTED' });
    }
    clearInterval(beat);
    const range = { from: firstShard, to: firstShard + Math.ceil((to - from) / shardSize) };
    const closed = (await this.clock()) < this.closedUntil ? { closed: { opensAt: this.closedUntil } } : {};
    return {
      shards: this.shards(range.from, range.to),
      remaining: batch.filter(isPending).length,
      ...closed,
    };
  }

  private shards(from: number, to: number): { shard: number; terminals: number }[] {
    const shards = new Map<number, number>();
    for (const { shard } of this.rows.values()) {
      if (shard !== null && shard >= from && shard < to) shards.set(shard, (shards.get(shard) ?? 0) + 1);
    }
    return [...shards].map(([shard, terminals]) => ({ shard, terminals }));
  }
}
