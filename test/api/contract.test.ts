import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROBLEMS, type ProblemCode } from '../../api/errors.ts';
import { routes } from '../../api/routes/index.ts';
import { TestApi, type Json } from './test-api.ts';

/** Milliseconds after which nothing tries again to reach a Temporal that is away. */
const RETRIES_MS = 4_000;

let api: TestApi;
let document: Json;
beforeAll(async () => {
  api = await TestApi.create();
  document = (await api.send('openapi.json')).body;
});
afterAll(() => api.close());

const codes = Object.keys(PROBLEMS).sort() as ProblemCode[];
const operations = (): Json[] =>
  Object.values(document.paths).flatMap((path) => Object.values(path as object));

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
    expect(document.openapi).toBe('3.1.0');
  });

  test('has every route, and no operation that is not served', () => {
    const described = Object.entries(document.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(described.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('gives no name to what may be null: null is said where the name is used', () => {
    const named = Object.entries(document.components.schemas as Record<string, Json>);
    const nullable = named.filter(([, { type, enum: values }]) =>
      [type, values].flat().some((each) => each === 'null' || each === null),
    );
    expect(nullable.map(([name]) => name)).toEqual([]);
    expect(document.components.schemas.DeadLetter.properties.key.anyOf).toEqual([
      { $ref: '#/components/schemas/DeadLetterContent' },
      { type: 'null' },
    ]);
  });

  test('describes the request by the schema that checks it', () => {
    const request = document.components.schemas.CampaignRequest;
    expect(request.required).toEqual(['targetVersion', 'targets']);
    expect(request.additionalProperties).toBe(false);
    expect(document.paths['/api/v1/tpes/import'].post.requestBody.content).toHaveProperty(['text/csv']);
    const list = document.paths['/api/v1/campaigns/{campaignId}/tpes'].get.parameters;
    expect(list.map(({ name }: Json) => name)).toEqual([
      'campaignId',
      'status',
      'reason',
      'model',
      'site',
      'wave',
      'search',
      'cursor',
      'limit',
    ]);
  });
});

describe('the codes of the problems', () => {
  test('are the same in the registry and in the OpenAPI document', () => {
    expect(document.components.schemas.Problem.properties.type.enum.toSorted()).toEqual(
      codes.map((code) => `/problems/${code}`),
    );
    // These two concern what is no route.
    const used = new Set<string>(operations().flatMap((operation) => operation['x-problems']));
    expect([...used, 'route-not-found', 'method-not-allowed'].sort()).toEqual(codes);
  });

  test('are the same in the registry and in docs/api.md, with their statuses', async () => {
    const text = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(
      ([, code, status]) => `${code} ${status}`,
    );
    expect(rows.sort()).toEqual(codes.map((code) => `${code} ${PROBLEMS[code].status}`));
  });

  test('lead to an explanation', async () => {
    for (const code of codes) {
      const { status, body } = await api.send(`/problems/${code}`);
      expect(status).toBe(200);
      expect(body).toContain(PROBLEMS[code].description);
    }
    expect((await api.send('/problems/constructor')).status).toBe(404);
  });
});

describe('the documentation page', () => {
  test('is complete without the internet', async () => {
    const page = await api.send('docs');
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//);
    const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part ?? '');
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) expect((await api.send(`/api/v1/${part}`)).status).toBe(200);
  });

  test('names every path of docs/api.md that the API has, and docs/api.md names every path', async () => {
    const text = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
    for (const { method, path } of routes) {
      expect(text).toContain(`${method.toUpperCase()} ${path}`);
    }
  });
});

