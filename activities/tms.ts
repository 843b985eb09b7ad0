/** The activities of one TMS, run by the workers of its own task queue within its own limits. */
import type { LimitFunction } from 'p-limit';
import type { Pool } from '../db/pool.ts';
import { sagaCompensationTotal } from '../observability/metrics.ts';
import type { SingleCalls } from '../tms/coalesce.ts';
import type { TmsAdapter } from '../tms/contract.ts';
import type { HardwareApi } from '../tms/hardware-api.ts';
import type { BatchLocks } from './batch-lock.ts';
import { cancelUpdates } from './cancel-updates.ts';
import { dispatchBatch } from './dispatch.ts';
import { look, operationOf } from './observe.ts';
import type { Recorder } from './recorder.ts';
import { timed } from './timed.ts';
import type { TmsActivities } from './types.ts';

export interface TmsDependencies {
  pool: Pool;
  locks: BatchLocks;
  recorder: Recorder;
  /** The TMS, its limits enforced. */
  adapter: TmsAdapter;
  /** The same for single operations: calls that fall together become one bulk request. */
  single: SingleCalls;
  hardware: HardwareApi;
  /** Shares the calls that may be under way at once among the batches of this process. */
  inFlight: LimitFunction;
}

export function createTmsActivities(dependencies: TmsDependencies): TmsActivities {
  const { adapter, hardware, recorder, single } = dependencies;
  return {
    dispatch: (input) => timed('dispatch', () => dispatchBatch(dependencies, input)),
    // A look that settles nothing throws, which is no failure of the step.
    observe: (input) => look({ observe: single.observe, hardware, recorder }, input),
    async cancelUpdate({ tpe }) {
      if (adapter.capabilities.cancelBulk === 0) return false;
      const { outcome } = await timed('cancel', () => single.cancel(operationOf(tpe)));
      sagaCompensationTotal.inc({ kind: 'cancel', outcome });
      return outcome === 'cancelled';
    },
    cancelUpdates: (campaignId) => cancelUpdates(dependencies, campaignId),
  };
}
