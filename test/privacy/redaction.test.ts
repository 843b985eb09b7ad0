/** Whatever people and machines say: no card number and no secret is kept anywhere. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MockActivityEnvironment } from '@temporalio/testing';
import pLimit from 'p-limit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBatchLocks } from '../../activities/batch-lock.ts';
import { createRecorder } from '../../activities/recorder.ts';
import { createTmsActivities } from '../../activities/tms.ts';
import { createTrackingActivities } from '../../activities/tracking.ts';
import { createTurns } from '../../activities/turns.ts';
import type { TmsActivities } from '../../activities/types.ts';
import { createApp } from '../../api/app.ts';
import { tmsConfigSchema } from '../../config.ts';
import { loadShard } from '../../db/campaign-tpe.ts';
import { createLogger } from '../../observability/logger.ts';
import { coalesce } from '../../tms/coalesce.ts';
import { guardTms } from '../../tms/guard.ts';
import { createHardwareApi, type HardwareApi } from '../../tms/hardware-api.ts';
import { createTmsAdapter } from '../../tms/registry.ts';
import { SIGNATURE_HEADER, signCallback } from '../../tms/signature.ts';
import type { TmsAdapter } from '../../tms/contract.ts';
import { CALLBACK_SECRET, TestApi, type Json } from '../api/test-api.ts';
import {
  FAILED,
  LEAK,
  PAN,
  plantedIn,
  REFUSED,
  startFakeVendor,
  TOKEN,
  type FakeVendor,
} from './fake-vendor.ts';

const SPACED = '4111 1111 1111 1111';
const CARD = 'looks like a card number: it must not be stored here';

let api: TestApi;
let vendor: FakeVendor;
let server: Server;
let url: string;
let adapter: TmsAdapter;
let hardware: HardwareApi;
const logged: string[] = [];
const logger = createLogger({ logLevel: 'debug' }, 'test', { write: (line) => void logged.push(line) });

beforeAll(async () => {
  [api, vendor] = await Promise.all([TestApi.create(), startFakeVendor()]);
  const { config, pool, temporal, progress, campaigns } = api;
  server = createServer(createApp({ config, pool, temporal, progress, campaigns, logger }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
  const tms = tmsConfigSchema.parse({
    name: 'alpha',
    adapter: 'reference',
    url: vendor.url,
    capabilities: { requestBulk: 1, observeBulk: 1, cancelBulk: 1 },
  });
  adapter = guardTms(createTmsAdapter(tms), tms.limits);
  hardware = createHardwareApi({ url: vendor.url, timeoutMs: 5_000, concurrency: 2 });
});
afterAll(async () => {
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  await Promise.all([adapter.close(), hardware.close(), vendor.close(), api.close()]);
});

interface Sent {
  status: number;
  body: Json;
}

/** Asks the API whose log is read here. */
async function send(
  method: string,
  path: string,
  json?: unknown,
  headers: Record<string, string> = {},
): Promise<Sent> {
  const response = await fetch(`${url}/${path}`, {
    method,
    ...(json !== undefined && { body: typeof json === 'string' ? json : JSON.stringify(json) }),
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: response.status, body: await response.json() };
}

const campaign = (more: object): object => ({ targetVersion: '9.0.0', targets: { all: true }, ...more });
const inWave = (wave: object): object =>
  campaign({ policy: { waves: [{ count: 1, ...wave }, { rest: true }] } });

test.each<[method: string, path: string, where: string, body: unknown]>([
  ['POST', 'campaigns', '/name', campaign({ name: `Lyon ${SPACED}` })],
  ['POST', 'campaigns', '/createdBy', campaign({ createdBy: PAN })],
  ['POST', 'campaigns', '/targetVersion', campaign({ targetVersion: PAN })],
  ['POST', 'campaigns', '/targets/filter/site', campaign({ targets: { filter: { site: SPACED } } })],
  ['POST', 'campaigns', '/targets/rule', campaign({ targets: { rule: `site = "${SPACED}"` } })],
  ['POST', 'campaigns/preview', '/targets/group', campaign({ targets: { group: SPACED } })],
  ['POST', 'campaigns', '/policy/waves/0/name', inWave({ name: SPACED })],
  ['POST', 'campaigns', '/policy/waves/0/rule', inWave({ count: undefined, rule: `tag "${SPACED}"` })],
  [
    'POST',
    'campaigns',
    '/policy/maintenance/freezes/0/reason',
    campaign({
      policy: { maintenance: { freezes: [{ from: '2026-12-01', to: '2026-12-02', reason: SPACED }] } },
    }),
  ],
  [
    'POST',
    'campaigns',
    '/policy/retry/reasons/0',
    campaign({ policy: { retry: { reasons: [`failed:${PAN}`] } } }),
  ],
  ['PUT', 'groups/pilots', '/description', { rule: 'tag "pilot"', description: SPACED }],
  ['PUT', 'groups/pilots', '/rule', { rule: `tag "${SPACED}"` }],
  ['PUT', 'policy-templates/careful', '/description', { policy: {}, description: SPACED }],
  ['PUT', 'policy-templates/careful', '/by', { policy: {}, by: SPACED }],
])('%s %s with a card number at %s is refused', async (method, path, where, body) => {
  const answer = await send(method, path, body);
  expect(answer.status).toBe(422);
  expect(answer.body).toMatchObject({
    type: '/problems/validation-failed',
    errors: [{ pointer: where, message: CARD }],
  });
});

test.each<[method: string, path: string, headers: Record<string, string>, where: object]>([
  ['PUT', `groups/${PAN}`, {}, { parameter: 'name' }],
  ['PUT', `policy-templates/${PAN}`, {}, { parameter: 'name' }],
  ['PUT', `sites/${PAN}`, {}, { parameter: 'site' }],
  ['POST', 'campaigns', { 'idempotency-key': PAN }, { header: 'idempotency-key' }],
])('%s %s with a card number in its path or headers is refused', async (method, path, headers, where) => {
  const bodies: Record<string, object> = {
    g: { rule: 'tag "x"' },
    p: { policy: {} },
    s: { timeZone: 'UTC' },
  };
  const answer = await send(method, path, bodies[path[0] ?? ''] ?? campaign({}), headers);
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({
    type: '/problems/invalid-parameters',
    errors: [{ ...where, message: CARD }],
  });
});

test('a fleet file with card numbers is refused, with the line and the column of each', async () => {
  const id = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`;
  const lines = [
    'tpeId,idTms,tms,model,site,version,tags',
    `${id(1)},${PAN},alpha,A920,Lyon-1,4.1.0,`,
    `${id(2)},N2,alpha,${SPACED},Lyon-1,4.1.0,`,
    `${id(3)},N3,alpha,A920,Shop ${SPACED},4.1.0,`,
    `${id(4)},N4,alpha,A920,Lyon-1,4.1.0,pilot;${PAN}`,
    `${id(5)},N5,alpha,A920,Lyon-1,${PAN},`,
  ];
  const answer = await send('POST', 'tpes/import', lines.join('\n'), { 'content-type': 'text/csv' });
  expect(answer.body).toMatchObject({
    type: '/problems/import-refused',
    errors: ['idTms', 'model', 'site', 'tags', 'version'].map((column, index) => ({
      line: index + 2,
      column,
      message: CARD,
    })),
  });
});

test('what machines say is cleaned before it is kept: database, outbox, Temporal, log', async () => {
  const ids = await api.fleet([{ idTms: REFUSED }, { idTms: FAILED }]);
  const actor = `gateway ${LEAK}`;
  const created = await send('POST', 'campaigns', campaign({ targets: { tpeIds: ids } }), {
    'x-actor': actor,
    'x-correlation-id': `order-${PAN}`,
  });
  expect(created.status).toBe(201);
  const { campaignId } = created.body;

  // The TMS refuses one terminal and fails at the other, both in words that hold all of it.
  const context = { topicPrefix: 'test.', actor: 'platform' };
  const recorder = createRecorder(api.pool, context);
  const locks = createBatchLocks(api.pool);
  const activities = createTmsActivities({
    pool: api.pool,
    locks,
    recorder,
    context,
    adapter,
    hardware,
    defaultZone: 'UTC',
    single: coalesce(adapter),
    inFlight: pLimit(2),
    turns: createTurns(),
  });
  const run = <N extends keyof TmsActivities>(
    name: N,
    ...input: Parameters<TmsActivities[N]>
  ): Promise<Awaited<ReturnType<TmsActivities[N]>>> =>
    new MockActivityEnvironment().run(activities[name] as (...args: unknown[]) => Promise<never>, ...input);
  await run('dispatch', {
    campaignId,
    tms: 'alpha',
    from: 0,
    to: 2,
    targetVersion: '9.0.0',
    firstShard: 0,
    shardSize: 10,
    rateShare: 1,
  });
  const [tpe] = await loadShard(api.pool, campaignId, 0, 'update');
  if (!tpe) throw new Error('nothing was dispatched');
  const look = await run('observe', { campaignId, targetVersion: '9.0.0', tpe });
  expect(look.verdict).toMatchObject({ settled: true, status: 'FAILED' });
  const cutShort = await run('cancelUpdate', { campaignId, tpe }).catch((error: unknown) => error);
  const words = everyWordOf(cutShort);
  expect(words).toContain('with what is not JSON');
  logger.warn({ err: cutShort, look }, `the TMS said: ${LEAK}`);
  const tracking = createTrackingActivities({ pool: api.pool, recorder, context });
  if (look.verdict.settled)
    await tracking.record({
      campaignId,
      tpeId: tpe.tpeId,
      attempt: 1,
      status: look.verdict.status,
      reason: look.verdict.reason,
      version: look.observation.hardware?.version ?? null,
    });
  await locks.close();

  // A call-back about it, and a command by somebody whose name is not a name.
  const raw = JSON.stringify({ events: [{ idTms: SPACED, operationId: `op ${LEAK}`, state: 'DONE' }] });
  const calledBack = await send('POST', 'tms/alpha/events', raw, {
    [SIGNATURE_HEADER]: signCallback(CALLBACK_SECRET, raw),
  });
  expect(calledBack).toMatchObject({ status: 202, body: { signalled: 0, ignored: 1 } });
  expect((await send('POST', `campaigns/${campaignId}/pause`, {}, { 'x-actor': actor })).status).toBe(202);
  expect((await send('GET', `sites?limit=1&cursor=${PAN}`)).status).toBe(400);
  expect((await send('PUT', `sites/Shop%20${PAN}`, { timeZone: 'UTC' })).status).toBe(400);

  // All of it has been there, and what was taken out is marked.
  const rows = await everyRow();
  const reasons = await api.rows(`SELECT reason FROM campaign_tpe ORDER BY reason`);
  const cleaned = 'card [card number removed] declined, Bearer [secret removed], password=[secret removed]';
  expect(reasons).toEqual([{ reason: `failed:install: ${cleaned}` }, { reason: `rejected:E-1 ${cleaned}` }]);
  expect(await api.rows('SELECT created_by FROM campaign')).toEqual([{ created_by: `gateway ${cleaned}` }]);
  expect(rows.some((row) => row.startsWith('outbox ') && row.includes('[card number removed]'))).toBe(true);
  const history = everyWordOf(await api.temporal.workflow.getHandle(`campaign-${campaignId}`).fetchHistory());
  expect(history).toContain('[card number removed]');
  expect(logged.join('')).toContain('[card number removed]');
  expect(logged.length).toBeGreaterThan(20);

  expect(rows.filter((row) => plantedIn(row).length > 0)).toEqual([]);
  expect(plantedIn(history)).toEqual([]);
  expect(plantedIn(words + JSON.stringify(look))).toEqual([]);
  expect(logged.filter((line) => plantedIn(line).length > 0)).toEqual([]);
  for (const line of logged) expect(() => JSON.parse(line)).not.toThrow();
});

test('the scan finds what is there', async () => {
  await api.pool.query(`INSERT INTO site (site, time_zone) VALUES ($1, $2)`, [`Shop ${SPACED}`, TOKEN]);
  const found = (await everyRow()).filter((row) => plantedIn(row).length > 0);
  expect(found).toEqual([expect.stringMatching(/^site /)]);
});

/** Every row of every table of ours, as text behind the table's name. */
async function everyRow(): Promise<string[]> {
  const tables = await api.rows(
    `SELECT format('%I.%I', table_schema, table_name) AS name, table_name AS short FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  const found = await Promise.all(
    tables.map(async ({ name, short }) =>
      (await api.rows(`SELECT t::text AS row FROM ${name} t`)).map(({ row }) => `${short} ${row}`),
    ),
  );
  expect(tables.map(({ short }) => short)).toEqual(
    expect.arrayContaining(['tpe', 'campaign', 'campaign_tpe', 'event', 'outbox', 'dead_letter']),
  );
  return found.flat();
}

/** Every text in a value, bytes as UTF-8, errors with their stacks and causes. */
function everyWordOf(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value === 'string') return `${value}\n`;
  if (value instanceof Uint8Array) return `${Buffer.from(value).toString()}\n`;
  if (typeof value !== 'object' || value === null || seen.has(value)) return '';
  seen.add(value);
  const parts = Object.getOwnPropertyNames(value).map((name) => (value as Record<string, unknown>)[name]);
  return parts.map((part) => everyWordOf(part, seen)).join('');
}
