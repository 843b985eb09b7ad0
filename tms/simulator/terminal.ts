/** A simulated terminal: what it runs and what its operations are at follow from the clock, without a timer. */
import type { OperationState } from '../contract.ts';
import type { Fate } from './fate.ts';

export interface SimulatedOperation {
  operationId: string;
  targetVersion: string;
  /** The idempotency key that came with it, also where the TMS ignores keys. */
  key: string | null;
  /** Simulated seconds since the simulator's start. */
  acceptedAt: number;
  cancelledAt: number | null;
  /** How often it was looked at. */
  looks: number;
  fate: Fate;
}

export interface Terminal {
  tpeId: string;
  idTms: string;
  tms: string;
  model: string;
  site: string;
  /** The version that it ran when it was registered. */
  initialVersion: string;
  /** Oldest first. */
  operations: SimulatedOperation[];
  /** How often it has been asked for, by kind of call. */
  calls: Record<'request' | 'observe' | 'cancel' | 'hardware', number>;
}

/** What really happens, whatever the TMS says of it. */
export function realState(operation: SimulatedOperation, now: number): Exclude<OperationState, 'UNKNOWN'> {
  if (operation.cancelledAt !== null) return 'CANCELLED';
  const age = now - operation.acceptedAt;
  const { fate } = operation;
  if (fate.forgotten) return 'QUEUED';
  if (age >= fate.endAt) return fate.end;
  if (age >= fate.installAt) return 'INSTALLING';
  return age >= fate.downloadAt ? 'DOWNLOADING' : 'QUEUED';
}

/** The version that it really runs: that of the operation which ended last, DONE and true. */
export function runningVersion(terminal: Terminal, now: number): { version: string; since: number } {
  let running = { version: terminal.initialVersion, since: 0 };
  for (const operation of terminal.operations) {
    if (operation.fate.lies || realState(operation, now) !== 'DONE') continue;
    const since = operation.acceptedAt + operation.fate.endAt;
    if (since >= running.since) running = { version: operation.targetVersion, since };
  }
  return running;
}

/** Whether it is off, from the moment on that an operation was accepted for it. */
export function isOffline(terminal: Terminal, now: number): boolean {
  return terminal.operations.some(({ acceptedAt, fate }) => now < acceptedAt + fate.offlineUntil);
}
