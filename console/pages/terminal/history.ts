/** What the campaigns of a terminal mean for it now: which one counts, and what can be done. */
import type { TpeDetail, TpeStatus } from '../../api/schema.ts';
import { isEnded } from '../../components/status.ts';

/** A terminal in one of its campaigns. */
export type Entry = TpeDetail['campaigns'][number];

const OPEN: readonly TpeStatus[] = ['PENDING', 'REQUESTED', 'INSTALLING'];
const RETRIABLE: readonly TpeStatus[] = ['FAILED', 'TIMEOUT', 'CANCELLED'];

/** It is being updated or rolled back. */
export function isOpen(entry: Entry): boolean {
  return OPEN.includes(entry.status) || isRollingBack(entry);
}

export function isRollingBack({ compensation }: Entry): boolean {
  return compensation === 'PENDING' || compensation === 'REQUESTED';
}

/** It has been asked for, so that something in Temporal follows it, or has. */
export function wasTracked({ requestedAt, attempt }: Entry): boolean {
  return requestedAt !== null || attempt > 1;
}

/** The one that is under way, else the last that was about more than leaving it out. */
export function currentOf(campaigns: readonly Entry[]): Entry | undefined {
  return campaigns.find(isOpen) ?? campaigns.find(({ status }) => status !== 'SKIPPED') ?? campaigns[0];
}

export type Action = 'look' | 'retry' | 'rollBack';

/** In the order of their buttons. */
export function actionsFor(terminal: TpeDetail): readonly Action[] {
  const current = currentOf(terminal.campaigns);
  if (!current) return [];
  if (isOpen(current)) return wasTracked(current) ? ['look'] : [];
  const actions: Action[] = [];
  if (canRetry(terminal, current)) actions.push('retry');
  if (canRollBack(terminal, current)) actions.push('rollBack');
  return actions;
}

/** What runs the version by now, however late, would be left out. */
function canRetry({ version, active }: TpeDetail, { status, campaignStatus, targetVersion }: Entry): boolean {
  return active && RETRIABLE.includes(status) && isEnded(campaignStatus) && version !== targetVersion;
}

/** Its version before is known, and it does not run that one. */
function canRollBack({ version, active }: TpeDetail, current: Entry): boolean {
  const { fromVersion } = current;
  return active && wasTracked(current) && fromVersion !== null && version !== null && fromVersion !== version;
}

/** It could be tried again, were its campaign over. */
export function isRetriedLater(entry: Entry): boolean {
  return RETRIABLE.includes(entry.status) && !isOpen(entry) && !isEnded(entry.campaignStatus);
}
