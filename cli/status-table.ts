import { table } from './output.ts';

/** Terminals by status, and all of them. */
export function statusTable(counts: Record<string, number | undefined>, total: number): string {
  const rows = [...Object.entries(counts), ['total', total] as const];
  return table(rows, [
    { title: 'STATUS', value: ([status]) => status },
    { title: 'TERMINALS', value: ([, count]) => count, align: 'right' },
  ]);
}
