/** The lines of the progress over time, in the form in which the chart takes them. */
import type { ProgressOverTime, TpeStatus } from '../../api/schema.ts';

/** From the axis upwards, as in a bar. */
export const FINAL_ORDER = [
  'SUCCESS',
  'FAILED',
  'TIMEOUT',
  'CANCELLED',
  'SKIPPED',
] as const satisfies readonly TpeStatus[];

export interface ProgressSeries {
  /** Epoch seconds. */
  times: number[];
  /** For each of `FINAL_ORDER`, its terminals and those of all before it. */
  stacked: number[][];
}

/**
 * @param progress what holds at the end of each step; steps in which nothing changed are left out
 * @param asOf epoch ms up to which it is known
 */
export function progressSeries({ stepSeconds, steps }: ProgressOverTime, asOf: number): ProgressSeries {
  const times = steps.map(({ at }) => Date.parse(at) / 1000 + stepSeconds);
  const counts = steps.map(({ byStatus }) => {
    let sum = 0;
    return FINAL_ORDER.map((status) => (sum += byStatus[status] ?? 0));
  });
  const [first] = times;
  if (first !== undefined) {
    times.unshift(first - stepSeconds);
    counts.unshift(FINAL_ORDER.map(() => 0));
  }
  const last = counts.at(-1);
  // Nothing has changed since: that is known, too.
  if (last && asOf / 1000 > (times.at(-1) ?? 0)) {
    times.push(asOf / 1000);
    counts.push(last);
  }
  return { times, stacked: FINAL_ORDER.map((_, index) => counts.map((each) => each[index] ?? 0)) };
}
