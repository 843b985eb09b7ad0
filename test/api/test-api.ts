/** The API over a database of its own, in this process, on a free port. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { createApp } from '../../api/app.ts';
import { CampaignsFeed } from '../../api/campaigns-feed.ts';
import { loadConsole } from '../../api/console.ts';
import { ProgressFeed } from '../../api/progress-feed.ts';
import { loadConfig, type Config } from '../../config.ts';
import { createPool, type Pool } from '../../db/pool.ts';
import { createTestDatabase, createTestNamespace, type TestDatabase } from '../support/stack.ts';
import { emptyTables } from '../support/empty.ts';
import { checkDocumented } from './documented.ts';

export const CALLBACK_SECRET = 'a secret of the tests';

const TMS = [
  { name: 'alpha', adapter: 'reference', url: 'http://127.0.0.1:1/alpha', callbackSecret: CALLBACK_SECRET },
  { name: 'beta', adapter: 'reference', url: 'http://127.0.0.1:1/beta' },
];

// oxlint-disable-next-line typescript/no-explicit-any -- what came over the wire, looked at by expectations only
export type Json = any;

export interface Answer {
  status: number;
  headers: Headers;
  body: Json;
}

export interface SendOptions {
  method?: string;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
}

export interface NewTpe {
  tpeId?: string;
  idTms?: string;
  tms?: string;
  model?: string;
  site?: string;
  version?: string | null;
  active?: boolean;
}

export class TestApi {
  readonly config: Config;
  readonly pool: Pool;
  readonly temporal: Client;
  readonly progress: ProgressFeed;
  readonly campaigns: CampaignsFeed;
  /** Where the API listens. */
  readonly url: string;
  readonly #server: Server;
  readonly #database: TestDatabase | undefined;

  private constructor(
    parts: Pick<TestApi, 'config' | 'pool' | 'temporal' | 'progress' | 'campaigns' | 'url'>,
    server: Server,
    database: TestDatabase | undefined,
  ) {
    this.config = parts.config;
    this.pool = parts.pool;
    this.temporal = parts.temporal;
    this.progress = parts.progress;
    this.campaigns = parts.campaigns;
    this.url = parts.url;
    this.#server = server;
    this.#database = database;
  }

  /**
   * An API with a database and a Temporal namespace of its own.
   * @param overrides variables of the configuration; with an address given, none of its own is made
   * @param consoleFolder of a web console that it serves
   */
  static async create(overrides: Record<string, string> = {}, consoleFolder?: string): Promise<TestApi> {
    const [database, namespace] = await Promise.all([
      overrides.DATABASE_URL === undefined ? createTestDatabase() : undefined,
      overrides.TEMPORAL_ADDRESS === undefined ? createTestNamespace() : undefined,
    ]);
    const config = loadConfig({
      LOG_LEVEL: 'silent',
      KAFKA_TOPIC_PREFIX: 'test.',
      TMS_CONFIG: JSON.stringify(TMS),
      ...(database && { DATABASE_URL: database.url }),
      ...(namespace && { TEMPORAL_ADDRESS: namespace.address, TEMPORAL_NAMESPACE: namespace.namespace }),
      ...overrides,
    });
    const pool = createPool(config.database, 'api-test');
    const connection = Connection.lazy({ address: config.temporal.address });
    const temporal = new Client({ connection, namespace: config.temporal.namespace });
    const progress = new ProgressFeed(pool, { everyMs: 20 });
    const campaigns = new CampaignsFeed(pool, config.temporal, { everyMs: 20 });
    const logger = pino({ level: 'silent' });
    const files = consoleFolder === undefined ? undefined : loadConsole(consoleFolder);
    const app = createApp({ config, pool, temporal, logger, progress, campaigns, console: files });
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new TestApi({ config, pool, temporal, progress, campaigns, url }, server, database);
  }

  /** Cuts every connection; the next one is taken again. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.progress.close();
    this.campaigns.close();
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
    await this.temporal.connection.close();
    await this.pool.end();
    await this.#database?.drop();
  }

  /**
   * Sends a request to a path below `/api/v1`, or to an absolute path.
   * @throws where the answer is not as the API's document says
   */
  async send(to: string, { method: given, json, body, headers = {} }: SendOptions = {}): Promise<Answer> {
    const sent = json === undefined ? body : JSON.stringify(json);
    const method = given ?? (sent === undefined ? 'GET' : 'POST');
    const path = to.startsWith('/') ? to : `/api/v1/${to}`;
    const response = await fetch(this.url + path, {
      method,
      ...(sent !== undefined && { body: sent }),
      headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
      redirect: 'manual',
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const answer = {
      status: response.status,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : text,
    };
    checkDocumented({ method, path, ...answer });
    return answer;
  }

  /** Asks for a campaign. */
  create(json: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('campaigns', { json, headers });
  }

  /** Creates a campaign that must succeed. @returns its id */
  async campaign(targets: unknown = { all: true }, targetVersion = '9.0.0'): Promise<string> {
    const { status, body } = await this.create({ targetVersion, targets });
    if (status !== 201) throw new Error(`no campaign: ${JSON.stringify(body)}`);
    return body.campaignId;
  }

  /** Puts terminals into the fleet. @returns their ids, in this order */
  async fleet(terminals: readonly NewTpe[]): Promise<string[]> {
    const ids = terminals.map(({ tpeId }) => tpeId ?? randomUUID());
    for (const [i, { idTms, tms, model, site, version, active }] of terminals.entries()) {
      await this.pool.query(
        `INSERT INTO tpe (tpe_id, id_tms, tms, model, site, version_courante, statut) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [
          ids[i],
          idTms ?? `T-${ids[i]}`,
          tms ?? 'alpha',
          model ?? 'A920',
          site ?? 'Lyon-1',
          version === undefined ? '4.1.0' : version,
          active === false ? 'INACTIVE' : 'ACTIVE',
        ],
      );
    }
    return ids;
  }

  /** Forgets campaigns and fleet. */
  async clear(): Promise<void> {
    await emptyTables(this.pool, 'tpe', 'campaign', 'campaign_tpe', 'event', 'outbox');
  }

  async rows(sql: string, values: unknown[] = []): Promise<Json[]> {
    return (await this.pool.query(sql, values)).rows;
  }
}

/** Waits until `look` gives something other than undefined or false. */
export async function until<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
