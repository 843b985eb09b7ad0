/** What events mean for the projections: the one place that knows, for those in use and for those being rebuilt. */
import { COMPENSATIONS } from '../db/campaign.ts';
import { FINAL_TPE_STATUSES, TPE_STATUSES, type TpeStatus } from '../workflows/status.ts';
import { Deltas } from './deltas.ts';
import { boundOf } from './durations.ts';
import type { SealedEvent } from './events.ts';

/** Characters that a reason's code is cut to: texts of vendors have no limit. */
const MAX_REASON = 120;
/** Characters of a model, a site or a TMS. */
const MAX_NAME = 100;
const MINUTE_MS = 60_000;
const STATUSES: ReadonlySet<unknown> = new Set(TPE_STATUSES);
const FINAL: ReadonlySet<unknown> = new Set(FINAL_TPE_STATUSES);
const COMPENSATED: ReadonlySet<unknown> = new Set(COMPENSATIONS);

/**
 * What the events change, and how many of them should count but lack what it takes (of older releases). All others,
 * also of kinds that are unknown, count for nothing. Never throws: whatever is in the table must not hold up the rest.
 */
export function countEvents(events: readonly SealedEvent[]): { deltas: Deltas; skipped: number } {
  const deltas = new Deltas();
  let skipped = 0;
  for (const event of events) if (!count(deltas, event)) skipped++;
  return { deltas, skipped };
}

/** @returns false for an event that should count and can't */
function count(
  deltas: Deltas,
  { type, campaignId, tpeId, occurredAt, reason, data: told }: SealedEvent,
): boolean {
  if (campaignId === null) return true;
  const data = isRecord(told) ? told : {};
  if (type === 'campaign.created') return countWaves(deltas, campaignId, data.waves);
  if (type === 'campaign.joined') return countPending(deltas, campaignId, data.wave, data.count);
  if (tpeId === null || !type.startsWith('tpe.')) return true;
  const at = Date.parse(occurredAt);
  const { from, to, wave } = data;
  if (!isStatus(to) || !(from === undefined || isStatus(from)) || !isWhole(wave) || Number.isNaN(at))
    return false;
  countCompensation(deltas, campaignId, data.compensationFrom, data.compensation);
  if (from === to) return true;
  if (from !== undefined) deltas.add('terminal_status', [campaignId, wave, from], -1);
  deltas.add('terminal_status', [campaignId, wave, to], 1);
  const tags = {
    campaignId,
    minute: minuteOf(at),
    tms: text(data.tms),
    model: text(data.model),
    site: text(data.site),
  };
  if (from !== undefined && FINAL.has(from)) leaveFinal(deltas, tags, from);
  if (!FINAL.has(to)) return true;
  const code = reasonCode(reason ?? (data.compensation === 'ROLLED_BACK' ? 'rolled-back' : ''));
  enterFinal(deltas, tags, to, code);
  // What had ended before has had its duration counted then.
  if (!FINAL.has(from)) countDuration(deltas, tags, to, at - Date.parse(text(data.requestedAt)));
  return true;
}

interface Tags {
  campaignId: string;
  minute: string;
  tms: string;
  model: string;
  site: string;
}

function enterFinal(deltas: Deltas, tags: Tags, status: TpeStatus, reason: string): void {
  const { campaignId, minute, tms, model, site } = tags;
  deltas.add('final_minute', [campaignId, minute, status], 1);
  // A success needs no reason, and is the one status that is left again (by a roll-back): it must be found then.
  deltas.add('outcome', [campaignId, status, status === 'SUCCESS' ? '' : reason, tms, model, site], 1);
}

function leaveFinal(deltas: Deltas, tags: Tags, status: TpeStatus): void {
  const { campaignId, minute, tms, model, site } = tags;
  deltas.add('final_minute', [campaignId, minute, status], -1);
  deltas.add('outcome', [campaignId, status, '', tms, model, site], -1);
}

/** @param milliseconds NaN where it was never asked for; below 0 where clocks differ */
function countDuration(deltas: Deltas, tags: Tags, status: TpeStatus, milliseconds: number): void {
  if (Number.isNaN(milliseconds)) return;
  const { campaignId, minute, tms, model } = tags;
  const lasted = Math.max(0, milliseconds);
  const bound = boundOf(lasted);
  deltas.add('duration', [campaignId, status, model, tms, bound], 1, lasted);
  deltas.add('duration_minute', [campaignId, minute, bound], 1);
}

function countWaves(deltas: Deltas, campaignId: string, waves: unknown): boolean {
  if (!Array.isArray(waves)) return false;
  const whole = waves.every((each) => isRecord(each) && isWhole(each.wave) && isWhole(each.total));
  if (whole) for (const { wave, total } of waves) countPending(deltas, campaignId, wave, total);
  return whole;
}

function countPending(deltas: Deltas, campaignId: string, wave: unknown, terminals: unknown): boolean {
  if (!isWhole(wave) || !isWhole(terminals)) return false;
  deltas.add('terminal_status', [campaignId, wave, 'PENDING'], terminals);
  return true;
}

function countCompensation(deltas: Deltas, campaignId: string, from: unknown, to: unknown): void {
  if (from === to || !COMPENSATED.has(to)) return;
  if (COMPENSATED.has(from)) deltas.add('compensation', [campaignId, String(from)], -1);
  deltas.add('compensation', [campaignId, String(to)], 1);
}

/** `failed:battery-low` of `failed:battery-low: what the vendor says`: what is before the second colon. */
function reasonCode(reason: string): string {
  const [kind = '', detail] = reason.split(':', 2).map((part) => part.trim());
  return Array.from(detail === undefined ? kind : `${kind}:${detail}`)
    .slice(0, MAX_REASON)
    .join('');
}

function minuteOf(at: number): string {
  return new Date(Math.floor(at / MINUTE_MS) * MINUTE_MS).toISOString();
}

function isStatus(value: unknown): value is TpeStatus {
  return STATUSES.has(value);
}

/** Fits the column of a wave, and sums of it that of a number of terminals. */
function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 31;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Cut to what the fleet allows, so that it fits an index. */
function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_NAME) : '';
}
