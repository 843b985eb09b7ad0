/**
 * First looks in bulk. A campaign's terminals are asked for within seconds, so their first looks fall due within
 * seconds; Temporal hands them out one by one, at the pace at which it began their trackers, which for thousands takes
 * minutes. A first look that comes late therefore begins a sweep: a look at all terminals of its campaign that have
 * fallen due, and at the others as they do. Each terminal's own look, when it comes, is given the end that was seen.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TrackedTpe } from '../workflows/types.ts';
import { chunk } from './chunk.ts';
import type { Look, LookInput } from './types.ts';

/** Milliseconds after which a first look is late: without a crowd its tracker begins within a fraction of it. */
const LATE_MS = 250;
/** Looks that a sweep has under way at once: those of other campaigns wait for them, half a second or so. */
const AT_ONCE = 500;
/** Milliseconds by which Temporal may hand out looks in another order than that in which they fell due. */
const OUT_OF_ORDER_MS = 60_000;
/** Milliseconds between the rounds of a sweep, and after a vain attempt at one until the next of the same campaign. */
const PAUSE_MS = 250;
/** Rounds in a row to which Temporal has come first, after which a sweep ends: 5 s. */
const VAIN_ROUNDS = 20;
/** Milliseconds by which a round reaches back into the one before: what was asked for is recorded a little later. */
const OVERLAP_MS = 5_000;
/** Milliseconds for which looks are kept for those that they belong to, from the last of these on. */
const KEPT_MS = 10 * 60_000;

export interface Sweeps {
  /**
   * A look: out of a sweep where there is one, else one of its own.
   * @param dueAfterMs milliseconds from the request of the terminal until its look was due, for the first of its schedule,
   *   which is due together with those of its campaign
   */
  look: (input: LookInput, dueAfterMs?: number) => Promise<Look>;
}

export interface SweepDependencies {
  lookAt: (input: LookInput) => Promise<Look>;
  /** The open terminals of a crowd that were asked for at or after `from` and not after `to` (epoch ms), in that order. */
  findDue: (crowd: Crowd, from: number, to: number) => Promise<TrackedTpe[]>;
  /** Runs `work` unless another worker is at something of the same name: then it rejects. */
  alone: (name: string, work: (lost: AbortSignal) => Promise<void>) => Promise<void>;
  pause?: (ms: number) => Promise<unknown>;
}

/** Terminals that are asked for together. */
export interface Crowd {
  campaignId: string;
  tms: string;
  attempt: number;
}

interface Sweep {
  /** Looks by terminal; undefined: there was one, which is out of date. */
  looks: Map<string, Promise<Look> | undefined>;
  /** Epoch ms: whoever was asked for until then has had a look. */
  sweptTo: number;
  running: boolean;
  /** Forgets it when it has not been used for long. */
  forget: NodeJS.Timeout;
}

export function createSweeps(dependencies: SweepDependencies): Sweeps {
  const { alone, findDue, lookAt } = dependencies;
  const { pause = (ms: number) => sleep(ms, undefined, { ref: false }) } = dependencies;
  const sweeps = new Map<string, Sweep>();

  return {
    look: async (input, dueAfterMs) => {
      if (dueAfterMs === undefined) return lookAt(input);
      const { campaignId, tpe } = input;
      const name = `sweep ${campaignId} ${tpe.tms} ${tpe.attempt}`;
      const isLate = Date.now() - tpe.requestedAt - dueAfterMs >= LATE_MS;
      const sweep = isLate ? sweepOf(name) : sweeps.get(name);
      if (!sweep) return lookAt(input);
      const own = sweep.looks.get(tpe.tpeId);
      // Whoever looks again wants to see what is there then.
      sweep.looks.set(tpe.tpeId, undefined);
      if (own) return own;
      if (isLate && !sweep.running && tpe.requestedAt > sweep.sweptTo) begin(name, sweep, input, dueAfterMs);
      return lookAt(input);
    },
  };

  function begin(name: string, sweep: Sweep, input: LookInput, dueAfterMs: number): void {
    sweep.running = true;
    void alone(name, (lost) => run(sweep, input, dueAfterMs, lost))
      // Without a sweep each looks for itself.
      .catch(() => undefined)
      .then(() => pause(PAUSE_MS))
      .then(() => (sweep.running = false));
  }

  function sweepOf(name: string): Sweep {
    const known = sweeps.get(name);
    known?.forget.refresh();
    if (known) return known;
    const forget = setTimeout(() => sweeps.delete(name), KEPT_MS).unref();
    const sweep = { looks: new Map(), sweptTo: 0, running: false, forget };
    sweeps.set(name, sweep);
    return sweep;
  }

  /** Round after round, while there is somebody whom Temporal has not come to. It may take minutes until it does. */
  async function run(sweep: Sweep, input: LookInput, dueAfterMs: number, lost: AbortSignal): Promise<void> {
    const { campaignId, tpe } = input;
    const crowd = { campaignId, tms: tpe.tms, attempt: tpe.attempt };
    // Those that were asked for long before have had their looks, and are not done yet.
    let from = Math.max(tpe.requestedAt - OUT_OF_ORDER_MS, sweep.sweptTo - OVERLAP_MS);
    for (let vain = 0; vain < VAIN_ROUNDS && !lost.aborted; await pause(PAUSE_MS)) {
      const to = Date.now() - dueAfterMs;
      const unseen = await lookAtAll(sweep, input, await findDue(crowd, from, to));
      vain = unseen > 0 ? 0 : vain + 1;
      sweep.sweptTo = to;
      from = to - OVERLAP_MS;
    }
  }

  /** @returns how many of them nobody had looked at */
  async function lookAtAll({ looks }: Sweep, input: LookInput, due: readonly TrackedTpe[]): Promise<number> {
    let count = 0;
    // From the end, where it is longest until Temporal comes.
    for (const some of chunk(due.toReversed(), AT_ONCE)) {
      const unseen = some.filter(({ tpeId }) => !looks.has(tpeId));
      await Promise.all(
        unseen.map(async (tpe) => {
          const seen = lookAt({ ...input, tpe });
          looks.set(tpe.tpeId, seen);
          // Only an end is still true when its own look comes, minutes later.
          const isEnd = await seen.then(
            ({ verdict }) => verdict.settled,
            () => false,
          );
          if (!isEnd) looks.set(tpe.tpeId, undefined);
        }),
      );
      count += unseen.length;
    }
    return count;
  }
}
