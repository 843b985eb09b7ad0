/** What the tests of the relay share: a database and topics of their own, relay processes, rows to publish. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config.ts';
import { createPool } from '../../db/pool.ts';
import type { Pool } from '../../db/pool.ts';
import { readTopic } from '../../events/consume.ts';
import type { TopicRecord } from '../../events/consume.ts';
import { createKafka } from '../../events/kafka.ts';
import { topicName } from '../../events/topics.ts';
import type { TopicName } from '../../events/topics.ts';
import { createTestDatabase, createTestTopics } from '../support/stack.ts';
import type { TestDatabase } from '../support/stack.ts';

const RELAY = fileURLToPath(new URL('../../workers/relay.ts', import.meta.url));

export type RigConfig = Pick<Config, 'database' | 'kafka'>;

export interface NewRow {
  key: string;
  /** JSON value; null is a tombstone. */
  data: unknown;
  topic?: string;
}

/** A database and topics that no other test file touches. */
export class Rig {
  readonly config: RigConfig;
  readonly db: Pool;
  readonly #database: TestDatabase;
  readonly #relays: RelayProcess[] = [];

  private constructor(config: RigConfig, database: TestDatabase) {
    this.config = config;
    this.#database = database;
    this.db = createPool(config.database, 'test');
  }

  static async create(): Promise<Rig> {
    const [database, kafka] = await Promise.all([createTestDatabase(), createTestTopics()]);
    return new Rig({ database: { url: database.url, poolSize: 8 }, kafka }, database);
  }

  /** Ends every relay that still runs and throws away what is left in the outbox. */
  async reset(): Promise<void> {
    await Promise.all(this.#relays.splice(0).map((relay) => relay.kill()));
    await this.db.query('TRUNCATE outbox');
  }

  async close(): Promise<void> {
    await this.reset();
    await this.db.end();
    await this.#database.drop();
    await deleteTopics(this.config);
  }

  /** Starts a relay process and waits until it runs; `overrides` replaces settings, for example an address. */
  async startRelay(overrides: Record<string, string> = {}): Promise<RelayProcess> {
    const relay = new RelayProcess({
      DATABASE_URL: this.config.database.url,
      KAFKA_BROKERS: this.config.kafka.brokers.join(),
      KAFKA_TOPIC_PREFIX: this.config.kafka.topicPrefix,
      ...overrides,
    });
    this.#relays.push(relay);
    await relay.running();
    return relay;
  }

  /** Inserts rows in one transaction, in this order. */
  async insert(rows: readonly NewRow[], db: Pick<Pool, 'query'> = this.db): Promise<void> {
    await db.query(
      `INSERT INTO outbox (topic, key, type, data, correlation_id, traceparent)
       SELECT topic, key, 'test.event', data::jsonb, 'correlation', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
       FROM unnest($1::text[], $2::text[], $3::text[]) AS row(topic, key, data)`,
      [
        rows.map(({ topic }) => topic ?? topicName(this.config, 'tpe.update.status')),
        rows.map(({ key }) => key),
        rows.map(({ data }) => (data === null ? null : JSON.stringify(data))),
      ],
    );
  }

  /** Resolves once the relay has deleted every row. */
  async drained(): Promise<void> {
    await until(async () => (await this.count('SELECT count(*) FROM outbox')) === 0);
  }

  async count(sql: string, values: unknown[] = []): Promise<number> {
    const { rows } = await this.db.query<{ count: string }>(sql, values);
    return Number(rows[0]?.count);
  }

  async records(name: TopicName): Promise<TopicRecord[]> {
    return (await readTopic(this.config, name)).records;
  }
}

/** Takes away the topics of a test: dozens of unused partitions make a small broker slow. */
export async function deleteTopics(config: Pick<RigConfig, 'kafka'>): Promise<void> {
  const admin = createKafka(config.kafka, 'test').admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(config.kafka.topicPrefix));
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.disconnect();
}

/** Writes numbered events under keys, `n` counting from 0 per key, from several connections at once. */
export class Writer {
  readonly #rig: Rig;
  readonly #next = new Map<string, number>();

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** One transaction after another; each has one event for some of the keys and for some more than one. */
  async write(keys: readonly string[], transactions: number): Promise<void> {
    for (let transaction = 0; transaction < transactions; transaction++) {
      const rows = keys
        .filter((_, index) => (index + transaction) % 3 !== 0)
        .flatMap((key) => [key, ...(transaction % 2 === 0 ? [key] : [])])
        .map((key) => ({ key, data: { n: this.#count(key) } }));
      await this.#rig.insert(rows);
    }
  }

  /** Number of events written, by key. */
  get written(): ReadonlyMap<string, number> {
    return this.#next;
  }

  get total(): number {
    return [...this.#next.values()].reduce((sum, n) => sum + n, 0);
  }

  #count(key: string): number {
    const n = this.#next.get(key) ?? 0;
    this.#next.set(key, n + 1);
    return n;
  }
}

/** `prefix-0`, `prefix-1` … */
export function someKeys(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

/** The `n` of each record, by key: in the order of the topic, without the records whose event was seen before. */
export function numbersByKey(records: readonly TopicRecord[]): Map<string, number[]> {
  const seen = new Set<string>();
  const numbers = new Map<string, number[]>();
  for (const { key, headers, value } of records) {
    const id = headers.ce_id ?? '';
    if (seen.has(id)) continue;
    seen.add(id);
    const { n } = JSON.parse(String(value)) as { n: number };
    numbers.set(key, [...(numbers.get(key) ?? []), n]);
  }
  return numbers;
}

/** What `numbersByKey` must give when nothing is lost and the order is kept. */
export function expectedNumbers(written: ReadonlyMap<string, number>): Map<string, number[]> {
  return new Map([...written].map(([key, count]) => [key, Array.from({ length: count }, (_, n) => n)]));
}

export class RelayProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #output = '';

  constructor(env: Record<string, string>) {
    this.#child = fork(RELAY, { silent: true, env: { ...process.env, WORKER_PORT: '0', ...env } });
    this.#exited = once(this.#child, 'exit').then(([code]) => code as number | null);
    const collect = (data: Buffer): void => void (this.#output += data.toString());
    this.#child.stdout?.on('data', collect);
    this.#child.stderr?.on('data', collect);
  }

  get output(): string {
    return this.#output;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async running(): Promise<void> {
    await until(() => {
      if (!this.alive) throw new Error(`the relay has ended: ${this.#output}`);
      return this.#url() !== undefined;
    });
  }

  async ready(): Promise<boolean> {
    return (await this.#get('/readyz')).ok;
  }

  /** The value of a metric without labels. */
  async metric(name: string): Promise<number> {
    const text = await (await this.#get('/metrics')).text();
    return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
  }

  /** Asks it to stop; its exit status. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.#exited;
  }

  /** Lets it do nothing at all until `resume`; its connections stay. */
  suspend(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends it without any chance to tidy up. */
  async kill(): Promise<void> {
    if (this.alive) this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async #get(path: string): Promise<Response> {
    try {
      return await fetch(`${this.#url()}${path}`);
    } catch (error) {
      throw new Error(`the relay does not answer; it has logged: ${this.#output}`, { cause: error });
    }
  }

  #url(): string | undefined {
    return /"url":"([^"]+)"/.exec(this.#output)?.[1];
  }
}

/** Asks again until the answer is yes; the test's own time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(25);
}
