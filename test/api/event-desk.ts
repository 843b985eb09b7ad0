/** The audit trail over the API: writes events, seals them, reads them back. */
import { GENESIS } from '../../audit/chain.ts';
import { sealNext } from '../../audit/sealer.ts';
import type { LinkedRecord } from '../../audit/verify.ts';
import { readSealingState } from '../../db/event-chain.ts';
import { inTransaction } from '../../db/pool.ts';
import { emptyTables } from '../support/empty.ts';
import { TestApi } from './test-api.ts';

export interface NewEvent {
  type?: string;
  campaignId?: string | null;
  tpeId?: string | null;
  actor?: string;
  reason?: string | null;
  data?: unknown;
  correlationId?: string | null;
  at?: string;
}

export class EventDesk {
  readonly api: TestApi;

  private constructor(api: TestApi) {
    this.api = api;
  }

  /** @param consoleFolder of a web console that the API serves */
  static async create(consoleFolder?: string): Promise<EventDesk> {
    return new EventDesk(await TestApi.create({}, consoleFolder));
  }

  close(): Promise<void> {
    return this.api.close();
  }

  /** Forgets everything; the chain begins anew. */
  async clear(): Promise<void> {
    const { pool } = this.api;
    await emptyTables(pool, 'tpe', 'campaign', 'campaign_tpe', 'event', 'event_chain', 'event_archive');
    await pool.query(`UPDATE event_chain_head SET position = 0, hash = decode($1, 'hex'), tx = 0, seq = 0`, [
      GENESIS,
    ]);
  }

  /** Writes events in one transaction. @returns their ids */
  write(...events: NewEvent[]): Promise<string[]> {
    return inTransaction(this.api.pool, async (db) => {
      const ids: string[] = [];
      for (const event of events) {
        const { rows } = await db.query<{ id: string }>(
          `INSERT INTO event (type, campaign_id, tpe_id, actor, reason, data, correlation_id, occurred_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8::timestamptz, now())) RETURNING event_id AS id`,
          [
            event.type ?? 'tpe.requested',
            event.campaignId ?? null,
            event.tpeId ?? null,
            event.actor ?? 'platform',
            event.reason ?? null,
            JSON.stringify(event.data ?? {}),
            event.correlationId ?? null,
            event.at ?? null,
          ],
        );
        ids.push(...rows.map(({ id }) => id));
      }
      return ids;
    });
  }

  /** Writes many events at once. */
  async writeMany(count: number): Promise<void> {
    await this.api.pool.query(
      `INSERT INTO event (type, tpe_id, actor, reason, data)
       SELECT 'tpe.success', gen_random_uuid(), 'platform', 'n ' || n,
              jsonb_build_object('n', n, 'text', repeat('x', 300))
       FROM generate_series(1, $1) AS n`,
      [count],
    );
  }

  /** Seals everything; what transactions of other tests hold back, when they are over. */
  async seal(): Promise<void> {
    do await sealNext(this.api.pool, 10_000);
    while ((await readSealingState(this.api.pool)).unsealed > 0);
  }

  /** The records of an export that must succeed. */
  async exported(query = ''): Promise<LinkedRecord[]> {
    const response = await fetch(`${this.api.url}/api/v1/events/export?${query}`);
    const type = response.headers.get('content-type');
    if (response.status !== 200 || type !== 'application/x-ndjson; charset=utf-8') {
      throw new Error(`no export: ${response.status}, ${type}`);
    }
    const lines = (await response.text()).split('\n');
    if (lines.pop() !== '') throw new Error('the last line is not complete');
    return lines.map((line) => JSON.parse(line) as LinkedRecord);
  }
}

/** `2026-11`, so many months from now: the partitions that there are. */
export function monthOf(ahead: number): string {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1)).toISOString().slice(0, 7);
}
