/** The audit trail as a whole or in part, in pieces of constant size, on one state of the database. */
import { GENESIS, type ChainedRecord } from '../audit/chain.ts';
import type { LinkedRecord } from '../audit/verify.ts';
import { RECORD_COLUMNS } from './event-chain.ts';
import { CHAIN_JOIN, eventConditions, timeConditions, type EventFilter } from './event-search.ts';
import { Parameters } from './parameters.ts';
import { inSnapshot, type Pool, type Queryable } from './pool.ts';

export interface ExportOptions {
  /** Ends the query when it is no longer wanted; `exportEvents` then throws. */
  signal: AbortSignal;
  /** Events per piece. */
  batch?: number;
}

const COLUMNS = `${RECORD_COLUMNS}, c.position::float8 AS position, encode(c.hash, 'hex') AS hash`;

/**
 * Gives the events that meet the filter to `write`, piece by piece, and reads on once it has resolved. They come in
 * the order of writing; where only the time selects them, in the order of the chain, those that are not sealed last.
 * A piece may be empty only where it is the first: there is no event.
 * @throws what `write` throws, after the connection was given back
 */
export async function exportEvents(
  pool: Pool,
  filter: EventFilter,
  write: (records: LinkedRecord[]) => Promise<void>,
  { signal, batch = 500 }: ExportOptions,
): Promise<void> {
  signal.throwIfAborted();
  await inSnapshot(pool, async (db) => {
    const stopCancelling = await cancelOnAbort(pool, db, signal);
    try {
      // Months are joined one by one, so that no hash table of years is made.
      await db.query('SET LOCAL enable_partitionwise_join = on');
      let count = 0;
      let last: LinkedRecord | undefined;
      for (const query of queriesOf(filter)) {
        await db.query(`DECLARE exported NO SCROLL CURSOR FOR ${query.text}`, query.values);
        for (;;) {
          const { rows } = await db.query<ChainedRecord>(`FETCH ${batch} FROM exported`);
          if (rows.length === 0) break;
          const records = await withPreviousHashes(db, rows, last);
          last = records.at(-1);
          count += rows.length;
          await write(records);
          signal.throwIfAborted();
        }
        await db.query('CLOSE exported');
      }
      if (count === 0) await write([]);
    } finally {
      await stopCancelling();
    }
  });
}

/**
 * Has the server end the statement under way when the signal fires: it would go on for as long as it finds nothing to
 * send.
 * @returns to be called before the connection is given back, where the next statement must not be hit
 */
async function cancelOnAbort(pool: Pool, db: Queryable, signal: AbortSignal): Promise<() => Promise<void>> {
  const { rows } = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  let cancelled: Promise<unknown> = Promise.resolve();
  const cancel = (): void => {
    // Where it can't be done, the statement ends by itself later.
    cancelled = pool.query('SELECT pg_cancel_backend($1)', [rows[0]?.pid]).catch(() => undefined);
  };
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  return async () => {
    signal.removeEventListener('abort', cancel);
    await cancelled;
  };
}

function queriesOf(filter: EventFilter): { text: string; values: unknown[] }[] {
  const { from, to, ...others } = filter;
  const parameters = new Parameters();
  const isWhole = Object.values(others).every((value) => value === undefined);
  if (!isWhole) {
    const conditions = eventConditions(filter, parameters);
    const text = `SELECT ${COLUMNS} FROM event e ${CHAIN_JOIN} WHERE ${conditions.join(' AND ')} ORDER BY e.seq`;
    return [{ text, values: parameters.values }];
  }
  const times = ['true', ...timeConditions({ from, to }, parameters, 'e')].join(' AND ');
  // The same for the other table: from an equation of two columns no partition of it is ruled out.
  const ofEvents = parameters.values.length;
  const both = [times, ...timeConditions({ from, to }, parameters, 'c')].join(' AND ');
  const sealed = `SELECT ${COLUMNS} FROM event_chain c JOIN event e ON e.seq = c.seq AND e.occurred_at = c.occurred_at
                  WHERE ${both} ORDER BY c.position`;
  const unsealed = `SELECT ${COLUMNS} FROM event e ${CHAIN_JOIN} WHERE c.position IS NULL AND ${times} ORDER BY e.seq`;
  return [
    { text: sealed, values: parameters.values },
    { text: unsealed, values: parameters.values.slice(0, ofEvents) },
  ];
}

/** @param last the record before these */
async function withPreviousHashes(
  db: Queryable,
  records: readonly ChainedRecord[],
  last: LinkedRecord | undefined,
): Promise<LinkedRecord[]> {
  // In a gapless export each has it from the one before; only the others are looked up.
  const near = new Map<number, string>([[0, GENESIS]]);
  for (const { position, hash } of last ? [last, ...records] : records) {
    if (position !== null && hash !== null) near.set(position, hash);
  }
  const before = records.flatMap(({ position }) => (position === null ? [] : [position - 1]));
  const far = await readHashes(
    db,
    before.filter((position) => !near.has(position)),
  );
  return records.map((record) => {
    const wanted = (record.position ?? 0) - 1;
    return { ...record, previousHash: near.get(wanted) ?? far.get(wanted) ?? null };
  });
}

/** The hashes at these positions, as far as the database still knows them. */
async function readHashes(db: Queryable, positions: readonly number[]): Promise<Map<number, string>> {
  if (positions.length === 0) return new Map();
  const { rows } = await db.query<{ position: number; hash: string }>(
    `SELECT archived.position::float8 AS position, archived.hash
     FROM event_archive, jsonb_to_recordset(ends) AS archived(position bigint, hash text)
     WHERE archived.position = ANY ($1::bigint[])
     UNION ALL
     SELECT position::float8, encode(hash, 'hex') FROM event_chain WHERE position = ANY ($1::bigint[])`,
    [positions],
  );
  return new Map(rows.map(({ position, hash }) => [position, hash]));
}