describe('requests that are broken', () => {
  const post = (options: object): Promise<Json> => api.send('campaigns', { method: 'POST', ...options });

  test.each([
    [
      'malformed JSON',
      () => post({ body: '{"a"', headers: { 'content-type': 'application/json' } }),
      400,
      'malformed-json',
    ],
    ['JSON that is no object', () => post({ json: 5 }), 400, 'malformed-json'],
    ['no body', () => post({}), 422, 'validation-failed'],
    [
      'another content type',
      () => post({ body: 'a=b', headers: { 'content-type': 'text/plain' } }),
      415,
      'unsupported-media-type',
    ],
    [
      'an unknown encoding',
      () => post({ json: {}, headers: { 'content-encoding': 'zip' } }),
      415,
      'unsupported-media-type',
    ],
    [
      'a body that is too large',
      () => post({ body: ' '.repeat(8 * 1024 * 1024 + 1), headers: { 'content-type': 'application/json' } }),
      413,
      'body-too-large',
    ],
    ['an unknown path', () => api.send('campaign'), 404, 'route-not-found'],
    ['a path in other letters', () => api.send('Campaigns'), 404, 'route-not-found'],
    ['another method', () => api.send('campaigns', { method: 'DELETE' }), 405, 'method-not-allowed'],
    ['a path that can not be decoded', () => api.send('campaigns/%E0%A4%A'), 400, 'invalid-request'],
    ['a query where none is taken', () => api.send('/healthz?x=1'), 400, 'invalid-parameters'],
  ])('%s: a problem that says so', async (_title, send, status, code) => {
    const answer = await send();
    expect(answer.body).toMatchObject({
      type: `/problems/${code}`,
      status,
      title: PROBLEMS[code as ProblemCode].title,
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body.detail.length).toBeGreaterThan(10);
    expect(answer.body.correlationId).toBe(answer.headers.get('x-correlation-id'));
  });

  test('a method that is not allowed is told which are', async () => {
    const answer = await api.send('campaigns', { method: 'DELETE' });
    expect(answer.headers.get('allow')).toBe('POST, GET, HEAD, OPTIONS');
    const options = await api.send('campaigns', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, GET, HEAD, OPTIONS']);
  });
});

describe('operation', () => {
  test('the process lives, and is ready only with database and Temporal', async () => {
    expect(await api.send('/healthz')).toMatchObject({ status: 200, body: { status: 'up' } });
    expect(await api.send('/readyz')).toMatchObject({
      status: 200,
      body: { status: 'ready', checks: { database: { status: 'up' }, temporal: { status: 'up' } } },
    });
    const away = await TestApi.create({
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      DATABASE_URL: 'postgres://x@127.0.0.1:1/x',
    });
    try {
      expect((await away.send('/healthz')).status).toBe(200);
      expect(await away.send('/readyz')).toMatchObject({
        status: 503,
        body: { status: 'not ready', checks: { database: { status: 'down' }, temporal: { status: 'down' } } },
      });
      const answer = await away.send('campaigns');
      expect(answer.body).toMatchObject({ status: 503, type: '/problems/database-unavailable' });
      expect(answer.headers.get('retry-after')).toBe('5');
    } finally {
      // A call to Temporal is tried again until its deadline; on a connection that was closed the client throws.
      await sleep(RETRIES_MS);
      await away.close();
    }
  });

  test('metrics have the progress of open campaigns and the time of requests by route', async () => {
    await api.clear();
    await api.fleet([{}, { version: '9.0.0' }]);
    const open = await api.campaign();
    const { body, headers } = await api.send('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    expect(body).toContain(`campaign_progress{campaign_id="${open}",status="PENDING"} 1`);
    expect(body).toContain(`campaign_progress{campaign_id="${open}",status="SKIPPED"} 1`);
    expect(body).toMatch(
      /http_request_duration_seconds_count\{method="POST",route="\/api\/v1\/campaigns",status="201"\} \d/,
    );

    await api.pool.query(`UPDATE campaign SET status = 'COMPLETED'`);
    expect((await api.send('/metrics')).body).not.toContain(open);
  });

  test('every answer has safe headers and no word about what serves it', async () => {
    const { headers } = await api.send('campaigns');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('cache-control')).toBe('no-store');
  });
});
