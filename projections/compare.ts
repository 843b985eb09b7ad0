/** Compares the projections in use with those that were made anew. */
import type { Queryable } from '../db/pool.ts';
import { PROJECTION_NAMES, projectionTable, type ProjectionName } from './tables.ts';

/** Rows of one projection whose counts are different. */
export interface Difference {
  projection: ProjectionName;
  /** Number of rows that differ, those that one side lacks included. */
  cells: number;
  /** The first of them: the key's columns, and per sum what was in use (`live`) and what is right (`replayed`). */
  examples: Record<string, unknown>[];
}

const EXAMPLES = 5;

/** Empty where both are identical. A row whose sums are 0 is the same as no row. */
export async function compareProjections(db: Queryable): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const projection of PROJECTION_NAMES) {
    const { rows } = await db.query<{ cells: number; example: Record<string, unknown> }>(
      comparison(projection),
    );
    const [first] = rows;
    if (first)
      differences.push({ projection, cells: first.cells, examples: rows.map(({ example }) => example) });
  }
  return differences;
}

function comparison(name: ProjectionName): string {
  const { keys, sums } = projectionTable(name);
  const columns = Object.keys(keys).join(', ');
  const side = (schema: string, live: boolean): string =>
    `SELECT ${columns}, ${sums.map((sum) => (live ? `${sum} AS live_${sum}, 0 AS new_${sum}` : `0, ${sum}`)).join(', ')}
     FROM ${schema}.${name}`;
  const total = (of: 'live' | 'new', sum: string): string => `sum(${of}_${sum})`;
  const values = sums.map(
    (sum) => `'${sum}', jsonb_build_object('live', ${total('live', sum)}, 'replayed', ${total('new', sum)})`,
  );
  const parts = [...Object.keys(keys).map((key) => `'${key}', ${key}`), ...values];
  return `
SELECT count(*) OVER ()::integer AS cells, jsonb_build_object(${parts.join(', ')}) AS example
FROM (${side('projection', true)} UNION ALL ${side('projection_shadow', false)}) AS both_sides
GROUP BY ${columns}
HAVING ${sums.map((sum) => `${total('live', sum)} <> ${total('new', sum)}`).join(' OR ')}
ORDER BY ${columns}
LIMIT ${EXAMPLES}`;
}
