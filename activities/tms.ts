/** The activities of one TMS, run by the workers of its own task queue within its own limits. */
import { sagaCompensationTotal } from '../observability/metrics.ts';
import { loadDue } from '../db/campaign-tpe.ts';
import type { SingleCalls } from '../tms/coalesce.ts';
import type { HardwareApi } from '../tms/hardware-api.ts';
import { askForOne } from './ask.ts';
import { cancelUpdates } from './cancel-updates.ts';
import { dispatchBatch, type DispatchDependencies } from './dispatch.ts';
import { look, lookAt, operationOf } from './observe.ts';
import { createSweeps } from './sweep.ts';
import { timed } from './timed.ts';
import type { TmsActivities } from './types.ts';

export interface TmsDependencies extends DispatchDependencies {
  /** The TMS for single operations: calls that fall together become one bulk request. */
  single: SingleCalls;
  hardware: HardwareApi;
}

export function createTmsActivities(dependencies: TmsDependencies): TmsActivities {
  const { adapter, hardware, locks, pool, recorder, single } = dependencies;
  const sweeps = createSweeps({
    lookAt: (input) => lookAt({ observe: single.observe, hardware, recorder }, input),
    findDue: (crowd, from, to) => loadDue(pool, crowd, { from, to }),
    alone: (name, work) => locks.hold(name, work),
  });
  return {
    dispatch: (input) => timed('dispatch', () => dispatchBatch(dependencies, input)),
    ask: (input) => timed('ask', () => askForOne(dependencies, input)),
    // A look that settles nothing throws, which is no failure of the step.
    observe: (input) => look(sweeps.look, input),
    async cancelUpdate({ tpe }) {
      if (adapter.capabilities.cancelBulk === 0) return false;
      const { outcome } = await timed('cancel', () => single.cancel(operationOf(tpe)));
      sagaCompensationTotal.inc({ kind: 'cancel', outcome });
      return outcome === 'cancelled';
    },
    cancelUpdates: (campaignId) => cancelUpdates(dependencies, campaignId),
  };
}
