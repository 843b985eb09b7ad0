// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest';
import { axisTimes } from '../../console/pages/campaign/axis-times.ts';
import { heatGrid } from '../../console/pages/campaign/heat-map.ts';
import { progressSeries } from '../../console/pages/campaign/progress-series.ts';

const at = (minutes: number): string => new Date(minutes * 60_000).toISOString();

describe('the heat map', () => {
  const bounds = [10, 30, 60];

  test('has a column for each step, also where nothing ended, and the rows from shortest to longest that occur', () => {
    const grid = heatGrid({
      stepSeconds: 60,
      bounds,
      most: 100,
      steps: [
        { at: at(10), counts: [0, 4, 0, 0] },
        { at: at(13), counts: [0, 0, 100, 0] },
      ],
    });
    expect(grid.columns).toEqual([10, 11, 12, 13].map((minute) => minute * 60_000));
    expect(grid.rows).toEqual([
      { from: 30, to: 60 },
      { from: 10, to: 30 },
    ]);
    expect(grid.cells).toEqual([
      { column: 0, row: 1, count: 4, strength: expect.closeTo(0.296) },
      { column: 3, row: 0, count: 100, strength: 1 },
    ]);
  });

  test('has what took longer than all bounds, and the shortest from 0 on', () => {
    const { rows, cells } = heatGrid({
      stepSeconds: 60,
      bounds,
      most: 1,
      steps: [{ at: at(0), counts: [1, 0, 0, 1] }],
    });
    expect(rows.at(0)).toEqual({ from: 60, to: undefined });
    expect(rows.at(-1)).toEqual({ from: 0, to: 10 });
    expect(cells.map(({ row }) => row)).toEqual([3, 0]);
  });

  test('is empty without any', () => {
    expect(heatGrid({ stepSeconds: 60, bounds, most: 0, steps: [] })).toEqual({
      columns: [],
      rows: [],
      cells: [],
      most: 0,
    });
  });
});

describe('the progress over time', () => {
  const steps = [
    { at: at(10), final: 3, byStatus: { SUCCESS: 2, FAILED: 1 } },
    { at: at(12), final: 5, byStatus: { SUCCESS: 3, FAILED: 1, SKIPPED: 1 } },
  ];

  test('begins at nothing, holds at the end of each step, and goes on to what is known', () => {
    const { times, stacked } = progressSeries({ stepSeconds: 60, steps }, 20 * 60_000);
    expect(times).toEqual([600, 660, 780, 1_200]);
    expect(stacked).toEqual([
      [0, 2, 3, 3],
      [0, 3, 4, 4],
      [0, 3, 4, 4],
      [0, 3, 4, 4],
      [0, 3, 5, 5],
    ]);
  });

  test('is not drawn beyond its last step where nothing later is known', () => {
    expect(progressSeries({ stepSeconds: 60, steps }, 12.5 * 60_000).times).toEqual([600, 660, 780]);
    expect(progressSeries({ stepSeconds: 60, steps: [] }, 0).times).toEqual([]);
  });
});

test('times below a chart have the day only where there are several', () => {
  const noon = Date.parse('2026-11-27T12:00:00');
  expect(axisTimes(noon, noon + 3_600_000)(noon)).toBe('12:00');
  expect(axisTimes(noon, noon + 3 * 86_400_000)(noon)).toBe('27 Nov, 12:00');
});
