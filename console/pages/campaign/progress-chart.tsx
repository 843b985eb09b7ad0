import 'uplot/dist/uPlot.min.css';
import { useComputedColorScheme } from '@mantine/core';
import { useStore } from '@nanostores/react';
import { useEffect, useMemo, useRef, type ReactNode, type RefObject } from 'react';
import uPlot from 'uplot';
import type { CampaignStatistics } from '../../api/schema.ts';
import { Legend } from '../../components/legend.tsx';
import { TPE_LOOKS } from '../../components/status.ts';
import { TableBehind } from '../../components/table-behind.tsx';
import { shared } from '../../i18n/en.ts';
import { useFormat, type Format } from '../../i18n/format.ts';
import { axisTimes } from './axis-times.ts';
import { messages } from './en.ts';
import { FINAL_ORDER, progressSeries, type ProgressSeries } from './progress-series.ts';
import classes from './charts.module.css';

const HEIGHT = 220;
/** How much of the axis is above what is drawn; it never goes beyond all terminals. */
const HEADROOM = 1.15;

/** Terminals that are final, by status, one above the other, over time. */
export default function ProgressChart({ statistics }: { statistics: CampaignStatistics }): ReactNode {
  const t = useStore(messages);
  const common = useStore(shared);
  const format = useFormat();
  const { progress, asOf, byStatus, total, final } = statistics;
  const series = useMemo(
    () => progressSeries(progress, asOf.at === null ? 0 : Date.parse(asOf.at)),
    [progress, asOf.at],
  );
  const place = useRef<HTMLDivElement>(null);
  usePlot(place, series, total, format);
  const shown = FINAL_ORDER.filter((status) => (byStatus[status] ?? 0) > 0);
  return (
    <figure>
      <div
        ref={place}
        className={classes.plot}
        role="img"
        aria-label={t.progressWords({ final: format.number(final), total: format.number(total) })}
      />
      <Legend statuses={shown} />
      <TableBehind
        summary={t.asTable}
        caption={t.progressTitle}
        columns={[t.columnTime, ...FINAL_ORDER.map((status) => common[`status${status}`])]}
        rows={progress.steps.map(({ at, byStatus: counts }) => [
          format.dateTime(at),
          ...FINAL_ORDER.map((status) => format.number(counts[status] ?? 0)),
        ])}
      />
    </figure>
  );
}

/** Draws it on a canvas; new figures are put into the same drawing, other colours and words make a new one. */
function usePlot(
  place: RefObject<HTMLDivElement | null>,
  { times, stacked }: ProgressSeries,
  total: number,
  format: Format,
): void {
  const scheme = useComputedColorScheme('light');
  const plot = useRef<uPlot>(undefined);
  // What is highest is drawn first: those below are drawn over it.
  const data = useMemo<uPlot.AlignedData>(() => [times, ...stacked.toReversed()], [times, stacked]);
  const newest = useRef(data);
  useEffect(() => {
    newest.current = data;
    plot.current?.setData(data);
  }, [data]);
  useEffect(() => {
    const parent = place.current;
    if (!parent) return undefined;
    const drawn = new uPlot(optionsOf(parent, total, format), newest.current, parent);
    plot.current = drawn;
    const resized = new ResizeObserver(() => drawn.setSize({ width: parent.clientWidth, height: HEIGHT }));
    resized.observe(parent);
    return () => {
      resized.disconnect();
      drawn.destroy();
      plot.current = undefined;
    };
  }, [place, total, format, scheme]);
}

function optionsOf(parent: HTMLElement, total: number, format: Format): uPlot.Options {
  const colour = (token: string): string => colourOf(parent, token);
  const axis = {
    stroke: colour('--ink-soft'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: parent.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      y: { range: (_plot, _min, max) => [0, Math.min(Math.max(total, 1), Math.max(max * HEADROOM, 1))] },
    },
    axes: [
      { ...axis, space: 80, size: 28, values: writeTimes },
      { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => format.number(tick)) },
    ],
    series: [
      {},
      ...FINAL_ORDER.toReversed().map((status) => ({
        fill: colour(`--${TPE_LOOKS[status].tone}-fill`),
        width: 0,
        points: { show: false },
        ...(uPlot.paths.stepped && { paths: uPlot.paths.stepped({ align: 1 }) }),
      })),
    ],
  };
}

function writeTimes(_plot: uPlot, ticks: number[]): string[] {
  const write = axisTimes((ticks[0] ?? 0) * 1000, (ticks.at(-1) ?? 0) * 1000);
  return ticks.map((tick) => write(tick * 1000));
}

/** A colour of the theme as a canvas takes it, which knows neither tokens nor `light-dark()`. */
function colourOf(parent: HTMLElement, token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  parent.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
