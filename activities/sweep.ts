/**
 * First looks in bulk. A campaign's terminals are asked for within seconds, so their first looks fall due within
 * seconds; Temporal hands them out one by one, which for thousands takes minutes. The first look of a shard that comes
 * late therefore looks at all of the shard's terminals that are due, and each of their own looks is given what was seen.
 */
import type { TrackedTpe } from '../workflows/types.ts';
import type { Look, LookInput } from './types.ts';

/** Milliseconds after which a first look is late: without a crowd it begins within a fraction of it. */
const LATE_MS = 250;
/** Milliseconds for which the looks of a sweep are kept for those that they belong to. */
const KEPT_MS = 10 * 60_000;

export interface DueLook {
  input: LookInput;
  /** Epoch ms since when it has been due. */
  dueAt: number;
  /** The first of its schedule, which is due together with those of its shard. */
  isFirst: boolean;
}

export interface Sweeps {
  /** The look that is due: out of the sweep of its shard where it is late, else one of its own. */
  look: (due: DueLook) => Promise<Look>;
}

export interface SweepDependencies {
  lookAt: (input: LookInput) => Promise<Look>;
  /** The shard's open terminals in the same attempt that were asked for until `requestedBefore` (epoch ms). */
  findDue: (shard: Shard, requestedBefore: number) => Promise<TrackedTpe[]>;
  /** Runs `work` unless another worker is at something of the same name: then it rejects. */
  alone: (name: string, work: () => Promise<unknown>) => Promise<unknown>;
}

/** Terminals that were asked for together. */
export interface Shard {
  campaignId: string;
  shard: number;
  attempt: number;
}

/** The looks of a sweep that nobody has taken yet, by terminal. */
type Sweep = Map<string, Promise<Look>>;

export function createSweeps({ alone, findDue, lookAt }: SweepDependencies): Sweeps {
  const sweeps = new Map<string, Promise<Sweep>>();

  return {
    look: async ({ input, dueAt, isFirst }) => {
      const { shard, tpe } = input;
      if (!isFirst || shard === undefined || Date.now() - dueAt < LATE_MS) return lookAt(input);
      const sweep = await sweepOf(input, shard, dueAt);
      const own = sweep.get(tpe.tpeId);
      // Whoever looks again wants to see what is there then.
      sweep.delete(tpe.tpeId);
      return own ?? lookAt(input);
    },
  };

  function sweepOf(input: LookInput, shard: number, dueAt: number): Promise<Sweep> {
    const { campaignId, tpe } = input;
    const name = `sweep ${campaignId} ${shard} ${tpe.attempt}`;
    const known = sweeps.get(name);
    if (known) return known;
    const sweep = Promise.withResolvers<Sweep>();
    sweeps.set(name, sweep.promise);
    setTimeout(() => sweeps.delete(name), KEPT_MS).unref();
    alone(name, async () => {
      const waited = dueAt - tpe.requestedAt;
      const due = await findDue({ campaignId, shard, attempt: tpe.attempt }, Date.now() - waited);
      const looks = new Map(due.map((each) => [each.tpeId, lookAt({ ...input, tpe: each })]));
      sweep.resolve(looks);
      // A look that fails is the failure of whoever takes it.
      await Promise.allSettled(looks.values());
    })
      // Without a sweep each looks for itself.
      .catch(() => sweep.resolve(new Map()));
    return sweep.promise;
  }
}
