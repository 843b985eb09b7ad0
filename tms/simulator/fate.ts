/**
 * What happens to a terminal and to a call: pure functions of the seed and of what it is about, so that a run
 * can be repeated whatever the order and the timing of the calls.
 */
import { hash } from 'node:crypto';
import type { Behaviour, BehaviourOverride } from './config.ts';

/** The life of one operation. Times are simulated seconds after it was accepted. */
export interface Fate {
  /** The TMS accepts it and then knows nothing of it. */
  forgotten: boolean;
  /** The terminal can't be reached, and does not begin, until then; Infinity where it never comes back. */
  offlineUntil: number;
  downloadAt: number;
  installAt: number;
  endAt: number;
  end: 'DONE' | 'FAILED';
  reason: string | null;
  /** DONE is not true: the terminal keeps its version. */
  lies: boolean;
}

/** Numbers of 0 ≤ n < 1 that depend on `parts` alone; at most eight, one after the other. */
function draw(...parts: (string | number)[]): () => number {
  const digest = hash('sha256', parts.join('|'), 'buffer');
  let at = 0;
  return () => digest.readUInt32LE(4 * at++) / 2 ** 32;
}

function within(range: { min: number; max: number }, share: number): number {
  return range.min + (range.max - range.min) * share;
}

function pick(list: readonly string[], share: number): string | null {
  return list[Math.floor(share * list.length)] ?? null;
}

/** How the TMS and a terminal of this model behave in an operation for this version. */
export function behaviourFor(
  behaviour: Behaviour,
  overrides: readonly BehaviourOverride[],
  model: string,
  version: string,
): Behaviour {
  return overrides
    .filter((each) => (each.model ?? model) === model && (each.version ?? version) === version)
    .reduce(
      (merged, { model: _model, version: _version, ...settings }) => ({ ...merged, ...settings }),
      behaviour,
    );
}

/** @param attempt the how-manieth operation of this terminal for this version it is, from 1 */
export function decideFate(
  behaviour: Behaviour,
  seed: number,
  idTms: string,
  attempt: number,
  targetVersion: string,
): Fate {
  const chance = draw(seed, 'fate', idTms, attempt, targetVersion);
  const time = draw(seed, 'time', idTms, attempt, targetVersion);
  const forgotten = chance() < behaviour.forgetRate;
  const offline = chance() < behaviour.offlineRate;
  const forEver = chance() < behaviour.neverBackRate;
  const fails = chance() < behaviour.failRate;
  const failsEarly = chance() < 0.5;
  const reason = pick(behaviour.failReasons, chance());
  const lies = chance() < behaviour.lieRate;

  const back = forEver ? Infinity : within(behaviour.offlineSeconds, time());
  const offlineUntil = offline ? back : 0;
  const downloadAt = offlineUntil + within(behaviour.queueSeconds, time());
  const downloaded = downloadAt + within(behaviour.downloadSeconds, time());
  const installed = downloaded + within(behaviour.installSeconds, time());
  const early = fails && failsEarly;
  return {
    forgotten,
    offlineUntil,
    downloadAt,
    installAt: early ? Infinity : downloaded,
    endAt: early ? downloaded : installed,
    end: fails ? 'FAILED' : 'DONE',
    reason: fails ? reason : null,
    lies: lies && !fails,
  };
}

/** Why the TMS refuses this version for this terminal; null where it takes it. */
export function decideRefusal(
  behaviour: Behaviour,
  seed: number,
  idTms: string,
  version: string,
): string | null {
  if (behaviour.rejectRate === 0) return null;
  const chance = draw(seed, 'refusal', idTms, version);
  return chance() < behaviour.rejectRate ? pick(behaviour.rejectReasons, chance()) : null;
}

/** The states that an operation goes through; DONE and FAILED are at the same place. */
const COURSE = ['QUEUED', 'DOWNLOADING', 'INSTALLING'] as const;

/** The earlier state that the `nth` look at an operation is told; null where it is told the true one. */
export function decideBackwards(
  { backwardsRate }: Behaviour,
  seed: number,
  look: { operationId: string; nth: number; state: string },
): (typeof COURSE)[number] | null {
  if (backwardsRate === 0 || look.state === 'CANCELLED') return null;
  const at = COURSE.findIndex((state) => state === look.state);
  const chance = draw(seed, 'backwards', look.operationId, look.nth);
  if (chance() >= backwardsRate) return null;
  const earlier = COURSE.slice(0, at === -1 ? undefined : at);
  return earlier[Math.floor(chance() * earlier.length)] ?? null;
}

export interface CallFate {
  latencyMs: number;
  answer: 'normal' | 'lost' | 'error';
  /** The call is carried out; otherwise it is as if it had not come. */
  carriedOut: boolean;
}

/**
 * What happens to the `nth` call of one kind about one terminal (the first of a bulk call).
 * @param write whether its answer may be lost: update and cancel
 */
export function decideCall(
  behaviour: Behaviour,
  seed: number,
  call: { kind: string; idTms: string; nth: number; write: boolean },
): CallFate {
  const { latencyMs, lostAnswerRate, errorRate } = behaviour;
  if (latencyMs.max === 0 && lostAnswerRate === 0 && errorRate === 0) {
    return { latencyMs: 0, answer: 'normal', carriedOut: true };
  }
  const chance = draw(seed, call.kind, call.idTms, call.nth);
  const delay = within(latencyMs, chance());
  const lost = chance() < lostAnswerRate && call.write;
  const error = chance() < errorRate;
  const nevertheless = chance() < 0.5;
  if (lost) return { latencyMs: delay, answer: 'lost', carriedOut: true };
  return { latencyMs: delay, answer: error ? 'error' : 'normal', carriedOut: !error || nevertheless };
}

/** What the Hardware-API says of a terminal's battery, and whether this call reaches it. */
export function decideHardware(
  hardware: { latencyMs: { min: number; max: number }; unreachableRate: number },
  seed: number,
  tpeId: string,
  nth: number,
): { latencyMs: number; reached: boolean; battery: number } {
  const chance = draw(seed, 'hardware', tpeId, nth);
  return {
    latencyMs: within(hardware.latencyMs, chance()),
    reached: chance() >= hardware.unreachableRate,
    battery: 20 + Math.floor(81 * chance()),
  };
}
