/** What a look at a terminal means. SUCCESS is what the terminal itself reports, never what its TMS says. */
import type { OperationState } from '../../tms/contract.ts';
import type { TpeReason } from '../types.ts';

/** One look: what the TMS and the Hardware-API answered, each null where there was no answer. */
export interface Observation {
  tms: { state: OperationState; reason: string | null } | null;
  hardware: { version: string } | null;
}

export type Verdict =
  | { settled: true; status: 'SUCCESS' | 'FAILED' | 'CANCELLED'; reason: TpeReason | null }
  /** `reason` is the one that a TIMEOUT would have if the terminal's time were over now. */
  | { settled: false; status: 'REQUESTED' | 'INSTALLING'; reason: TpeReason };

/** Judges a look at a terminal that is to run `targetVersion`. */
export function judge(observation: Observation, targetVersion: string): Verdict {
  const { tms, hardware } = observation;
  if (hardware?.version === targetVersion) return { settled: true, status: 'SUCCESS', reason: null };
  switch (tms?.state) {
    case 'FAILED':
      return { settled: true, status: 'FAILED', reason: `failed:${tms.reason ?? 'no reason given'}` };
    case 'CANCELLED':
      return { settled: true, status: 'CANCELLED', reason: 'cancelled' };
    case 'DONE':
      return { settled: false, status: 'INSTALLING', reason: 'unverified' };
    case 'INSTALLING':
    case 'DOWNLOADING':
      return { settled: false, status: 'INSTALLING', reason: 'not-settled' };
    case 'QUEUED':
      return { settled: false, status: 'REQUESTED', reason: hardware ? 'not-settled' : 'unreachable' };
    case 'UNKNOWN':
      return { settled: false, status: 'REQUESTED', reason: 'forgotten' };
    case undefined:
      return { settled: false, status: 'REQUESTED', reason: 'unreachable' };
  }
}

/** "TMS: DOWNLOADING · terminal runs 4.1.0", a look in words for the Temporal Web UI. */
export function describeObservation({ tms, hardware }: Observation): string {
  const said = tms ? `TMS: ${tms.state}${tms.reason ? ` (${tms.reason})` : ''}` : 'TMS: no answer';
  return `${said} · ${hardware ? `terminal runs ${hardware.version}` : 'terminal: no answer'}`;
}
