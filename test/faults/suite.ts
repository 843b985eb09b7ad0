/** Rounds of random faults, one after the other, until a time is over or something is broken. */
import { between, type Random, seededRandom } from '../support/random.ts';
import { catalogue, type Fault, type FaultKind } from './faults.ts';
import { measure } from './growth.ts';
import { runRound } from './round.ts';
import { choose } from './scheduler.ts';
import { PROCESSES, World } from './world.ts';

export interface SuiteOptions {
  seed: number;
  /** Rounds begin until so many minutes are over; one is run in any case. */
  minutes: number;
  /** Of each campaign. */
  terminals: { from: number; to: number };
  /** Of each round. */
  faults: { from: number; to: number };
  /** Faults whose name has this in it, and no others. */
  only?: string | undefined;
  kinds?: readonly FaultKind[];
  tell: (text: string) => void;
  signal?: AbortSignal | undefined;
}

export interface SuiteResult {
  rounds: number;
  faults: number;
  terminals: Record<string, number>;
  /** What does not hold; empty where all is well. */
  broken: string[];
}

/** Runs rounds on a platform of its own; ends with the first round that breaks something. */
export async function runSuite(options: SuiteOptions): Promise<SuiteResult> {
  const { seed, minutes, tell, signal } = options;
  const random = seededRandom(seed);
  tell(`seed ${seed}`);
  const world = await World.start(random);
  const { missing } = world.disks;
  if (missing !== null) tell(`full disks are left out, which takes the right to mount: ${missing}`);
  const result: SuiteResult = { rounds: 0, faults: 0, terminals: {}, broken: [] };
  try {
    const kinds = faultsOf(world, random, options);
    const before = measure(world);
    for (const deadline = Date.now() + minutes * 60_000; ;) {
      const faults = choose(random, kinds, between(random, options.faults.from, options.faults.to));
      const begun = performance.now();
      const { broken, done, counts } = await runRound(world, random, {
        name: `round-${++result.rounds}`,
        terminals: between(random, options.terminals.from, options.terminals.to),
        faults,
        before,
        tell,
      });
      result.faults += done.length;
      for (const [status, count] of Object.entries(counts)) {
        result.terminals[status] = (result.terminals[status] ?? 0) + count;
      }
      for (const what of done) tell(`  ${what}`);
      tell(`  ${JSON.stringify(counts)} in ${Math.round((performance.now() - begun) / 1000)} s`);
      if (broken.length > 0) {
        result.broken = broken;
        tell(`BROKEN in round ${result.rounds}, seed ${seed}; logs: ${world.stack.dataDir}/logs`);
        for (const what of broken) tell(`  ✘ ${what}`);
        break;
      }
      if (Date.now() >= deadline || signal?.aborted) break;
    }
    tell(`memory: ${[...measure(world)].map(([name, { memoryMb }]) => `${name} ${memoryMb} MB`).join(', ')}`);
    tell(
      `started again: ${PROCESSES.map((name) => `${name} ${world.stack.process(name).restarts}`).join(', ')}`,
    );
  } finally {
    await world.stop(result.broken.length > 0);
  }
  return result;
}

/** @throws Error where nothing of the kind is there */
function faultsOf(world: World, random: Random, { kinds, only }: SuiteOptions): Fault[][] {
  const all = catalogue(world, random);
  const chosen = (kinds ?? (Object.keys(all) as FaultKind[]))
    .map((kind) => all[kind].filter(({ name }) => only === undefined || name.includes(only)))
    .filter((faults) => faults.length > 0);
  if (chosen.length === 0) throw new Error(`There is no fault with "${only}" in its name.`);
  return chosen;
}
