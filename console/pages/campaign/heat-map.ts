/** The heat map's cells: terminals by when they ended and how long they took. */
import type { HeatMap } from '../../api/schema.ts';

export interface HeatGrid {
  /** Epoch ms at which each column begins, without gaps. */
  columns: number[];
  /** Longest durations first, only those from the shortest to the longest that occur. */
  rows: HeatRow[];
  cells: HeatCell[];
  most: number;
}

export interface HeatRow {
  /** Seconds, not included; 0 for the shortest ones. */
  from: number;
  /** Seconds, included; undefined: whatever is longer. */
  to: number | undefined;
}

export interface HeatCell {
  column: number;
  row: number;
  count: number;
  /** How strongly it is coloured, 0 to 1. */
  strength: number;
}

/** The weakest colour that is told from none. */
const LEAST = 0.12;

export function heatGrid({ stepSeconds, bounds, most, steps }: HeatMap): HeatGrid {
  const step = stepSeconds * 1000;
  const starts = steps.map(({ at }) => Date.parse(at));
  const first = starts[0] ?? 0;
  const columns = steps.length === 0 ? 0 : Math.round(((starts.at(-1) ?? first) - first) / step) + 1;
  const used = bounds.map((_, index) => index).concat(bounds.length);
  const occurs = used.filter((index) => steps.some(({ counts }) => (counts[index] ?? 0) > 0));
  const [shortest = 0, longest = -1] = [occurs[0], occurs.at(-1)];
  const cells = steps.flatMap(({ counts }, index) =>
    counts.flatMap((count, duration) =>
      count === 0
        ? []
        : {
            column: Math.round(((starts[index] ?? first) - first) / step),
            row: longest - duration,
            count,
            strength: LEAST + (1 - LEAST) * Math.sqrt(count / most),
          },
    ),
  );
  return {
    columns: Array.from({ length: columns }, (_, index) => first + index * step),
    rows: Array.from({ length: longest - shortest + 1 }, (_, index) => ({
      from: bounds[longest - index - 1] ?? 0,
      to: bounds[longest - index],
    })),
    cells,
    most,
  };
}
