/** What metrics show of a TMS's guard: its circuit breaker and its queue. */
import { CircuitState, type CircuitBreakerPolicy } from 'cockatiel';
import type PQueue from 'p-queue';
import {
  showTmsQueue,
  TMS_CIRCUIT_STATES,
  tmsCircuitOpenedTotal,
  tmsCircuitState,
} from '../observability/metrics.ts';

const NAMES: Record<CircuitState, (typeof TMS_CIRCUIT_STATES)[number]> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Open]: 'open',
  // Somebody holds it open, which nobody does here.
  [CircuitState.Isolated]: 'open',
};

/** @returns what ends showing the queue */
export function meterGuard(tms: string, breaker: CircuitBreakerPolicy, queue: PQueue): () => void {
  const show = (now: CircuitState): void => {
    for (const state of TMS_CIRCUIT_STATES) tmsCircuitState.set({ tms, state }, Number(state === NAMES[now]));
  };
  show(breaker.state);
  breaker.onStateChange(show);
  tmsCircuitOpenedTotal.inc({ tms }, 0);
  breaker.onBreak(() => tmsCircuitOpenedTotal.inc({ tms }));
  return showTmsQueue(tms, () => ({
    running: queue.pending,
    waiting: queue.size,
    slots: queue.concurrency,
    held: queue.isPaused,
  }));
}
