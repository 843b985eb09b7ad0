import { useStore } from '@nanostores/react';
import { useMemo, type ReactNode } from 'react';
import type { HeatMap } from '../../api/schema.ts';
import { TableBehind } from '../../components/table-behind.tsx';
import { useFormat, type Format } from '../../i18n/format.ts';
import type { Words } from './actions.ts';
import { axisTimes } from './axis-times.ts';
import { messages } from './en.ts';
import { heatGrid, type HeatGrid, type HeatRow } from './heat-map.ts';
import classes from './charts.module.css';

/** Times that are written below it, at most. */
const TICKS = 4;

/** When terminals ended, from left to right, and how long they took, from bottom to top. */
export function HeatMapChart({ heatMap }: { heatMap: HeatMap }): ReactNode {
  const t = useStore(messages);
  const format = useFormat();
  const grid = useMemo(() => heatGrid(heatMap), [heatMap]);
  const { columns, rows, most } = grid;
  const [first = 0, last = first] = [columns[0], columns.at(-1)];
  const write = axisTimes(first, last);
  return (
    <figure>
      <div className={classes.heat}>
        <ol className={classes.durations} aria-hidden>
          {rows.map((row) => (
            <li key={row.from}>{durationOf(t, format, row)}</li>
          ))}
        </ol>
        <Cells grid={grid} label={t.heatWords({ rows: rows.length, most: format.number(most) })} />
        <ol className={classes.times} aria-hidden>
          {ticksOf(columns).map((moment) => (
            <li key={moment}>{write(moment)}</li>
          ))}
        </ol>
      </div>
      <p className={classes.scale}>
        <span className={classes.scaleBar} aria-hidden /> {t.heatScale({ most: format.number(most) })}
      </p>
      <TableBehind
        summary={t.asTable}
        caption={t.durationTitle}
        columns={[t.columnTime, ...rows.toReversed().map((row) => durationOf(t, format, row))]}
        rows={heatMap.steps.map(({ at }, step) => [
          format.dateTime(at),
          ...rows.toReversed().map((row) => format.number(countOf(heatMap, step, row))),
        ])}
      />
    </figure>
  );
}

function Cells({ grid: { columns, rows, cells }, label }: { grid: HeatGrid; label: string }): ReactNode {
  return (
    <svg
      className={classes.cells}
      viewBox={`0 0 ${columns.length} ${rows.length}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {cells.map(({ column, row, count, strength }) => (
        <rect key={`${column} ${row}`} x={column} y={row} width={1} height={1} fillOpacity={strength}>
          <title>{count}</title>
        </rect>
      ))}
    </svg>
  );
}

function durationOf(t: Words['t'], format: Format, { from, to }: HeatRow): string {
  return to === undefined
    ? t.longerThan({ duration: format.duration(from) })
    : t.upTo({ duration: format.duration(to) });
}

/** The first and the last, and some between. */
function ticksOf(columns: readonly number[]): number[] {
  if (columns.length <= TICKS) return [...columns];
  const at = (index: number): number => Math.round((index * (columns.length - 1)) / (TICKS - 1));
  return Array.from({ length: TICKS }, (_, index) => columns[at(index)] ?? 0);
}

function countOf({ bounds, steps }: HeatMap, step: number, { to }: HeatRow): number {
  return steps[step]?.counts[to === undefined ? bounds.length : bounds.indexOf(to)] ?? 0;
}
