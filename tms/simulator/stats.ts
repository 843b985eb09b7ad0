/** What a simulated TMS has seen. Calls count when they arrive, also those that fail or are turned away. */
export interface VendorStats {
  updateCalls: number;
  /** Terminals in them. */
  updateTerminals: number;
  /** Operations begun. */
  accepted: number;
  /** Terminals refused. */
  rejected: number;
  /** Calls carried out and never answered. */
  lostAnswers: number;
  /** The same idempotency key seen again and answered the same: harmless. */
  repeats: number;
  /** Terminals really updated twice in one attempt: always a defect of the caller. */
  duplicates: number;
  observeCalls: number;
  observedOperations: number;
  cancelCalls: number;
  /** Operations really cancelled. */
  cancelled: number;
  inventoryCalls: number;
  /** Calls turned away with 429. */
  throttled: number;
  /** Calls answered with 5xx. */
  errors: number;
  /** Events delivered to the call-back URL, repetitions included. */
  callbacksSent: number;
  /** Events given up after all tries. */
  callbacksFailed: number;
  /** Events with a signature that is not right which were not taken. */
  callbacksRefused: number;
  /** Milliseconds since the epoch; null before the first update call. */
  firstUpdateCallAt: number | null;
  lastUpdateCallAt: number | null;
}

export function emptyStats(): VendorStats {
  return {
    updateCalls: 0,
    updateTerminals: 0,
    accepted: 0,
    rejected: 0,
    lostAnswers: 0,
    repeats: 0,
    duplicates: 0,
    observeCalls: 0,
    observedOperations: 0,
    cancelCalls: 0,
    cancelled: 0,
    inventoryCalls: 0,
    throttled: 0,
    errors: 0,
    callbacksSent: 0,
    callbacksFailed: 0,
    callbacksRefused: 0,
    firstUpdateCallAt: null,
    lastUpdateCallAt: null,
  };
}

/** The sum over all TMSs; the earliest first and the latest last call. */
export function sumStats(all: VendorStats[]): VendorStats {
  const sum = emptyStats();
  for (const stats of all) {
    for (const [name, value] of Object.entries(stats) as [keyof VendorStats, number | null][]) {
      if (value === null) continue;
      if (name === 'firstUpdateCallAt') sum[name] = Math.min(sum[name] ?? value, value);
      else if (name === 'lastUpdateCallAt') sum[name] = Math.max(sum[name] ?? value, value);
      else sum[name] += value;
    }
  }
  return sum;
}
