/** What can be broken, and how it is mended. */
import type { Random } from '../support/random.ts';
import { clockFaults } from './clock-faults.ts';
import { diskFaults } from './disk-faults.ts';
import { processFaults } from './process-faults.ts';
import { linkFaults } from './link-faults.ts';
import { tmsFaults } from './tms-faults.ts';
import type { World } from './world.ts';

/** One thing that breaks. */
export interface Fault {
  /** In words, with all that is needed to do it again. */
  name: string;
  /** What it takes hold of: two faults of the same thing are not there at once. */
  subject: string;
  /**
   * Breaks it, leaves it broken for `ms` where it lasts, and mends it. What runs by itself again need not do so yet.
   * @throws Error where the platform does not behave, for example a role that does not stop in time
   */
  happen(ms: number, signal: AbortSignal): Promise<void>;
}

export const FAULT_KINDS = ['process', 'link', 'tms', 'disk', 'clock'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** All that can be broken, by kind. */
export function catalogue(world: World, random: Random): Record<FaultKind, Fault[]> {
  return {
    process: processFaults(world),
    link: linkFaults(world),
    tms: tmsFaults(world, random),
    disk: diskFaults(world),
    clock: clockFaults(world),
  };
}
