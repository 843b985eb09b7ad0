/**
 * First looks in bulk. A campaign's terminals are asked for within seconds, so their first looks fall due within
 * seconds; Temporal hands them out one by one, which for thousands takes minutes. A first look that comes late therefore
 * begins a sweep: a look at all terminals of its campaign that have fallen due. Each terminal's own look, when it
 * comes, is given what was seen.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { TrackedTpe } from '../workflows/types.ts';
import { chunk } from './chunk.ts';
import type { Look, LookInput } from './types.ts';

/** Milliseconds after which a first look is late: without a crowd it begins within a fraction of it. */
const LATE_MS = 250;
/** Looks that a sweep has under way at once: those of other campaigns wait for them, half a second or so. */
const AT_ONCE = 500;
/** Milliseconds by which Temporal may hand out looks in another order than that in which they fell due. */
const OUT_OF_ORDER_MS = 60_000;
/** Milliseconds after a sweep, or a vain attempt at one, until the next of the same campaign. */
const PAUSE_MS = 250;
/** Milliseconds for which looks are kept for those that they belong to. */
const KEPT_MS = 10 * 60_000;

export interface DueLook {
  input: LookInput;
  /** Epoch ms since when it has been due. */
  dueAt: number;
  /** The first of its schedule, which is due together with those of its campaign. */
  isFirst: boolean;
}

export interface Sweeps {
  /** The look that is due: out of a sweep where there is one, else one of its own. */
  look: (due: DueLook) => Promise<Look>;
}

export interface SweepDependencies {
  lookAt: (input: LookInput) => Promise<Look>;
  /** The open terminals of a crowd that were asked for at or after `from` and not after `to` (epoch ms), in that order. */
  findDue: (crowd: Crowd, from: number, to: number) => Promise<TrackedTpe[]>;
  /** Runs `work` unless another worker is at something of the same name: then it rejects. */
  alone: (name: string, work: () => Promise<void>) => Promise<void>;
}

/** Terminals that are asked for together. */
export interface Crowd {
  campaignId: string;
  tms: string;
  attempt: number;
}

interface Sweep {
  /** Looks by terminal; one that was taken is undefined. */
  looks: Map<string, Promise<Look> | undefined>;
  running: boolean;
}

export function createSweeps({ alone, findDue, lookAt }: SweepDependencies): Sweeps {
  const sweeps = new Map<string, Sweep>();

  return {
    look: async ({ input, dueAt, isFirst }) => {
      if (!isFirst || Date.now() - dueAt < LATE_MS) return lookAt(input);
      const { campaignId, tpe } = input;
      const crowd = { campaignId, tms: tpe.tms, attempt: tpe.attempt };
      const name = `sweep ${campaignId} ${tpe.tms} ${tpe.attempt}`;
      const sweep = sweepOf(name);
      const own = sweep.looks.get(tpe.tpeId);
      // Whoever looks again wants to see what is there then.
      sweep.looks.set(tpe.tpeId, undefined);
      if (own) return own;
      if (!sweep.running) {
        sweep.running = true;
        void alone(name, () => begin(sweep, crowd, input, dueAt))
          // Without a sweep each looks for itself.
          .catch(() => undefined)
          .then(() => pause(PAUSE_MS, undefined, { ref: false }))
          .then(() => (sweep.running = false));
      }
      return lookAt(input);
    },
  };

  function sweepOf(name: string): Sweep {
    const known = sweeps.get(name);
    if (known) return known;
    const sweep = { looks: new Map(), running: false };
    sweeps.set(name, sweep);
    setTimeout(() => sweeps.delete(name), KEPT_MS).unref();
    return sweep;
  }

  /** Those that were asked for long before have had their looks, and are not done yet. */
  async function begin({ looks }: Sweep, crowd: Crowd, input: LookInput, dueAt: number): Promise<void> {
    const { requestedAt } = input.tpe;
    const lateMs = Date.now() - dueAt;
    const due = await findDue(crowd, requestedAt - OUT_OF_ORDER_MS, requestedAt + lateMs);
    // From the end, where it is longest until Temporal comes.
    for (const some of chunk(due.toReversed(), AT_ONCE)) {
      const unseen = some.filter(({ tpeId }) => !looks.has(tpeId));
      const seen = unseen.map((tpe) => lookAt({ ...input, tpe }));
      unseen.forEach(({ tpeId }, index) => looks.set(tpeId, seen[index]));
      // A look that fails is the failure of whoever takes it.
      await Promise.allSettled(seen);
    }
  }
}
