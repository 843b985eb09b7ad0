/**
 * What the platform asks of a vendor's Terminal Management System. One folder per adapter implements this;
 * nothing outside `tms/` knows a vendor. All arrays of results are aligned with the arrays asked for.
 */

/** What a TMS can do and what it allows; declared by its configuration, never guessed. */
export interface TmsCapabilities {
  /**
   * The TMS recognises an idempotency key that it has seen and repeats its first answer. Where false, the
   * platform asks what the TMS already has before it asks for anything.
   */
  idempotent: boolean;
  /** Terminals per update request; 1 where the TMS has no bulk end point. */
  requestBulk: number;
  /** Operations per status request; 1 where the TMS has no bulk end point. */
  observeBulk: number;
  /** Operations per cancel request; 1 where the TMS has no bulk end point, 0 where it can't cancel. */
  cancelBulk: number;
  /** The TMS calls back on `POST /api/v1/tms/{name}/events`. */
  push: boolean;
}

export interface UpdateRequest {
  /** `campaignId:tpeId:attempt`. */
  idempotencyKey: string;
  tpeId: string;
  idTms: string;
  targetVersion: string;
}

export type RequestResult =
  /** The TMS has taken the request (now or, with the same key, before). */
  | { outcome: 'accepted'; operationId: string }
  /** The TMS will not do it; asking again is pointless. */
  | { outcome: 'rejected'; reason: string }
  /** No answer that can be understood: the TMS may or may not have taken it. */
  | { outcome: 'unknown'; reason: string };

/** One update at the TMS; `operationId` is null where its answer was lost. */
export interface Operation {
  idTms: string;
  operationId: string | null;
}

export type OperationState =
  | 'QUEUED'
  | 'DOWNLOADING'
  | 'INSTALLING'
  | 'DONE'
  | 'FAILED'
  | 'CANCELLED'
  /** The TMS knows no such operation. */
  | 'UNKNOWN';

export interface OperationReport {
  state: OperationState;
  /** The operation that the report is about: the one asked for, or the terminal's latest where none was named. */
  operationId: string | null;
  targetVersion: string | null;
  /** The vendor's own words for a failure. */
  reason: string | null;
}

export type CancelResult =
  /** It will not happen (also where it was cancelled before). */
  | { outcome: 'cancelled' }
  /** It has begun or ended; it can't be stopped any more. */
  | { outcome: 'too-late' }
  /** The TMS knows no such operation. */
  | { outcome: 'unknown' };

export interface InventoryPage {
  terminals: { idTms: string; model: string; version: string; lastSeen: string | null }[];
  /** Where the next page starts; null on the last one. */
  cursor: string | null;
}

/**
 * The adapter to one TMS. A call throws a `TmsError` when the whole call failed (see `tms/errors.ts`);
 * what concerns one terminal is in that terminal's result. Arrays longer than the capability's bulk size
 * are the caller's mistake.
 */
export interface TmsAdapter {
  readonly name: string;
  readonly capabilities: TmsCapabilities;
  requestUpdates(requests: UpdateRequest[], options?: CallOptions): Promise<RequestResult[]>;
  observe(operations: Operation[], options?: CallOptions): Promise<OperationReport[]>;
  cancel(operations: Operation[], options?: CallOptions): Promise<CancelResult[]>;
  inventory(cursor: string | null, options?: CallOptions): Promise<InventoryPage>;
  close(): Promise<void>;
}

export interface CallOptions {
  /** Aborts the call; the adapter then throws the signal's reason. */
  signal?: AbortSignal;
}
