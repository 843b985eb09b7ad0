import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '../../db/pool.ts';
import { recordTransitions, type Transition } from '../../db/transitions.ts';
import type { TpeStatus } from '../../workflows/status.ts';
import { untilDone } from '../support/persistence.ts';
import { between, type Random } from '../support/random.ts';

const NEXT: Partial<Record<TpeStatus, TpeStatus>> = {
  PENDING: 'REQUESTED',
  REQUESTED: 'INSTALLING',
  INSTALLING: 'SUCCESS',
};

/** The fleet, and what dispatch and tracking do to it: every terminal that was ordered is brought to SUCCESS, step by step. */
export class Terminals {
  readonly ids: string[] = [];
  readonly #db: Pool;
  readonly #random: Random;

  constructor(db: Pool, random: Random) {
    this.#db = db;
    this.#random = random;
  }

  async load(count: number): Promise<void> {
    this.ids.push(...Array.from({ length: count }, () => randomUUID()));
    await this.#db.query(
      `INSERT INTO tpe (tpe_id, id_tms, tms, site, model, version_courante)
       SELECT id, 'T-' || n, CASE n % 2 WHEN 0 THEN 'alpha' ELSE 'beta' END, 'site-' || n % 50, 'A920', '4.1.0'
       FROM unnest($1::uuid[]) WITH ORDINALITY AS t(id, n)`,
      [this.ids],
    );
    await this.#db.query(
      `INSERT INTO tpe (tpe_id, id_tms, tms, site, model, version_courante)
       SELECT gen_random_uuid(), 'X-' || n, 'alpha', 'there', 'A920', '4.2.0' FROM generate_series(1, 20) AS n`,
    );
  }

  /** Moves terminals on in batches of any size, each again when its answer was lost, until so many are SUCCESS. */
  async moveUntilFinal(count: number): Promise<void> {
    for (;;) {
      const open = await untilDone(() => this.#open());
      if (open.length === 0 && (await untilDone(() => this.#successes())) >= count) return;
      const size = between(this.#random, 1, 400);
      const batch = open.slice(0, size).map(({ status, ...tpe }): Transition => ({
        ...tpe,
        attempt: 1,
        status: NEXT[status] as TpeStatus,
        operationId: 'op',
        version: status === 'INSTALLING' ? '4.2.0' : null,
      }));
      await untilDone(() => recordTransitions(this.#db, { topicPrefix: '', actor: 'platform' }, batch));
      if (open.length < size) await sleep(50);
    }
  }

  async #open(): Promise<{ campaignId: string; tpeId: string; status: TpeStatus }[]> {
    const { rows } = await this.#db.query<{ campaignId: string; tpeId: string; status: TpeStatus }>(
      `SELECT campaign_id AS "campaignId", tpe_id AS "tpeId", status FROM campaign_tpe
       WHERE status IN ('PENDING', 'REQUESTED', 'INSTALLING') ORDER BY random() LIMIT 400`,
    );
    return rows;
  }

  async #successes(): Promise<number> {
    const { rows } = await this.#db.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM campaign_tpe WHERE status = 'SUCCESS'`,
    );
    return rows[0]?.count ?? 0;
  }
}
