/**
 * When each wave of a campaign would run, if all goes well: every update succeeds, every approval is given at once. It
 * goes by the campaign's own clockwork (rate, windows), so that the picture and what happens agree.
 */
import type { PolicyRequest } from '../../api/schema.ts';
import { allowedPerMinute, DEFAULT_GROWTH } from '../../../workflows/policy/rate.ts';
import { WEEKDAYS, type MaintenancePolicy, type RatePolicy } from '../../../workflows/policy/types.ts';
import { nextChange, nextOpening } from '../../../workflows/policy/windows.ts';

export interface WaveToRun {
  /** From 1. */
  wave: number;
  name: string;
  terminals: number;
}

export interface Assumptions {
  /** Epoch ms. */
  now: number;
  /** From the request of an update to its success. */
  updateSeconds: number;
  /** The time zone of the sites, where the policy does not give one. */
  zone: string;
}

export interface WaveEstimate extends WaveToRun {
  /** When its first terminal is asked for, epoch ms. */
  startsAt: number;
  /** When its last terminal is asked for. */
  askedAt: number;
  /** When enough terminals are updated for its gate, or all of the last wave. */
  reachedAt: number;
  /** When its soak is over and the next wave may start. */
  overAt: number;
  /** Somebody must approve what comes after it. */
  approval: boolean;
}

export interface Estimate {
  waves: WaveEstimate[];
  /** When the last update is done. */
  endsAt: number;
  /** When nothing may be asked for, between the first start and the end; the first 200. */
  closed: Span[];
  /** Terminals that are not asked for before the campaign's end, or within 400 days. */
  left: number;
}

const DAY = 86_400_000;
const HORIZON = 400 * DAY;
const MAX_CLOSED = 200;
const DEFAULT_SUCCESS = 95;

/** @param waves as the preview has them: with the sizes that they will have */
export function estimateWaves(
  waves: readonly WaveToRun[],
  policy: PolicyRequest,
  { now, updateSeconds, zone }: Assumptions,
): Estimate {
  const begin = Math.max(now, policy.startAt ? Date.parse(policy.startAt) : now);
  const end = Math.min(policy.endAt ? Date.parse(policy.endAt) : Infinity, now + HORIZON);
  const calendar = new Openings(policy.maintenance, zone, begin);
  const asking = new Asking(calendar, rateOf(policy), { end, updateMs: updateSeconds * 1000 });
  const found: WaveEstimate[] = [];
  let at = begin;
  let left = 0;
  for (const [index, wave] of waves.entries()) {
    const before = asking.asked;
    const run = asking.ask(wave.terminals, at);
    if (!run) {
      left += waves.slice(index).reduce((sum, { terminals }) => sum + terminals, 0);
      break;
    }
    left += wave.terminals - run.count;
    const last = index === waves.length - 1;
    const gate = last ? undefined : policy.waves?.[index]?.gate;
    const needed = last ? 100 : (gate?.minSuccessPercent ?? DEFAULT_SUCCESS) || 100;
    const enough = asking.timeOf(before + Math.min(run.count, (wave.terminals * needed) / 100));
    const reachedAt = wave.terminals === 0 ? run.from : enough + updateSeconds * 1000;
    const overAt = reachedAt + (gate?.soakSeconds ?? 0) * 1000;
    const times = { startsAt: run.from, askedAt: run.to, reachedAt, overAt };
    found.push({ ...wave, ...times, approval: gate?.approval ?? false });
    at = Math.max(run.to, overAt);
  }
  const endsAt = Math.max(
    begin,
    ...found.map(({ askedAt, overAt }) => Math.max(overAt, askedAt + updateSeconds * 1000)),
  );
  return { waves: found, endsAt, closed: calendar.closedBetween(found[0]?.startsAt ?? begin, endsAt), left };
}

function rateOf({ rate }: PolicyRequest): RatePolicy | null {
  return rate ? { ...DEFAULT_GROWTH, ...rate, maxPerMinute: rate.maxPerMinute ?? null } : null;
}

interface Span {
  from: number;
  to: number;
}

/** When the windows are open; looked up once, since an estimate over a year has hundreds of nights. */
class Openings {
  readonly #policy: MaintenancePolicy | null;
  readonly #zone: string;
  /** In their order; the last one is where looking goes on. */
  readonly #open: Span[] = [];

  constructor(maintenance: PolicyRequest['maintenance'], zone: string, begin: number) {
    this.#zone = zone;
    this.#policy = maintenance
      ? {
          windows: (maintenance.windows ?? []).map(({ days = [...WEEKDAYS], from, to }) => ({
            days,
            from,
            to,
          })),
          freezes: (maintenance.freezes ?? []).map(({ from, to }) => ({ from, to, reason: null })),
          timeZone: maintenance.timeZone ?? null,
        }
      : null;
    const first = this.#policy ? nextOpening(this.#policy, zone, begin) : begin;
    if (first !== null) this.#open.push({ from: first, to: this.#changeAfter(first) });
  }

