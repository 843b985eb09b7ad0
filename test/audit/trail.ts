import { randomUUID } from 'node:crypto';
import { readArchive } from '../../audit/archive.ts';
import { sealNext } from '../../audit/sealer.ts';
import { mergeByPosition, verifyChain, type LinkedRecord, type Verification } from '../../audit/verify.ts';
import { readSealingState, RECORD_COLUMNS } from '../../db/event-chain.ts';
import { createPool, type Pool } from '../../db/pool.ts';
import { createTestDatabase, type TestDatabase } from '../support/stack.ts';

/** A database of its own with an audit trail. */
export class Trail {
  readonly db: Pool;
  readonly #database: TestDatabase;

  private constructor(database: TestDatabase) {
    this.#database = database;
    this.db = createPool({ url: database.url, poolSize: 12 }, 'test');
  }

  static async create(): Promise<Trail> {
    return new Trail(await createTestDatabase());
  }

  async close(): Promise<void> {
    await this.db.end();
    await this.#database.drop();
  }

  /** Writes events in one transaction, at this moment or at the one given. */
  async write(count: number, at = new Date().toISOString()): Promise<void> {
    await this.db.query(
      `INSERT INTO event (type, tpe_id, actor, reason, data, occurred_at)
       SELECT 'tpe.success', $1::uuid, 'platform', 'é "quoted" ' || n, jsonb_build_object('n', n, 'b', 1.50, 'a', 'x'), $2
       FROM generate_series(1, $3) AS n`,
      [randomUUID(), at, count],
    );
  }

  /** Makes the partitions of a month that has passed. @param month `2026-03-01` */
  async makeMonth(month: string): Promise<void> {
    for (const table of ['event', 'event_chain']) {
      await this.db.query(
        `CREATE TABLE ${table}_${month.slice(0, 7).replace('-', '_')} PARTITION OF ${table}
         FOR VALUES FROM ('${month} 00:00:00+00') TO ('${nextMonth(month)} 00:00:00+00')`,
      );
    }
  }

  /** Seals everything; what is held back by the transactions of other tests, when they are over. @returns how many */
  async seal(): Promise<number> {
    for (let sealed = 0; ;) {
      sealed += await sealNext(this.db, 100);
      if ((await readSealingState(this.db)).unsealed === 0) return sealed;
    }
  }

  /** Does what the triggers forbid, as somebody who may switch them off. */
  async tamper(statement: string): Promise<void> {
    const client = await this.db.connect();
    try {
      await client.query('SET session_replication_role = replica');
      await client.query(statement);
      await client.query('SET session_replication_role = DEFAULT');
    } finally {
      client.release();
    }
  }

  /** What is in the database, as an export has it, behind what the archives have. */
  async verify(
    archives: readonly string[] = [],
    heads?: { position: number; hash: string }[],
  ): Promise<Verification> {
    const sources = [...archives.map((path) => readArchive(path)), this.#export()];
    return verifyChain(mergeByPosition(sources), { heads });
  }

  async *#export(): AsyncGenerator<LinkedRecord> {
    const { rows } = await this.db.query<LinkedRecord>(
      `SELECT c.position::float8 AS position, encode(c.hash, 'hex') AS hash, ${RECORD_COLUMNS},
              CASE WHEN c.position = 1 THEN repeat('0', 64) ELSE encode(before.hash, 'hex') END AS "previousHash"
       FROM event e LEFT JOIN event_chain c ON c.seq = e.seq AND c.occurred_at = e.occurred_at
       LEFT JOIN event_chain before ON before.position = c.position - 1
       ORDER BY c.position NULLS LAST`,
    );
    yield* rows;
  }
}

function nextMonth(month: string): string {
  const date = new Date(`${month}T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + 1);
  return date.toISOString().slice(0, 10);
}
