/** What the tests of the projections share: a database of their own, events to put into it, and what is in it then. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sealNext } from '../../audit/sealer.ts';
import { readSealingState } from '../../db/event-chain.ts';
import { createPool, inTransaction, type Pool, type Queryable } from '../../db/pool.ts';
import { projectBatch } from '../../projections/projector.ts';
import { PROJECTION_NAMES, projectionTable, type ProjectionSchema } from '../../projections/tables.ts';
import { emptyTables } from '../support/empty.ts';
import { createTestDatabase, type TestDatabase } from '../support/stack.ts';

/** An event as a test writes it. */
export interface NewEvent {
  type: string;
  campaignId?: string | null;
  tpeId?: string | null;
  reason?: string | null;
  data?: unknown;
  /** Default now. */
  at?: Date;
}

/** All rows of all projections but those whose sums are 0, as sorted lines of text. */
export type Contents = Record<string, string[]>;

export class Rig {
  readonly pool: Pool;
  readonly #database: TestDatabase;

  private constructor(pool: Pool, database: TestDatabase) {
    this.pool = pool;
    this.#database = database;
  }

  static async create(): Promise<Rig> {
    const database = await createTestDatabase();
    const pool = createPool({ url: database.url, poolSize: 10 }, 'projections-test');
    return new Rig(pool, database);
  }

  /** Forgets all events and counts. */
  async clear(): Promise<void> {
    await clearProjections(this.pool);
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.#database.drop();
  }

  /** Writes events in this order and seals them. */
  async add(events: readonly NewEvent[]): Promise<void> {
    await addEvents(this.pool, events);
    await sealEvents(this.pool);
  }

  /** Counts all that is sealed. */
  async project(batchEvents = 2_000): Promise<void> {
    while ((await projectBatch(this.pool, batchEvents)).full);
  }

  contents(schema: ProjectionSchema = 'projection'): Promise<Contents> {
    return readContents(this.pool, schema);
  }

  async rows<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
    return (await this.pool.query<T>(sql, values)).rows;
  }
}

export async function clearProjections(pool: Pool): Promise<void> {
  await pool.query('DROP SCHEMA IF EXISTS projection_shadow CASCADE');
  const projections = PROJECTION_NAMES.map((name) => `projection.${name}`);
  await emptyTables(pool, 'event', 'event_chain', 'event_archive', 'projection_rebuild', ...projections);
  await pool.query(
    'UPDATE projection.checkpoint SET position = 0, occurred_at = NULL, events = 0, skipped = 0',
  );
  await pool.query(
    `UPDATE event_chain_head SET position = 0, tx = 0, seq = 0, hash = decode(repeat('00', 32), 'hex')`,
  );
}

/** What the tables of the audit trail refuse, done all the same, as by somebody with all rights. */
export async function tamper(pool: Pool, ...statements: string[]): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query('SET LOCAL session_replication_role = replica');
    for (const statement of statements) await client.query(statement);
  });
}

export async function addEvents(db: Queryable, events: readonly NewEvent[]): Promise<void> {
  const column = <T>(pick: (event: NewEvent) => T): T[] => events.map(pick);
  await db.query(
    `INSERT INTO event (type, campaign_id, tpe_id, actor, reason, data, occurred_at)
     SELECT type, campaign_id, tpe_id, 'test', reason, data, coalesce(at, clock_timestamp())
     FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::jsonb[], $6::timestamptz[])
          WITH ORDINALITY AS e(type, campaign_id, tpe_id, reason, data, at, place) ORDER BY place`,
    [
      column(({ type }) => type),
      column(({ campaignId }) => campaignId ?? null),
      column(({ tpeId }) => tpeId ?? null),
      column(({ reason }) => reason ?? null),
      column(({ data }) => JSON.stringify(data ?? {})),
      column(({ at }) => at ?? null),
    ],
  );
}

/** Has all events sealed; transactions that are open, also those of other tests' databases, are waited for. */
export async function sealEvents(pool: Pool): Promise<void> {
  for (;;) {
    while ((await sealNext(pool)) > 0);
    const { unsealed } = await readSealingState(pool);
    if (unsealed === 0) return;
    await sleep(5);
  }
}

export async function readContents(db: Queryable, schema: ProjectionSchema): Promise<Contents> {
  const contents: Contents = {};
  for (const name of PROJECTION_NAMES) {
    const { keys, sums } = projectionTable(name);
    const { rows } = await db.query<{ line: unknown[] }>(
      `SELECT jsonb_build_array(${[...Object.keys(keys), ...sums].join()}) AS line FROM ${schema}.${name}
       WHERE ${sums.map((sum) => `${sum} <> 0`).join(' OR ')}`,
    );
    contents[name] = rows.map(({ line }) => line.map(plain).join(' | ')).sort();
  }
  return contents;
}

/** A moment in one form, whatever the time zone of the session. */
function plain(value: unknown): string {
  const text = String(value);
  return /^\d{4}-\d\d-\d\dT/.test(text) ? new Date(text).toISOString() : text;
}

/** A minimal life of a terminal: asked for, and ended. */
export function life(
  campaignId: string,
  end: {
    to: string;
    reason?: string;
    at: Date;
    seconds: number;
    wave?: number;
    tms?: string;
    model?: string;
    site?: string;
  },
): NewEvent[] {
  const tpeId = randomUUID();
  const requestedAt = new Date(end.at.getTime() - end.seconds * 1_000);
  const tags = {
    wave: end.wave ?? 1,
    attempt: 1,
    tms: end.tms ?? 'alpha',
    model: end.model ?? 'A920',
    site: end.site ?? 'Lyon-1',
  };
  return [
    {
      type: 'tpe.requested',
      campaignId,
      tpeId,
      // Its own time counts for nothing, and may be in a month without a partition.
      at: end.at,
      data: { ...tags, from: 'PENDING', to: 'REQUESTED' },
    },
    {
      type: `tpe.${end.to.toLowerCase()}`,
      campaignId,
      tpeId,
      reason: end.reason ?? null,
      at: end.at,
      data: { ...tags, from: 'REQUESTED', to: end.to, requestedAt: requestedAt.toISOString() },
    },
  ];
}

export function created(campaignId: string, totals: readonly number[], at?: Date): NewEvent {
  return {
    type: 'campaign.created',
    campaignId,
    ...(at && { at }),
    data: {
      total: totals.reduce((sum, total) => sum + total, 0),
      waves: totals.map((total, i) => ({ wave: i + 1, name: `wave ${i + 1}`, total })),
      targetVersion: '4.2.0',
      name: 'test',
    },
  };
}