  /** The time from `at` on in which terminals may be asked for; undefined where there is none. */
  next(at: number): Span | undefined {
    for (let index = this.#indexAt(at); ; index++) {
      const span = this.#open[index] ?? this.#oneMore();
      if (!span || span.to > at) return span && { from: Math.max(span.from, at), to: span.to };
    }
  }

  closedBetween(from: number, to: number): Span[] {
    const closed: Span[] = [];
    for (const [index, { to: closes }] of this.#open.entries()) {
      const opens = this.#open[index + 1]?.from ?? Infinity;
      if (closes >= from && closes < to) closed.push({ from: closes, to: Math.min(opens, to) });
    }
    return closed.slice(0, MAX_CLOSED);
  }

  /** The last span that begins before, most often the last of all. */
  #indexAt(at: number): number {
    return Math.max(
      0,
      this.#open.findLastIndex(({ from }) => from <= at),
    );
  }

  #oneMore(): Span | undefined {
    const last = this.#open.at(-1);
    if (!last || last.to === Infinity) return undefined;
    const from = this.#changeAfter(last.to);
    if (from === Infinity) return undefined;
    const span = { from, to: this.#changeAfter(from) };
    this.#open.push(span);
    return span;
  }

  #changeAfter(at: number): number {
    return (this.#policy && nextChange(this.#policy, this.#zone, at)?.at) ?? Infinity;
  }
}

/** What is left of a time without those in which the windows are closed. */
export function openParts(from: number, to: number, closed: readonly Span[]): Span[] {
  const parts: Span[] = [];
  let at = from;
  for (const each of closed.filter((span) => span.to > from && span.from < to)) {
    if (each.from > at) parts.push({ from: at, to: each.from });
    at = Math.max(at, each.to);
  }
  return to > at || parts.length === 0 ? [...parts, { from: at, to: Math.max(at, to) }] : parts;
}

/** Steps of one wave; a rate that grows more often is taken as constant from then on. */
const MAX_STEPS = 3_000;
/** Less than a terminal: what is left over by reckoning with fractions. */
const NOTHING = 1e-6;

/** Asks for terminals, one after the other, and remembers when each was. */
class Asking {
  asked = 0;
  readonly #openings: Openings;
  readonly #rate: RatePolicy | null;
  readonly #end: number;
  readonly #updateMs: number;
  /** Times in which terminals were asked for evenly: `before` were asked for before. */
  readonly #spans: { from: number; to: number; before: number; count: number }[] = [];

  constructor(
    openings: Openings,
    rate: RatePolicy | null,
    { end, updateMs }: { end: number; updateMs: number },
  ) {
    this.#openings = openings;
    this.#rate = rate;
    this.#end = end;
    this.#updateMs = updateMs;
  }

  /** @returns undefined where nothing could be asked for any more */
  ask(terminals: number, from: number): { from: number; to: number; count: number } | undefined {
    let at = from;
    let first: number | undefined;
    let left = terminals;
    for (let step = 0; left > NOTHING || first === undefined; step++) {
      const open = this.#openings.next(at);
      if (!open || open.from >= this.#end) break;
      at = open.from;
      first ??= at;
      const perMs = this.#rate ? allowedPerMinute(this.#rate, this.#successes(at)) / 60_000 : Infinity;
      const growth = step < MAX_STEPS ? this.#growsAt(at, perMs) : Infinity;
      const to = Math.min(open.to, this.#end, at + left / perMs, growth);
      const count = perMs === Infinity ? left : Math.min(left, (to - at) * perMs);
      this.#spans.push({ from: at, to, before: this.asked, count });
      this.asked += count;
      left -= count;
      at = to;
    }
    return first === undefined ? undefined : { from: first, to: at, count: terminals - Math.max(0, left) };
  }

  /** When the n-th terminal was asked for. */
  timeOf(n: number): number {
    const span = this.#spans.find(({ before, count }) => before + count >= n - NOTHING) ?? this.#spans.at(-1);
    if (!span) return 0;
    return span.count === 0 ? span.to : span.from + ((span.to - span.from) * (n - span.before)) / span.count;
  }

  #successes(at: number): number {
    const then = at - this.#updateMs;
    const span = this.#spans.findLast(({ from }) => from <= then);
    if (!span) return 0;
    const share = span.to > span.from ? Math.min(1, (then - span.from) / (span.to - span.from)) : 1;
    // A step of growth is reached exactly at its time, whatever fractions make of it.
    return span.before + span.count * share + NOTHING;
  }

  /** When the rate grows next, if it goes on like this. */
  #growsAt(at: number, perMs: number): number {
    const rate = this.#rate;
    if (!rate || rate.growthFactor === 1 || perMs * 60_000 >= (rate.maxPerMinute ?? Infinity))
      return Infinity;
    const next = (Math.floor(this.#successes(at) / rate.growEvery) + 1) * rate.growEvery;
    const askedAt = next <= this.asked ? this.timeOf(next) : at + (next - this.asked) / perMs;
    return Math.max(askedAt + this.#updateMs, at + 1);
  }
}
