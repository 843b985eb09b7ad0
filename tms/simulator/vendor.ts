/** One simulated TMS, without its HTTP: what it has accepted and what it says of it. */
import type { CancelResult, InventoryPage, Operation, OperationReport } from '../contract.ts';
import { behaviourSchema, type Behaviour, type VendorConfig } from './config.ts';
import type { Clock } from './clock.ts';
import { behaviourFor, decideBackwards, decideFate, decideRefusal } from './fate.ts';
import { emptyStats, type VendorStats } from './stats.ts';
import { isOffline, realState, runningVersion, type SimulatedOperation, type Terminal } from './terminal.ts';

export interface Refusal {
  error: { code: string; message: string };
}

export interface Vendor {
  readonly config: VendorConfig;
  /** Can be changed at run time; what was accepted before goes on as decided then. */
  behaviour: Behaviour;
  stats: VendorStats;
  /** By `idTms`, in the order in which they were registered. */
  readonly terminals: ReadonlyMap<string, Terminal>;
  /** Registers a terminal; one with the same id is replaced, and its operations forgotten. */
  register(terminal: Terminal): void;
  request(update: {
    idTms: string;
    targetVersion: string;
    key: string | null;
  }): { operationId: string } | Refusal;
  observe(operation: Operation): OperationReport;
  cancel(operation: Operation): CancelResult;
  inventory(cursor: string | null, limit: number): InventoryPage;
  /** The terminal of an operation, for the calls that name only that. */
  terminalOf(operationId: string): string | undefined;
}

/** What others are told about an operation: call-backs. */
export interface VendorListener {
  accepted(terminal: Terminal, operation: SimulatedOperation): void;
  cancelled(terminal: Terminal, operation: SimulatedOperation): void;
}

export function createVendor(
  config: VendorConfig,
  seed: number,
  clock: Clock,
  listener: VendorListener,
): Vendor {
  const terminals = new Map<string, Terminal>();
  const operations = new Map<string, { terminal: Terminal; operation: SimulatedOperation }>();
  const byKey = new Map<string, SimulatedOperation>();
  const vendor: Vendor = {
    config,
    behaviour: behaviourSchema.parse(
      Object.fromEntries(
        Object.keys(behaviourSchema.shape).map((name) => [name, config[name as keyof Behaviour]]),
      ),
    ),
    stats: emptyStats(),
    terminals,
    register,
    request,
    observe,
    cancel,
    inventory,
    terminalOf: (operationId) => operations.get(operationId)?.terminal.idTms,
  };
  return vendor;

  function register(terminal: Terminal): void {
    for (const { operationId, key } of terminals.get(terminal.idTms)?.operations ?? []) {
      operations.delete(operationId);
      if (key) byKey.delete(key);
    }
    terminals.set(terminal.idTms, terminal);
  }

  function request(update: {
    idTms: string;
    targetVersion: string;
    key: string | null;
  }): { operationId: string } | Refusal {
    const { idTms, targetVersion, key } = update;
    const { stats } = vendor;
    const terminal = terminals.get(idTms);
    if (!terminal) {
      stats.rejected++;
      return { error: { code: 'unknown-terminal', message: `No terminal ${idTms} is registered here.` } };
    }
    const seen = config.idempotent && key !== null ? byKey.get(key) : undefined;
    if (seen) {
      stats.repeats++;
      return { operationId: seen.operationId };
    }
    const behaviour = behaviourFor(vendor.behaviour, config.overrides, terminal.model, targetVersion);
    const refusal = decideRefusal(behaviour, seed, idTms, targetVersion);
    if (refusal) {
      stats.rejected++;
      return { error: { code: refusal, message: `${targetVersion} is not for ${idTms}.` } };
    }
    if (isDuplicate(terminal, targetVersion, key)) stats.duplicates++;
    stats.accepted++;
    const attempt = 1 + terminal.operations.filter((other) => other.targetVersion === targetVersion).length;
    const operation: SimulatedOperation = {
      operationId: `${config.name}-${idTms}-${terminal.operations.length + 1}`,
      targetVersion,
      key,
      acceptedAt: clock.now(),
      cancelledAt: null,
      looks: 0,
      fate: decideFate(behaviour, seed, idTms, attempt, targetVersion),
    };
    terminal.operations.push(operation);
    operations.set(operation.operationId, { terminal, operation });
    if (config.idempotent && key !== null) byKey.set(key, operation);
    listener.accepted(terminal, operation);
    return { operationId: operation.operationId };
  }

  /**
   * A TMS without keys gives the terminal a second update for whatever it is asked twice. With another key it
   * is another attempt, which the caller may well want; with the same, or without one, it is the same again.
   */
  function isDuplicate(terminal: Terminal, targetVersion: string, key: string | null): boolean {
    if (config.idempotent) return false;
    return terminal.operations.some(
      (other) =>
        other.targetVersion === targetVersion &&
        (key === null || other.key === null || other.key === key) &&
        !other.fate.forgotten &&
        !['FAILED', 'CANCELLED'].includes(realState(other, clock.now())),
    );
  }

  function find({
    idTms,
    operationId,
  }: Operation): { terminal: Terminal; operation: SimulatedOperation } | undefined {
    const terminal = terminals.get(idTms);
    const known = terminal?.operations.filter((operation) => !operation.fate.forgotten) ?? [];
    const operation =
      operationId === null ? known.at(-1) : known.find((candidate) => candidate.operationId === operationId);
    return terminal && operation && { terminal, operation };
  }

  function observe(asked: Operation): OperationReport {
    vendor.stats.observedOperations++;
    const found = find(asked)?.operation;
    if (!found)
      return { state: 'UNKNOWN', operationId: asked.operationId, targetVersion: null, reason: null };
    const real = realState(found, clock.now());
    const look = { operationId: found.operationId, nth: ++found.looks, state: real };
    const state = decideBackwards(vendor.behaviour, seed, look) ?? real;
    return {
      state,
      operationId: found.operationId,
      targetVersion: found.targetVersion,
      reason: state === 'FAILED' ? found.fate.reason : null,
    };
  }

  function cancel(asked: Operation): CancelResult {
    const found = find(asked);
    if (!found) return { outcome: 'unknown' };
    const state = realState(found.operation, clock.now());
    if (state === 'CANCELLED') return { outcome: 'cancelled' };
    if (state !== 'QUEUED' && state !== 'DOWNLOADING') return { outcome: 'too-late' };
    found.operation.cancelledAt = clock.now();
    vendor.stats.cancelled++;
    listener.cancelled(found.terminal, found.operation);
    return { outcome: 'cancelled' };
  }

  function inventory(cursor: string | null, limit: number): InventoryPage {
    const from = cursor === null ? 0 : Number(cursor);
    const page = [...terminals.values()].slice(from, from + limit);
    const now = clock.now();
    return {
      terminals: page.map((terminal) => ({
        idTms: terminal.idTms,
        model: terminal.model,
        version: believedVersion(terminal, now),
        lastSeen: isOffline(terminal, now) ? null : new Date().toISOString(),
      })),
      cursor: from + limit < terminals.size ? String(from + limit) : null,
    };
  }
}

/** What the TMS thinks that a terminal runs: it believes its own DONE. */
function believedVersion(terminal: Terminal, now: number): string {
  const done = terminal.operations.findLast(
    (operation) => !operation.fate.forgotten && realState(operation, now) === 'DONE',
  );
  return done?.targetVersion ?? runningVersion(terminal, now).version;
}
