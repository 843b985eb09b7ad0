import type { CancelResult, OperationState } from '../../tms/contract.ts';

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
