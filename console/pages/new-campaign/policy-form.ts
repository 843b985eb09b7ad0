/**
 * The policy as a form has it, and as the API takes it. Fields are texts: an empty one leaves the default to the API.
 * What the form has no field for is kept as it came, so that a template loses nothing when it is changed by hand.
 */
import type { PolicyRequest } from '../../api/schema.ts';

type Wave = NonNullable<PolicyRequest['waves']>[number];
type Maintenance = NonNullable<PolicyRequest['maintenance']>;
export type FailureAction = 'pause' | 'abort' | 'roll-back';
export type SizeKind = 'percent' | 'count' | 'rule' | 'rest';

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof DAYS)[number];

/** Rows have numbers of their own: they are moved and taken out. */
interface Row {
  id: number;
}

export interface WaveForm extends Row {
  name: string;
  by: SizeKind;
  /** A number, or a rule. */
  size: string;
  minSuccess: string;
  soakMinutes: string;
  approval: boolean;
  onFailure: FailureAction;
}

export interface WindowForm extends Row {
  days: readonly Day[];
  from: string;
  to: string;
}

export interface FreezeForm extends Row {
  from: string;
  to: string;
  reason: string;
}

export interface PolicyForm {
  waves: readonly WaveForm[];
  order: 'given' | 'random' | 'site';
  perMinute: string;
  growthFactor: string;
  growEvery: string;
  maxPerMinute: string;
  threshold: boolean;
  thresholdPercent: string;
  minSample: string;
  countTimeouts: boolean;
  thresholdAction: FailureAction;
  /** By the clock of who fills it in: `2026-11-27T22:00`. */
  startAt: string;
  endAt: string;
  windows: readonly WindowForm[];
  freezes: readonly FreezeForm[];
  timeZone: string;
  fourEyes: boolean;
  attempts: string;
  backoffMinutes: string;
  backoffFactor: string;
  rollBack: boolean;
  kept: Kept;
}

type Kept = Pick<
  PolicyRequest,
  | 'polling'
  | 'deadlineSeconds'
  | 'progressEverySeconds'
  | 'stallSeconds'
  | 'cancelWithinSeconds'
  | 'membership'
> & { seed?: number; reasons?: string[] | null };

export function newWave(rows: readonly Row[], by: SizeKind = 'percent', size = ''): WaveForm {
  const row = { id: nextId(rows), name: '', by, size, minSuccess: '', soakMinutes: '' };
  return { ...row, approval: false, onFailure: 'pause' };
}

export function newWindow(rows: readonly Row[]): WindowForm {
  return { id: nextId(rows), days: DAYS, from: '22:00', to: '05:00' };
}

export function newFreeze(rows: readonly Row[]): FreezeForm {
  return { id: nextId(rows), from: '', to: '', reason: '' };
}

function nextId(rows: readonly Row[]): number {
  return Math.max(0, ...rows.map(({ id }) => id)) + 1;
}

/** The form that shows a policy. */
export function toForm(policy: PolicyRequest): PolicyForm {
  const { rate, failureThreshold: threshold, maintenance, retry } = policy;
  return {
    waves: (policy.waves ?? [{ rest: true }]).map(toWaveForm),
    order: policy.order?.by ?? 'given',
    perMinute: written(rate?.perMinute),
    growthFactor: written(rate?.growthFactor),
    growEvery: written(rate?.growEvery),
    maxPerMinute: written(rate?.maxPerMinute),
    threshold: threshold !== null,
    thresholdPercent: written(threshold?.percent),
    minSample: written(threshold?.minSample),
    countTimeouts: threshold?.countTimeouts ?? false,
    thresholdAction: threshold?.action ?? 'pause',
    startAt: toLocal(policy.startAt),
    endAt: toLocal(policy.endAt),
    windows: (maintenance?.windows ?? []).map(({ days = [...DAYS], from, to }, i) => ({
      id: i + 1,
      days,
      from,
      to,
    })),
    freezes: (maintenance?.freezes ?? []).map(({ from, to, reason }, i) => ({
      id: i + 1,
      from,
      to,
      reason: reason ?? '',
    })),
    timeZone: maintenance?.timeZone ?? '',
    fourEyes: policy.approval === 'four-eyes',
    attempts: written(retry?.attempts),
    backoffMinutes: inMinutes(retry?.backoffSeconds),
    backoffFactor: written(retry?.backoffFactor),
    rollBack: policy.onFailure === 'roll-back',
    kept: keptOf(policy),
  };
}

function toWaveForm({ name, percent, count, rule, gate }: Wave, index: number): WaveForm {
  const by =
    percent !== undefined ? 'percent' : count !== undefined ? 'count' : rule !== undefined ? 'rule' : 'rest';
  return {
    id: index + 1,
    name: name ?? '',
    by,
    size: rule ?? written(percent ?? count),
    minSuccess: written(gate?.minSuccessPercent),
    soakMinutes: inMinutes(gate?.soakSeconds),
    approval: gate?.approval ?? false,
    onFailure: gate?.onFailure ?? 'pause',
  };
}

