/** The policy of a campaign: from what was asked for, a template and the defaults. */
import { databaseNow } from '../db/clock.ts';
import { findPolicyTemplate, listPolicyTemplates, type PolicyTemplateRow } from '../db/policy-template.ts';
import type { Pool } from '../db/pool.ts';
import {
  DEFAULT_FAILURE_THRESHOLD,
  DEFAULT_GATE,
  DEFAULT_POLICY,
  DEFAULT_RETRY,
} from '../workflows/policy/defaults.ts';
import { POLLING_SCHEDULES } from '../workflows/policy/polling.ts';
import { DEFAULT_GROWTH } from '../workflows/policy/rate.ts';
import {
  CHANGEABLE,
  WEEKDAYS,
  type CampaignPolicy,
  type MaintenancePolicy,
  type PolicyChange,
  type WavePolicy,
  type WaveSize,
} from '../workflows/policy/types.ts';
import { Problem, type ProblemItem } from './errors.ts';
import { checkPolicy, type PolicyFault } from './policy-checks.ts';
import type { PolicyChangeRequest } from './schemas/policy-change.ts';
import type { PolicyTemplateRef } from './schemas/policy-template.ts';
import type { PolicyRequest } from './schemas/policy.ts';
import { notValid, toPointer } from './validate.ts';

export { policyTemplateRef } from './schemas/policy-template.ts';

/** Names of templates that a refusal lists. */
const NAMED = 20;

/**
 * The policy as asked for with every default filled in, as the campaign keeps it.
 * @param now epoch ms, by the database's clock where there is a database
 * @throws Problem `validation-failed`, with pointers below `/policy`, if its parts contradict one another
 */
export function resolvePolicy(asked: PolicyRequest | undefined, now = Date.now()): CampaignPolicy {
  const policy = completePolicy(asked ?? {});
  refuse(checkPolicy(policy, now).map((fault) => toItem(fault, ['policy'])));
  return policy;
}

/**
 * The policy that a campaign is created with. What the request gives comes before the template, part by part: a
 * request with `rate` has all of its own rate, and everything else of the template.
 * @throws Problem `unknown-template` if there is no such template or version
 * @throws Problem `validation-failed`, with pointers below `/policy`, if the parts contradict one another
 */
export async function readPolicy(
  pool: Pool,
  asked: { policyTemplate?: PolicyTemplateRef | undefined; policy?: PolicyRequest | undefined },
): Promise<{ policy: CampaignPolicy; template: { name: string; version: number } | null }> {
  const now = await databaseNow(pool);
  if (asked.policyTemplate === undefined) return { policy: resolvePolicy(asked.policy, now), template: null };
  const template = await requireTemplate(pool, asked.policyTemplate);
  const { name, version } = template;
  // It has passed the schema when it was saved.
  const policy = completePolicy({ ...(template.policy as PolicyRequest), ...asked.policy });
  const items = checkPolicy(policy, now).map((fault) => {
    const item = toItem(fault, ['policy']);
    const own = Object.hasOwn(asked.policy ?? {}, fault.path[0]);
    return own ? item : { ...item, message: `${item.message} (policy template ${name}, version ${version})` };
  });
  refuse(items);
  return { policy, template: { name, version } };
}

/**
 * What a request changes of a running campaign's policy, its defaults filled in.
 * @param now as for `resolvePolicy`
 * @throws Problem `validation-failed`, with pointers into the request, if the policy would contradict itself
 */
export function resolvePolicyChange(
  asked: PolicyChangeRequest,
  current: CampaignPolicy,
  now = Date.now(),
): PolicyChange {
  const complete = completePolicy(asked);
  const given = CHANGEABLE.filter((part) => asked[part] !== undefined);
  const change: PolicyChange = Object.fromEntries(given.map((part) => [part, complete[part]]));
  const concerned = checkPolicy({ ...current, ...change }, now).flatMap((fault) => {
    const blamed =
      given.find((part) => part === fault.path[0]) ?? given.find((part) => fault.parts.includes(part));
    if (!blamed) return [];
    return [blamed === fault.path[0] ? toItem(fault, []) : blame(blamed, fault)];
  });
  refuse(concerned);
  return change;
}

/** A fault in a part that is as it was, because of one that is changed. */
function blame(part: keyof PolicyChange, fault: PolicyFault): ProblemItem {
  return {
    pointer: toPointer([part]),
    message: `does not go with ${fault.path.join('.')}, which ${fault.message}`,
  };
}

