/** Call-backs: tells a TMS's customer, signed, when an operation changes its state. */
import { request } from 'undici';
import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import PQueue from 'p-queue';
import { SIGNATURE_HEADER, signCallback } from '../signature.ts';
import type { Clock } from './clock.ts';
import type { CallbackConfig, CALLBACK_STATES } from './config.ts';
import type { VendorStats } from './stats.ts';
import type { SimulatedOperation, Terminal } from './terminal.ts';
import type { VendorListener } from './vendor.ts';

/** Milliseconds (real) between two looks at what is due; what falls together is told together. */
const TICK_MS = 50;
/** Events per call. */
const BATCH = 100;
const PARALLEL_CALLS = 4;
/** Milliseconds before the second, third and fourth try. */
const RETRY_AFTER_MS = [250, 1_000, 4_000];
const TIMEOUT_MS = 5_000;

type CallbackState = (typeof CALLBACK_STATES)[number];

interface Due {
  terminal: Terminal;
  operation: SimulatedOperation;
  state: CallbackState;
}

export interface Callbacks extends VendorListener {
  /** Gives up what is not told yet. */
  close(): Promise<void>;
}

/** @param stats where what was told is counted; asked for at each time, because it can be reset */
export function createCallbacks(
  config: CallbackConfig | undefined,
  seed: number,
  clock: Clock,
  stats: () => VendorStats,
): Callbacks {
  if (!config) return { accepted: () => undefined, cancelled: () => undefined, close: async () => undefined };
  const { url, secret, rate, duplicateRate, lateRate, lateSeconds, forgedRate, states } = config;
  const queue = new PQueue({ concurrency: PARALLEL_CALLS });
  const stop = new AbortController();
  /** A timer wheel: what is due, by tick. One timer for all instead of one per terminal. */
  const wheel = new Map<number, Due[]>();
  let lastTick = tickOf(Date.now());
  const timer = setInterval(turn, TICK_MS);

  return {
    accepted(terminal, operation) {
      const { forgotten, downloadAt, installAt, endAt, end } = operation.fate;
      if (forgotten) return;
      plan({ terminal, operation, state: 'DOWNLOADING' }, downloadAt);
      plan({ terminal, operation, state: 'INSTALLING' }, installAt);
      plan({ terminal, operation, state: end }, endAt);
    },
    cancelled(terminal, operation) {
      plan({ terminal, operation, state: 'CANCELLED' }, clock.now() - operation.acceptedAt);
    },
    async close() {
      clearInterval(timer);
      stop.abort();
      queue.clear();
      await queue.onIdle();
    },
  };

  function plan(due: Due, age: number): void {
    if (!states.includes(due.state) || !Number.isFinite(age)) return;
    const [sent, twice, late, howLate] = chances(due);
    if (sent >= rate) return;
    const lateBy = late < lateRate ? lateSeconds.min + howLate * (lateSeconds.max - lateSeconds.min) : 0;
    const tick = Math.max(tickOf(clock.toEpochMs(due.operation.acceptedAt + age + lateBy)), lastTick + 1);
    const events = wheel.get(tick) ?? [];
    events.push(due, ...(twice < duplicateRate ? [due] : []));
    wheel.set(tick, events);
  }

  /** Whether this event is sent, twice, late and how much, depends on the seed and the operation only. */
  function chances({ operation, state }: Due): [number, number, number, number] {
    const digest = hash('sha256', `${seed}|callback|${operation.operationId}|${state}`, 'buffer');
    const at = (index: number): number => digest.readUInt32LE(4 * index) / 2 ** 32;
    return [at(0), at(1), at(2), at(3)];
  }

  function turn(): void {
    const due: Due[] = [];
    for (const end = tickOf(Date.now()); lastTick < end;) {
      const events = wheel.get(++lastTick);
      if (!events) continue;
      wheel.delete(lastTick);
      due.push(
        ...events.filter(({ operation, state }) => state === 'CANCELLED' || operation.cancelledAt === null),
      );
    }
    for (let at = 0; at < due.length; at += BATCH) {
      const events = due.slice(at, at + BATCH);
      void queue.add(() => tell(events));
    }
  }

  async function tell(due: readonly Due[]): Promise<void> {
    const occurredAt = new Date().toISOString();
    const events = due.map(({ terminal, operation, state }) => ({
      idTms: terminal.idTms,
      operationId: operation.operationId,
      state,
      targetVersion: operation.targetVersion,
      occurredAt,
    }));
    const body = JSON.stringify({ events });
    if (isForged(body)) {
      const refused = !(await post(body, `${secret}, but another`));
      if (refused) stats().callbacksRefused += events.length;
    }
    for (let attempt = 0; !stop.signal.aborted; attempt++) {
      if (await post(body)) return void (stats().callbacksSent += events.length);
      const pause = RETRY_AFTER_MS[attempt];
      if (pause === undefined) break;
      await delay(pause, undefined, { signal: stop.signal }).catch(() => undefined);
    }
    stats().callbacksFailed += due.length;
  }

  function isForged(body: string): boolean {
    return hash('sha256', `${seed}|forged|${body}`, 'buffer').readUInt32LE(0) / 2 ** 32 < forgedRate;
  }

  async function post(body: string, signedWith = secret): Promise<boolean> {
    try {
      const response = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [SIGNATURE_HEADER]: signCallback(signedWith, body) },
        body,
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
        signal: stop.signal,
      });
      await response.body.dump();
      return response.statusCode < 300;
    } catch {
      return false;
    }
  }
}

function tickOf(epochMs: number): number {
  return Math.ceil(epochMs / TICK_MS);
}
