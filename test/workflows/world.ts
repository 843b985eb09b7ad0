/**
 * A world in memory for the workflows under skipped time: a few terminals, a TMS and the counts of a
 * campaign. Here is what there is; how activities change it is in `world-*.ts`.
 */
import type { Client } from '@temporalio/client';
import type { DecisionRecord, Finding, ProgressReport, RecordInput } from '../../activities/types.ts';
import type { Transition } from '../../db/transitions.ts';
import { type PollingWindow, POLLING_SCHEDULES } from '../../workflows/policy/polling.ts';
import type { CampaignPolicy, PolicyChange } from '../../workflows/policy/types.ts';
import { isFinalTpeStatus, type StatusCounts, type TpeStatus } from '../../workflows/status.ts';
import type { TrackedTpe } from '../../workflows/types.ts';
import type { Behaviour } from './behaviour.ts';

export const MINUTE = 60_000;
export const TARGET = '4.2.0';
export const OLD = '4.1.0';

/** A terminal of the campaign. */
export interface Row {
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

  /** The server's time, in epoch ms. */
  readonly clock: () => Promise<number>;
  readonly client: Client;

  constructor(clock: () => Promise<number>, client: Client) {
    this.clock = clock;
    this.client = client;
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
    this.take(tpe, wave);
    return tpe;
  }

  /** Takes a terminal into a wave of the campaign. */
  take(tpe: TrackedTpe, wave: number): void {
    this.rows.set(tpe.tpeId, { tpe, status: 'PENDING', shard: null, reason: null, wave, compensation: null });
  }

  row(tpeId: string): Row {
    const row = this.rows.get(tpeId);
    if (!row) throw new Error(`there is no terminal ${tpeId}`);
    return row;
  }

  rowsWhere(condition: (row: Row) => boolean): Row[] {
    return [...this.rows.values()].filter(condition);
  }

  counts(): StatusCounts {
    return this.report().counts;
  }

  report(): ProgressReport {
    const counts: StatusCounts = {};
    const waves = new Map<number, StatusCounts>();
    const compensations: Record<string, number> = {};
    for (const { wave, status, compensation } of this.rows.values()) {
      counts[status] = (counts[status] ?? 0) + 1;
      const ofWave = waves.get(wave) ?? {};
      waves.set(wave, { ...ofWave, [status]: (ofWave[status] ?? 0) + 1 });
      if (compensation) compensations[compensation] = (compensations[compensation] ?? 0) + 1;
    }
    return { counts, waves: [...waves].map(([wave, ofWave]) => ({ wave, counts: ofWave })), compensations };
  }

  /** The shards with these numbers that have any terminals. */
  shards(from: number, to: number): { shard: number; terminals: number }[] {
    const shards = new Map<number, number>();
    for (const { shard } of this.rows.values()) {
      if (shard !== null && shard >= from && shard < to) shards.set(shard, (shards.get(shard) ?? 0) + 1);
    }
    return [...shards].map(([shard, terminals]) => ({ shard, terminals }));
  }

  settle(from: TpeStatus[], status: TpeStatus, reason: string): void {
    for (const row of this.rowsWhere((each) => from.includes(each.status)))
      Object.assign(row, { status, reason });
  }

  /** Records an end, once. @returns whether this one stands */
  async note({ status, ...rest }: Pick<Transition, 'tpeId' | 'status' | 'reason'>): Promise<boolean> {
    const row = this.row(rest.tpeId);
    if (!isFinalTpeStatus(status) || isFinalTpeStatus(row.status)) return false;
    this.recorded.push({ status, ...rest } as RecordInput);
    Object.assign(row, { status, reason: rest.reason ?? null });
    return true;
  }
}
