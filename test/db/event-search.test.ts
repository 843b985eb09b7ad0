import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EventFilter, searchEvents } from '../../db/event-search.ts';
import { createPool, type Pool, type Queryable } from '../../db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/stack.ts';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.url, poolSize: 2 }, 'test');
  // So many of one type that whoever looks for another one should not read them all.
  await pool.query(
    `INSERT INTO event (type, actor)
     SELECT CASE WHEN n % 2000 = 0 THEN 'campaign.created' ELSE 'tpe.success' END, 'platform'
     FROM generate_series(1, 10000) AS n`,
  );
  await pool.query('ANALYZE event');
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** The lines of the plan by which the server would search. */
async function planOf(filter: EventFilter): Promise<string> {
  const lines: string[] = [];
  const explaining = {
    async query(text: string, values: unknown[]) {
      const plan = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
      lines.push(...plan.rows.map((row) => row['QUERY PLAN']));
      return { rows: [] };
    },
  } as unknown as Queryable;
  await searchEvents(explaining, filter, { order: 'desc', limit: 51 });
  return lines.join('\n');
}

it.each(['campaign.created', 'campaign.*', 'audit.*'])(
  'a search for the rare %s goes by the index of the types and not through all events',
  async (type) => {
    const month = new Date().toISOString().slice(0, 7).replace('-', '_');
    const plan = await planOf({ type });
    expect(plan).toContain(`event_${month}_type_seq_idx`);
    expect(plan).not.toContain(`Seq Scan on event_${month}`);
  },
);
