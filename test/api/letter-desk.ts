/** What the tests of the dead letters share: the API, letters as the mirror stores them, and what comes of them. */
import { randomUUID } from 'node:crypto';
import { deadLetter } from '../../api/schemas/dead-letter.ts';
import { TestApi, type Answer, type Json } from './test-api.ts';

export interface Letter {
  topic?: string;
  partition?: number | null;
  offset?: number | null;
  key?: string | Buffer | null;
  value?: string | Buffer | null;
  headers?: Record<string, string>;
  stage?: string;
  error?: string;
  reason?: string;
  truncatedBytes?: number;
  failedAt?: string;
}

export class LetterDesk {
  readonly api: TestApi;
  /** The last event before the test. */
  #before = '0';

  private constructor(api: TestApi) {
    this.api = api;
  }

  /** @param consoleFolder of a web console that the API serves */
  static async create(consoleFolder?: string): Promise<LetterDesk> {
    return new LetterDesk(await TestApi.create({}, consoleFolder));
  }

  /** Forgets letters, fleet and campaigns; events can't be. */
  async clear(): Promise<void> {
    await this.api.pool.query('TRUNCATE dead_letter, outbox, campaign_tpe, campaign, tpe');
    const [row] = await this.api.rows('SELECT coalesce(max(seq), 0) AS before FROM event');
    this.#before = row.before;
  }

  close(): Promise<void> {
    return this.api.close();
  }

  /** Stores a letter: an order that was not valid, unless something else is given. @returns its id */
  async letter(given: Letter = {}): Promise<string> {
    const bytes = (part: string | Buffer | null | undefined, otherwise: string): Buffer | null =>
      part === null ? null : Buffer.from(part ?? otherwise);
    const [row] = await this.api.rows(
      `INSERT INTO dead_letter (dlq_id, topic, partition, "offset", key, value, headers, stage, error, reason, tries,
                                truncated_bytes, failed_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 3, $11, $12) RETURNING dead_letter_id AS id`,
      [
        randomUUID(),
        given.topic ?? 'tpe.update.command',
        given.partition === undefined ? 7 : given.partition,
        given.offset === undefined ? 42 : given.offset,
        bytes(given.key, 'k'),
        bytes(given.value, '{"a":1}'),
        given.headers ?? { ce_type: 'tpe.update.ordered', ce_id: 'e-1', 'content-type': 'application/json' },
        given.stage ?? 'orders',
        given.error ?? 'INVALID_MESSAGE',
        given.reason ?? 'a is not known',
        given.truncatedBytes ?? null,
        given.failedAt ?? '2026-11-21T10:00:00.123456Z',
      ],
    );
    return row.id;
  }

  /** The letter as the API shows it. */
  async show(id: string): Promise<Json> {
    return deadLetter.parse((await this.api.send(`dlq/${id}`)).body);
  }

  replay(id: string, json: unknown = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.api.send(`dlq/${id}/replay`, { json, headers });
  }

  discard(id: string, json: unknown = { reason: 'noise' }): Promise<Answer> {
    return this.api.send(`dlq/${id}/discard`, { json });
  }

  outbox(): Promise<Json[]> {
    return this.api.rows('SELECT * FROM outbox ORDER BY id');
  }

  /** Those since the test began. */
  events(): Promise<Json[]> {
    return this.api.rows('SELECT * FROM event WHERE seq > $1 ORDER BY seq', [this.#before]);
  }
}
