/** What is to be corrected, by the section of the form that it is in. */
import type { StoreValue } from 'nanostores';
import type { messages } from './en.ts';
import type { Fault } from './faults.ts';

const MOST = 5;

const SECTIONS = {
  targetVersion: 'version',
  name: 'name',
  targets: 'sectionWho',
  policyTemplate: 'howTemplate',
} as const;

/** Parts of a policy that have fields: a fault there is shown at its field. */
const IN_FORM = new Set([
  'waves',
  'order',
  'rate',
  'failureThreshold',
  'startAt',
  'endAt',
  'maintenance',
  'approval',
  'retry',
  'onFailure',
]);

/** Of many, the first ones. */
export function openPoints(t: StoreValue<typeof messages>, faults: readonly Fault[]): string[] {
  const points = faults.map(({ pointer, message }) => `${sectionOf(t, pointer)}: ${message}`);
  return [...new Set(points)].slice(0, MOST);
}

function sectionOf(t: StoreValue<typeof messages>, pointer: string): string {
  const [first = '', part = ''] = pointer.split('/').slice(1);
  if (first in SECTIONS) return t[SECTIONS[first as keyof typeof SECTIONS]];
  return part === '' || IN_FORM.has(part) ? t.sectionHow : `${t.sectionHow}, ${part}`;
}