function keptOf({
  polling,
  deadlineSeconds,
  progressEverySeconds,
  stallSeconds,
  ...policy
}: PolicyRequest): Kept {
  const { cancelWithinSeconds, membership, order, retry } = policy;
  return given({
    polling,
    deadlineSeconds,
    progressEverySeconds,
    stallSeconds,
    cancelWithinSeconds,
    membership,
    seed: order?.seed,
    reasons: retry?.reasons,
  });
}

/** The policy that a form shows. Rows that are not filled in are in it too: the API says what they lack. */
export function toPolicy(form: PolicyForm): PolicyRequest {
  const { seed, reasons, ...kept } = form.kept;
  const rate = given({
    perMinute: number(form.perMinute),
    growthFactor: number(form.growthFactor),
    growEvery: number(form.growEvery),
    maxPerMinute: number(form.maxPerMinute),
  });
  const threshold = given({
    percent: number(form.thresholdPercent),
    minSample: number(form.minSample),
    countTimeouts: form.countTimeouts || undefined,
    action: form.thresholdAction === 'pause' ? undefined : form.thresholdAction,
  });
  const retry = given({
    attempts: number(form.attempts),
    backoffSeconds: inSeconds(form.backoffMinutes),
    backoffFactor: number(form.backoffFactor),
    reasons,
  });
  return given({
    ...kept,
    waves: isOneWave(form.waves) ? undefined : form.waves.map(toWave),
    order: form.order === 'given' ? undefined : given({ by: form.order, seed }),
    rate: hasSome(rate) ? (rate as PolicyRequest['rate']) : undefined,
    failureThreshold: form.threshold ? (hasSome(threshold) ? threshold : undefined) : null,
    startAt: toInstant(form.startAt),
    endAt: toInstant(form.endAt),
    maintenance: toMaintenance(form),
    approval: form.fourEyes ? 'four-eyes' : undefined,
    retry: hasSome(retry) ? retry : undefined,
    onFailure: form.rollBack ? 'roll-back' : undefined,
  });
}

/** The default, about which nothing need be said. */
function isOneWave([first, ...others]: readonly WaveForm[]): boolean {
  return others.length === 0 && first?.by === 'rest' && first.name.trim() === '';
}

function toWave({ name, by, size, minSuccess, soakMinutes, approval, onFailure }: WaveForm): Wave {
  const gate = given({
    minSuccessPercent: number(minSuccess),
    soakSeconds: inSeconds(soakMinutes),
    approval: approval || undefined,
    onFailure: onFailure === 'pause' ? undefined : onFailure,
  });
  return given({
    name: name.trim() || undefined,
    percent: by === 'percent' ? number(size) : undefined,
    count: by === 'count' ? number(size) : undefined,
    rule: by === 'rule' ? size : undefined,
    rest: by === 'rest' ? true : undefined,
    gate: hasSome(gate) ? gate : undefined,
  });
}

function toMaintenance({ windows, freezes, timeZone }: PolicyForm): Maintenance | undefined {
  if (windows.length === 0 && freezes.length === 0) return undefined;
  return given({
    windows:
      windows.length > 0 ? windows.map(({ days, from, to }) => ({ days: [...days], from, to })) : undefined,
    freezes:
      freezes.length > 0
        ? freezes.map(({ from, to, reason }) => ({
            from,
            to,
            ...(reason.trim() && { reason: reason.trim() }),
          }))
        : undefined,
    timeZone: timeZone.trim() || undefined,
  });
}

/** Without what is undefined. */
function given<T extends object>(parts: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function hasSome(parts: object): boolean {
  return Object.keys(parts).length > 0;
}

function written(value: number | null | undefined): string {
  return value === undefined || value === null ? '' : String(value);
}

/** What is no number at all is sent as it is, for the API to refuse. */
function number(text: string): number | undefined {
  return text.trim() === '' ? undefined : Number(text);
}

function inMinutes(seconds: number | undefined): string {
  return seconds === undefined ? '' : String(seconds / 60);
}

/** To the millisecond: thirds of a minute have no end. */
function inSeconds(minutes: string): number | undefined {
  const value = number(minutes);
  return value === undefined ? undefined : Math.round(value * 60_000) / 1000;
}

/** As a field for a moment has it, by the clock of this machine. */
export function toLocal(instant: string | null | undefined): string {
  if (!instant) return '';
  const at = new Date(instant);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString();
  return local.slice(0, at.getUTCSeconds() === 0 ? 16 : 19);
}

export function toInstant(local: string): string | undefined {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
