/** Faults that are switched on and off while the simulator runs, and the state of its limits. */
import { z } from 'zod';
import type { VendorConfig } from './config.ts';

const CALL_KINDS = ['request', 'observe', 'cancel', 'inventory'] as const;
export type CallKind = (typeof CALL_KINDS)[number];

/**
 * What every call is answered instead. Carried out and not answered: `hang`, `lost`; carried out and answered
 * 30 s later: `late`; carried out and answered wrongly: `html`, `garbage`, `half`, `shape`, `500`; not carried out: `cut` (the socket), `401`, `429`, `503`.
 */
export const FORCED_ANSWERS = [
  'hang',
  'late',
  'lost',
  'html',
  'garbage',
  'half',
  'shape',
  '500',
  'cut',
  '401',
  '429',
  '503',
] as const;
export type ForcedAnswer = (typeof FORCED_ANSWERS)[number];

/** The body of `POST /faults`; what is left out stays as it is. */
export const faultsSchema = z.strictObject({
  /** The TMS concerned; absent means all of them. */
  tms: z.string().optional(),
  /** Settings of `behaviourSchema` to change; operations accepted before keep their fate. */
  behaviour: z.record(z.string(), z.unknown()).optional(),
  /** Every call is answered 503. */
  outage: z.boolean().optional(),
  /** null ends it. */
  answer: z
    .strictObject({
      with: z.enum(FORCED_ANSWERS),
      /** Which kinds of calls; absent means all. */
      calls: z.array(z.enum(CALL_KINDS)).optional(),
      /** It ends by itself after that many calls. */
      count: z.number().int().positive().optional(),
    })
    .nullable()
    .optional(),
  /** The Hardware-API: `hang` answers nobody. */
  hardware: z
    .strictObject({
      hang: z.boolean().optional(),
      unreachableRate: z.number().min(0).max(1).optional(),
      latencyMs: z.strictObject({ min: z.number().nonnegative(), max: z.number().nonnegative() }).optional(),
    })
    .optional(),
});
export type Faults = z.infer<typeof faultsSchema>;

/** What stands between the network and one TMS. */
export interface Gate {
  outage: boolean;
  answer: NonNullable<Faults['answer']> | null;
  /** What is to become of a call before the TMS sees it; undefined lets it through. */
  check(
    kind: CallKind,
    simulatedNow: number,
  ): { answer: ForcedAnswer; retryAfterSeconds?: number } | undefined;
}

export function createGate(config: VendorConfig): Gate {
  let windowEnds = 0;
  let callsInWindow = 0;
  const gate: Gate = { outage: false, answer: null, check };
  return gate;

  function check(kind: CallKind, simulatedNow: number): ReturnType<Gate['check']> {
    const planned = config.outages.some(
      ({ fromSeconds, toSeconds }) => simulatedNow >= fromSeconds && simulatedNow < toSeconds,
    );
    if (gate.outage || planned) return { answer: '503' };
    const forced = takeForced(kind);
    if (forced) return { answer: forced, ...(forced === '429' ? { retryAfterSeconds: 1 } : {}) };
    const wait = overLimit();
    return wait > 0 ? { answer: '429', retryAfterSeconds: wait } : undefined;
  }

  function takeForced(kind: CallKind): ForcedAnswer | undefined {
    const { answer } = gate;
    if (!answer || (answer.calls && !answer.calls.includes(kind))) return undefined;
    if (answer.count !== undefined)
      gate.answer = answer.count > 1 ? { ...answer, count: answer.count - 1 } : null;
    return answer.with;
  }

  /** Whole seconds until the window ends, where it is full. */
  function overLimit(): number {
    if (!config.rateLimit) return 0;
    const now = performance.now();
    if (now >= windowEnds) {
      windowEnds = now + config.rateLimit.perSeconds * 1000;
      callsInWindow = 0;
    }
    return ++callsInWindow > config.rateLimit.requests ? Math.ceil((windowEnds - now) / 1000) : 0;
  }
}
