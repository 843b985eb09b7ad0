/** Histograms of how long updates take: the same fixed bounds everywhere, so that counts can be added up. */

/** Upper bounds in seconds, each included: 10 s to 24 h. What takes longer has the index after the last. */
export const DURATION_BOUNDS = [
  10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 64_800, 86_400,
] as const;

/** Number of counts of a histogram: one for each bound, and one for what is above them. */
export const DURATION_BINS: number = DURATION_BOUNDS.length + 1;

/** The index of the count that a duration belongs to. */
export function boundOf(milliseconds: number): number {
  const index = DURATION_BOUNDS.findIndex((bound) => milliseconds <= bound * 1_000);
  return index < 0 ? DURATION_BOUNDS.length : index;
}

/**
 * The duration in seconds that the share `q` (0 to 1) of all does not exceed, estimated as if those of one count were
 * spread evenly over it; null without any. What is above the last bound is taken as that bound, so 86,400 may be more.
 * @param counts one for each bound and one for what is above
 */
export function quantile(counts: readonly number[], q: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return null;
  const rank = q * total;
  let below = 0;
  for (const [index, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const from = index === 0 ? 0 : (DURATION_BOUNDS[index - 1] ?? 0);
      const to = DURATION_BOUNDS[index] ?? from;
      return from + (to - from) * Math.max(0, (rank - below) / count);
    }
    below += count;
  }
  return DURATION_BOUNDS.at(-1) ?? null;
}
