/** Why a terminal that is a target is not updated: the same codes in a preview and on SKIPPED terminals. */
import type { Parameters } from './parameters.ts';

/** In the order in which they are looked at; a terminal has the first that applies. */
export const SKIP_REASONS = [
  /** It runs the target version. */
  'already-there',
  'inactive',
  /** Its TMS has refused it as unknown. */
  'unknown-to-tms',
  /** The platform has no adapter for its TMS. */
  'tms-not-configured',
  /** It is still being updated, or rolled back, by another campaign. */
  'in-another-campaign',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** What to do with terminals that another campaign is updating. */
export type BusyPolicy = 'refuse' | 'skip';

export interface SkipOptions {
  targetVersion: string;
  /** Names of the TMSs that are configured. */
  tmsNames: readonly string[];
  /**
   * The terminals are listed one by one: those of a TMS that is not configured are a mistake in the list, those
   * that their TMS did not know are asked for anyway, because it may know them by now.
   */
  listed: boolean;
}

/** The rows of `campaign_tpe`, named as given, of terminals that are being updated or rolled back. */
export function isBusy(alias: string): string {
  return `(${alias}.status IN ('PENDING', 'REQUESTED', 'INSTALLING') OR ${alias}.compensation IN ('PENDING', 'REQUESTED'))`;
}

/** A join that gives `t` the column `busy.tpe_id`, null for a terminal that is free. */
export const JOIN_BUSY = `LEFT JOIN (SELECT c.tpe_id FROM campaign_tpe c WHERE ${isBusy('c')}) AS busy ON busy.tpe_id = t.tpe_id`;

/** That `t` is free, as a condition that asks about each terminal by itself: for few, or where sorting stops early. */
export const NOT_BUSY = `NOT EXISTS (SELECT FROM campaign_tpe c WHERE c.tpe_id = t.tpe_id AND ${isBusy('c')})`;

/**
 * The reason as an expression over `t`, null for a terminal that is to be updated.
 * @param busy a condition that says that the terminal is busy; absent where busy ones are not skipped
 */
export function skipReason(
  { targetVersion, tmsNames, listed }: SkipOptions,
  busy: string | null,
  parameters: Parameters,
): string {
  const cases: [string, SkipReason][] = [
    [`t.version_courante = ${parameters.add(targetVersion)}::text`, 'already-there'],
    [`t.statut = 'INACTIVE'`, 'inactive'],
  ];
  if (!listed) {
    cases.push(['t.unknown_to_tms_since IS NOT NULL', 'unknown-to-tms']);
    cases.push([`t.tms <> ALL(${parameters.add(tmsNames)}::text[])`, 'tms-not-configured']);
  }
  if (busy !== null) cases.push([busy, 'in-another-campaign']);
  return `CASE ${cases.map(([when, reason]) => `WHEN ${when} THEN '${reason}'`).join(' ')} END`;
}