function toItem({ path, message }: PolicyFault, above: readonly string[]): ProblemItem {
  return { pointer: toPointer([...above, ...path]), message };
}

function refuse(items: readonly ProblemItem[]): void {
  if (items.length > 0) throw notValid('validation-failed', items);
}

async function requireTemplate(pool: Pool, ref: PolicyTemplateRef): Promise<PolicyTemplateRow> {
  const { name, version } = typeof ref === 'string' ? { name: ref } : ref;
  const template = await findPolicyTemplate(pool, name, version);
  if (template) return template;
  const newest = version === undefined ? undefined : await findPolicyTemplate(pool, name);
  const detail = newest
    ? `The policy template ${name} has no version ${version}; the newest is ${newest.version}.`
    : `There is no policy template ${name}. ${await describeTemplates(pool)}`;
  const message = newest ? `has no version ${version}` : 'is no policy template';
  throw new Problem('unknown-template', { detail, errors: [{ pointer: '/policyTemplate', message }] });
}

async function describeTemplates(pool: Pool): Promise<string> {
  const names = (await listPolicyTemplates(pool, { limit: NAMED + 1 })).map(({ name }) => name);
  if (names.length === 0) return 'None has been saved.';
  return `There are: ${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ', …' : ''}.`;
}

function completePolicy(asked: PolicyRequest): CampaignPolicy {
  const { polling, waves, order, rate, failureThreshold, maintenance, retry } = asked;
  const windows = polling?.windows ?? POLLING_SCHEDULES[polling?.schedule ?? 'standard'];
  return {
    polling: windows.map(({ everySeconds, attempts }) => ({ everySeconds, attempts })),
    deadlineSeconds: asked.deadlineSeconds ?? DEFAULT_POLICY.deadlineSeconds,
    progressEverySeconds: asked.progressEverySeconds ?? DEFAULT_POLICY.progressEverySeconds,
    waves: waves?.map(completeWave) ?? DEFAULT_POLICY.waves,
    order: { ...DEFAULT_POLICY.order, ...order },
    rate: rate ? { ...DEFAULT_GROWTH, ...rate, maxPerMinute: rate.maxPerMinute ?? null } : null,
    failureThreshold:
      failureThreshold === null ? null : { ...DEFAULT_FAILURE_THRESHOLD, ...failureThreshold },
    stallSeconds: asked.stallSeconds ?? null,
    startAt: toInstant(asked.startAt),
    endAt: toInstant(asked.endAt),
    maintenance: maintenance ? completeMaintenance(maintenance) : null,
    approval: asked.approval ?? DEFAULT_POLICY.approval,
    retry: { ...DEFAULT_RETRY, ...retry, reasons: retry?.reasons ?? null },
    onFailure: asked.onFailure ?? DEFAULT_POLICY.onFailure,
    cancelWithinSeconds: asked.cancelWithinSeconds ?? DEFAULT_POLICY.cancelWithinSeconds,
    membership: asked.membership ?? DEFAULT_POLICY.membership,
  };
}

type WaveRequest = NonNullable<PolicyRequest['waves']>[number];

function completeWave(asked: WaveRequest, index: number): WavePolicy {
  return {
    name: asked.name ?? `wave ${index + 1}`,
    size: toSize(asked),
    gate: { ...DEFAULT_GATE, ...asked.gate },
  };
}

function toSize({ percent, count, rule }: WaveRequest): WaveSize {
  if (percent !== undefined) return { percent };
  if (count !== undefined) return { count };
  if (rule !== undefined) return { rule };
  return { rest: true };
}

function completeMaintenance(asked: NonNullable<PolicyRequest['maintenance']>): MaintenancePolicy {
  return {
    // In the order of the week, each day once.
    windows: (asked.windows ?? []).map(({ days = WEEKDAYS, from, to }) => ({
      days: WEEKDAYS.filter((day) => days.includes(day)),
      from,
      to,
    })),
    freezes: (asked.freezes ?? []).map(({ from, to, reason }) => ({ from, to, reason: reason ?? null })),
    timeZone: asked.timeZone ?? null,
  };
}

/** In UTC, as every moment that the API answers. */
function toInstant(asked: string | null | undefined): string | null {
  return asked ? new Date(asked).toISOString() : null;
}
