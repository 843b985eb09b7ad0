/**
 * How long the preview of a campaign takes over a large fleet, by the HTTP API, against a plain `SELECT count(*)` of
 * the same condition: broad rules and narrow ones, with and without rules of waves.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { Client } from 'pg';
import { pino } from 'pino';
import { createApp } from '../api/app.ts';
import { CampaignsFeed } from '../api/campaigns-feed.ts';
import { ProgressFeed } from '../api/progress-feed.ts';
import type { Config } from '../config.ts';
import { countTargets } from '../db/campaign-targets.ts';
import { migrate } from '../db/migrate.ts';
import { createPool, type Pool } from '../db/pool.ts';
import { expandRule } from '../targeting/expand.ts';
import { withServers } from './support.ts';

const RUNS = 15;
const TARGET = '4.2.0';

const RULES: Record<string, { rule: string; policy?: object }> = {
  all: { rule: 'all' },
  'one model, older': { rule: 'model = "A920" and version < "4.2.0"' },
  'the whole fleet, nearly': { rule: 'not tag "vip" and not (version >= "4.2.0")' },
  'tags and sites': {
    rule: 'tag in ("pilot", "vip") and site like "Lyon-*" or model in ("A80", "A77") and lastSeen after "2026-11-01"',
  },
  'one site': { rule: 'site = "Lyon-12"' },
  'a tag of a few': { rule: 'tag "lab" and version < "4.2.0"' },
  'waves by rule': {
    rule: 'model = "A920"',
    policy: { waves: [{ rule: 'tag "pilot"' }, { percent: 10 }, { rule: 'site like "L*"' }, { rest: true }] },
  },
};

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options: { terminals: { type: 'string', default: '1000000' } } });
  const terminals = Number(values.terminals);
  if (!Number.isInteger(terminals) || terminals < 1)
    throw new Error('--terminals is a whole number above 0.');
  return withServers((config) => measure(config, terminals));
}

async function measure(configured: Config, terminals: number): Promise<Record<string, unknown>> {
  const name = `bench_${randomUUID().slice(0, 8)}`;
  await execute(configured.database.url, `CREATE DATABASE ${name}`);
  const url = new URL(configured.database.url);
  url.pathname = `/${name}`;
  const config = { ...configured, database: { ...configured.database, url: url.href } };
  const pool = createPool(config.database, 'bench');
  try {
    await migrate(url.href);
    progress(`loading ${terminals} terminals`);
    await load(pool, terminals);
    return await compare(config, pool, terminals);
  } finally {
    await pool.end();
    await execute(configured.database.url, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

async function compare(config: Config, pool: Pool, terminals: number): Promise<Record<string, unknown>> {
  const temporal = new TemporalClient({ connection: Connection.lazy({ address: config.temporal.address }) });
  const feeds = { progress: new ProgressFeed(pool), campaigns: new CampaignsFeed(pool, config.temporal) };
  const logger = pino({ level: 'silent' });
  const server = createServer(createApp({ config, pool, temporal, logger, ...feeds }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/campaigns/preview`;
  const figures = [];
  try {
    for (const [title, { rule, policy }] of Object.entries(RULES)) {
      const { text } = expandRule(rule, new Map());
      let total = 0;
      const baseline = await time(async () => {
        total = await countTargets(pool, { rule, expanded: text });
      });
      const preview = await time(() => ask(url, { targetVersion: TARGET, targets: { rule }, policy }));
      progress(
        `${title.padEnd(24)} ${String(total).padStart(8)} terminals: preview p50 ${preview.p50} ms, worst ${preview.worst} ms; count(*) p50 ${baseline.p50} ms`,
      );
      figures.push({ title, total, preview, baseline });
    }
  } finally {
    feeds.progress.close();
    feeds.campaigns.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await temporal.connection.close();
  }
  // Of the rule that takes longest.
  const [slowest] = figures.toSorted((a, b) => b.preview.p50 - a.preview.p50);
  if (!slowest) throw new Error('nothing was measured');
  const { preview, baseline } = slowest;
  return {
    terminals,
    previewMs: preview.p50,
    worstMs: Math.max(...figures.map((each) => each.preview.worst)),
    baselineMs: baseline.p50,
    ratio: Number((preview.p50 / baseline.p50).toFixed(1)),
    slowestRule: slowest.title,
    rules: Object.fromEntries(figures.map((each) => [each.title, each.preview.p50])),
  };
}

async function ask(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
}

async function time(work: () => Promise<void>): Promise<{ p50: number; worst: number }> {
  // The first one reads what the others find in memory.
  await work();
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const from = performance.now();
    await work();
    times.push(Math.round(performance.now() - from));
  }
  times.sort((a, b) => a - b);
  return { p50: times[Math.floor(RUNS / 2)] ?? 0, worst: times.at(-1) ?? 0 };
}

/** Sites of all sizes, versions of which the newest are most frequent, tags on one terminal in four. */
async function load(pool: Pool, terminals: number): Promise<void> {
  await pool.query(
    `INSERT INTO tpe (tpe_id, id_tms, tms, site, model, tags, version_courante, statut, last_seen, unknown_to_tms_since)
     SELECT gen_random_uuid(), 'T-' || n, (ARRAY['alpha', 'alpha', 'beta'])[1 + n % 3],
            (ARRAY['Lyon', 'Lille', 'Nice', 'Paris', 'Brest'])[1 + n % 5] || '-' || (n * 7919::bigint % (1 + n % 4000)),
            (ARRAY['A920', 'A920', 'A920', 'A80', 'A77', 'IM30'])[1 + floor(random() * 6)::integer],
            CASE WHEN n % 1000 = 0 THEN ARRAY['lab'] WHEN n % 10 = 1 THEN ARRAY['pilot', 'vip']
                 WHEN n % 10 = 2 THEN ARRAY['pilot'] WHEN n % 20 = 3 THEN ARRAY['vip'] ELSE '{}' END,
            CASE WHEN n % 97 = 0 THEN NULL
                 ELSE '4.' || floor(sqrt(random()) * 3)::integer || '.' || floor(random() * 12)::integer END,
            CASE WHEN n % 50 = 0 THEN 'INACTIVE' ELSE 'ACTIVE' END,
            timestamptz '2026-11-25' - random() * interval '60 days',
            CASE WHEN n % 500 = 7 THEN now() END
     FROM generate_series(1, $1::integer) n`,
    [terminals],
  );
  // Three campaigns that have ended, and one that has a part of the fleet.
  for (let n = 0; n < 4; n++) {
    await pool.query(
      `INSERT INTO campaign_tpe (campaign_id, tpe_id, ordinal, tms, status)
       SELECT gen.id, tpe_id, 0, tms, $2
       FROM (SELECT tpe_id, tms FROM tpe LIMIT $1::integer) AS t, (SELECT gen_random_uuid() AS id) AS gen`,
      [Math.ceil(terminals / 33), n === 0 ? 'REQUESTED' : 'SUCCESS'],
    );
  }
  await pool.query('VACUUM ANALYZE tpe');
  await pool.query('VACUUM ANALYZE campaign_tpe');
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}
