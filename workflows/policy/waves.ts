/** Which terminal is in which wave of a campaign, and in what order terminals are asked for. */
import { murmur3 } from './hash.ts';
import type { WaveOrder, WavePolicy, WaveSize } from './types.ts';

/** A terminal to be put into a wave. */
export interface WaveTpe {
  tpeId: string;
  site: string;
  /** Whether it meets the rule of the wave with the same index; false where that wave is not by rule. */
  matches: readonly boolean[];
}

/** Where a terminal stands in a campaign. */
export interface WavePlace {
  tpeId: string;
  /** From 1. */
  wave: number;
  /** From 0 over the whole campaign, wave by wave: the order in which terminals are asked for. */
  place: number;
}

/** What the wave is called that takes what the order `site` keeps out of the last wave. */
export const REST_OF_THE_SITES = 'rest of the sites';

/**
 * Puts every terminal into exactly one wave. Waves are filled in their order from what is left, and never beyond
 * the size asked for: a canary must not grow.
 *
 * With the order `site`, no site with several terminals has all of them in one wave: what would complete a site
 * in one wave waits for the next. Where there is no next wave, one is added (`REST_OF_THE_SITES`, with the gate of
 * the policy's last wave); the waves that are given back are those that there are then.
 *
 * The result depends on nothing but the arguments, and for `random` and `site` not on the order of `tpes` either.
 * Takes 1 to 5 s for 1,000,000 terminals, by the order.
 */
export function sliceWaves(
  tpes: readonly WaveTpe[],
  waves: readonly WavePolicy[],
  order: WaveOrder,
): { slices: WavePlace[]; waves: WavePolicy[] } {
  const guard = order.by === 'site' ? new SiteGuard(tpes) : null;
  const limits = sizesAsked(
    waves.map(({ size }) => size),
    tpes.length,
  );
  const slices: WavePlace[] = [];
  let left = arrange(tpes, order);

  const fill = (index: number, size: WaveSize, limit: number): void => {
    const candidates: Candidates = { matching: 'rule' in size ? index : null, limit, guard };
    const { taken, kept } = takeWave(left, candidates);
    for (const { tpeId } of guard ? spreadSites(taken) : taken) {
      slices.push({ tpeId, wave: index + 1, place: slices.length });
    }
    left = kept;
  };

  for (const [index, { size }] of waves.entries()) fill(index, size, limits[index] ?? Infinity);
  const all = [...waves];
  // Once for a policy whose waves cover every terminal, which the API sees to; twice at most for any other.
  while (left.length > 0) {
    const added = restOfTheSites(waves);
    fill(all.push(added) - 1, added.size, Infinity);
  }
  return { slices, waves: all };
}

function restOfTheSites(waves: readonly WavePolicy[]): WavePolicy {
  const last = waves.at(-1);
  if (!last) throw new RangeError('a campaign has at least one wave');
  return { name: REST_OF_THE_SITES, size: { rest: true }, gate: last.gate };
}

/**
 * The most terminals that each wave may have; Infinity where the size sets no limit. Percents are rounded on their
 * running sum, so that 33.3 + 33.3 + 33.4 % of any number is that number; each is one terminal at least.
 */
export function sizesAsked(sizes: readonly WaveSize[], total: number): number[] {
  let percent = 0;
  let given = 0;
  return sizes.map((size) => {
    if ('count' in size) return size.count;
    if (!('percent' in size)) return Infinity;
    percent += size.percent;
    const asked = Math.max(1, Math.round((percent * total) / 100) - given);
    given += asked;
    return asked;
  });
}

interface Candidates {
  /** Index of the rule that must be met; null: any terminal will do. */
  matching: number | null;
  limit: number;
  guard: SiteGuard | null;
}

function takeWave(
  left: readonly WaveTpe[],
  { matching, limit, guard }: Candidates,
): { taken: WaveTpe[]; kept: WaveTpe[] } {
  const taken: WaveTpe[] = [];
  const kept: WaveTpe[] = [];
  for (const tpe of left) {
    const fits = taken.length < limit && (matching === null || tpe.matches[matching] === true);
    if (fits && (guard === null || guard.admit(tpe.site))) taken.push(tpe);
    else kept.push(tpe);
  }
  guard?.endWave();
  return { taken, kept };
}

/** Keeps a site with several terminals from having all of them in one wave. */
class SiteGuard {
  readonly #totals = new Map<string, number>();
  /** Sites of which an earlier wave has a terminal: the rest of them may come at once. */
  readonly #begun = new Set<string>();
  readonly #inWave = new Map<string, number>();

  constructor(tpes: readonly WaveTpe[]) {
    for (const { site } of tpes) this.#totals.set(site, (this.#totals.get(site) ?? 0) + 1);
  }

  /** Counts a terminal of the site into the wave, unless it would be the last of an untouched site. */
  admit(site: string): boolean {
    const total = this.#totals.get(site) ?? 1;
    if (total === 1 || this.#begun.has(site)) return true;
    const here = (this.#inWave.get(site) ?? 0) + 1;
    if (here === total) return false;
    this.#inWave.set(site, here);
    return true;
  }

  endWave(): void {
    for (const site of this.#inWave.keys()) this.#begun.add(site);
    this.#inWave.clear();
  }
}

function arrange(tpes: readonly WaveTpe[], { by, seed }: WaveOrder): readonly WaveTpe[] {
  if (by === 'given') return tpes;
  const shuffled = shuffle(tpes, ({ tpeId }) => tpeId, seed);
  return by === 'random' ? shuffled : takeTurns(shuffled, seed);
}

/** In the order of a hash of key and seed; keys that have the same one are in the order of the keys. */
function shuffle<T>(items: readonly T[], keyOf: (item: T) => string, seed: number): T[] {
  return items
    .map((item) => ({ item, key: keyOf(item), rank: murmur3(keyOf(item), seed) }))
    .sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1))
    .map(({ item }) => item);
}

/** One terminal of each site in turn, until there are no more; sites in an order that the seed decides. */
function takeTurns(tpes: readonly WaveTpe[], seed: number): WaveTpe[] {
  const bySite = Map.groupBy(tpes, ({ site }) => site);
  let sites = shuffle([...bySite], ([site]) => site, seed).map(([, members]) => members);
  const turns: WaveTpe[] = [];
  for (let turn = 0; sites.length > 0; turn++) {
    for (const members of sites) turns.push(...members.slice(turn, turn + 1));
    sites = sites.filter((members) => members.length > turn + 1);
  }
  return turns;
}

/** The terminals of a wave in turns by site: the wave may have begun in the middle of a turn, or by a rule. */
function spreadSites(taken: readonly WaveTpe[]): WaveTpe[] {
  const turns: WaveTpe[][] = [];
  const seen = new Map<string, number>();
  for (const tpe of taken) {
    const turn = seen.get(tpe.site) ?? 0;
    seen.set(tpe.site, turn + 1);
    (turns[turn] ??= []).push(tpe);
  }
  return turns.flat();
}
