/** What a policy says, in sentences. */
import type { StoreValue } from 'nanostores';
import type { PolicyRequest } from '../../api/schema.ts';
import type { Format } from '../../i18n/format.ts';
import type { messages } from './en.ts';
import { DAYS, type FailureAction } from './policy-form.ts';

export interface Words {
  t: StoreValue<typeof messages>;
  format: Format;
}

type Wave = NonNullable<PolicyRequest['waves']>[number];

export function policyInWords(words: Words, policy: PolicyRequest): string[] {
  return [
    ...wavesInWords(words, policy.waves ?? []),
    paceInWords(words, policy.rate),
    ...orderInWords(words, policy.order),
    thresholdInWords(words, policy.failureThreshold),
    ...timesInWords(words, policy),
    ...maintenanceInWords(words, policy.maintenance),
    ...restInWords(words, policy),
  ];
}

function wavesInWords(words: Words, waves: readonly Wave[]): string[] {
  const { t, format } = words;
  if (waves.length < 2) return [t.inOneWave];
  const names = waves.map((wave, index) => wave.name ?? t.waveUnnamed({ n: String(index + 1) }));
  const parts = waves.map((wave, index) =>
    t.wavePart({ name: names[index] ?? '', size: sizeInWords(words, wave) }),
  );
  const list = t.inWaves({ n: format.number(waves.length), list: parts.join(', ') });
  const gates = waves.slice(0, -1).map(({ gate }) => gateInWords(words, gate));
  // What holds for all of them is said once.
  if (new Set(gates).size === 1) return [list, t.gateAll({ conditions: gates[0] ?? '' })];
  return [list, ...gates.map((conditions, index) => t.gateOf({ name: names[index] ?? '', conditions }))];
}

function sizeInWords({ t, format }: Words, { percent, count, rule }: Wave): string {
  if (percent !== undefined) return format.percent(percent);
  if (count !== undefined) return format.number(count);
  return rule === undefined ? t.sizeRest : t.sizeRule;
}

function gateInWords({ t, format }: Words, gate: Wave['gate'] = {}): string {
  const { minSuccessPercent = 95, soakSeconds = 0, approval = false, onFailure = 'pause' } = gate;
  return [
    t.gateSuccessWords({ percent: format.percent(minSuccessPercent) }),
    ...(soakSeconds > 0 ? [t.gateSoakWords({ duration: format.duration(soakSeconds) })] : []),
    ...(approval ? [t.gateApprovalWords] : []),
    t.gateElse({ action: doesInWords(t, onFailure) }),
  ].join(', ');
}

function doesInWords(t: Words['t'], action: FailureAction): string {
  return { pause: t.doesPause, abort: t.doesAbort, 'roll-back': t.doesRollBack }[action];
}

function paceInWords({ t, format }: Words, rate: PolicyRequest['rate']): string {
  if (!rate) return t.paceFree;
  const { perMinute, growthFactor = 1, growEvery = 100, maxPerMinute } = rate;
  const n = format.number(perMinute);
  if (growthFactor === 1) return t.paceRate({ n });
  const most = maxPerMinute ? t.paceMost({ n: format.number(maxPerMinute) }) : t.paceNoMost;
  return t.paceGrows({ n, factor: format.number(growthFactor), every: format.number(growEvery), most });
}

function orderInWords({ t }: Words, order: PolicyRequest['order']): string[] {
  if (order?.by === 'random') return [t.orderRandomWords];
  return order?.by === 'site' ? [t.orderSiteWords] : [];
}

function thresholdInWords({ t, format }: Words, threshold: PolicyRequest['failureThreshold']): string {
  if (threshold === null) return t.thresholdNone;
  const { percent = 5, minSample = 20, action = 'pause' } = threshold ?? {};
  return t.thresholdWords({
    action: doesInWords(t, action),
    percent: format.percent(percent),
    sample: format.number(minSample),
  });
}

function timesInWords({ t, format }: Words, { startAt, endAt }: PolicyRequest): string[] {
  return [
    ...(startAt ? [t.startWords({ when: format.dateTime(startAt) })] : []),
    ...(endAt ? [t.endWords({ when: format.dateTime(endAt) })] : []),
  ];
}

function maintenanceInWords({ t }: Words, maintenance: PolicyRequest['maintenance']): string[] {
  const { windows = [], freezes = [], timeZone } = maintenance ?? {};
  const clock = timeZone ? t.clockZone({ zone: timeZone }) : t.clockSites;
  // A row that is being filled in says nothing yet.
  const opened = windows
    .filter(isWhole)
    .map(({ days, from, to }) => t.windowWords({ days: daysInWords(t, days), from, to }));
  const frozen = freezes.filter(isWhole).map(({ from, to }) => t.freezeWords({ from, to }));
  return [
    ...(opened.length > 0 ? [t.windowsWords({ list: opened.join(', '), clock })] : []),
    ...(frozen.length > 0 ? [t.freezesWords({ list: frozen.join(', ') })] : []),
  ];
}

function isWhole({ from, to }: { from: string; to: string }): boolean {
  return from !== '' && to !== '';
}

function daysInWords(t: Words['t'], days: readonly (typeof DAYS)[number][] = DAYS): string {
  return days.length === DAYS.length ? t.everyDay : days.map((day) => t[day]).join(' ');
}

function restInWords({ t, format }: Words, policy: PolicyRequest): string[] {
  const { retry, onFailure, approval, membership, deadlineSeconds, stallSeconds } = policy;
  const attempts = retry?.attempts ?? 1;
  const pause = format.duration(retry?.backoffSeconds ?? 300);
  return [
    ...(attempts > 1 ? [t.retryWords({ n: format.number(attempts), pause })] : []),
    ...(onFailure === 'roll-back' ? [t.rollBackWords] : []),
    ...(approval === 'four-eyes' ? [t.fourEyesWords] : []),
    ...(membership === 'dynamic' ? [t.dynamicWords] : []),
    ...(deadlineSeconds === undefined
      ? []
      : [t.deadlineWords({ duration: format.duration(deadlineSeconds) })]),
    ...(stallSeconds ? [t.stallWords({ duration: format.duration(stallSeconds) })] : []),
  ];
}
