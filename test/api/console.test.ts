import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { gzipSync, brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestApi } from './test-api.ts';

const STYLE = 'body { margin: 0 }';
const SCRIPT = 'document.title = "1 < 2";';
const PAGE = `<!doctype html><html><head><style>${STYLE}</style><script>${SCRIPT}</script>
<script type="module" crossorigin src="/assets/index-aBcD_123.js"></script></head><body>the page</body></html>`;
const CODE = 'export const words = "of the entry";'.repeat(30);

const folder = mkdtempSync(join(tmpdir(), 'tpe-console-'));
let api: TestApi;
let bare: TestApi;
beforeAll(async () => {
  mkdirSync(join(folder, 'assets'));
  const write = (name: string, content: string): void => {
    writeFileSync(join(folder, name), content);
    writeFileSync(join(folder, `${name}.gz`), gzipSync(content));
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content));
  };
  write('index.html', PAGE);
  write('assets/index-aBcD_123.js', CODE);
  writeFileSync(join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(folder, '.sources'), 'secret');
  const away = { DATABASE_URL: 'postgres://x@127.0.0.1:1/x', TEMPORAL_ADDRESS: '127.0.0.1:1' };
  [api, bare] = await Promise.all([TestApi.create(away, folder), TestApi.create(away)]);
  // Read once: whoever builds it anew takes nothing away.
  rmSync(folder, { recursive: true });
});
afterAll(() => Promise.all([api?.close(), bare?.close()]));

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

/** `fetch` decodes by itself and keeps quiet about it, and asks for no answer from a cache. */
function ask(path: string, headers: Record<string, string>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(api.url + path, { headers }, (response) => response.resume().once('end', () => resolve(response)))
      .once('error', reject)
      .end();
  });
}

async function encodingOf(path: string, accepted: string): Promise<string | undefined> {
  return (await ask(path, { 'accept-encoding': accepted })).headers['content-encoding'];
}

describe('the page', () => {
  test.each(['/', '/campaigns', '/campaigns/9d3c1f6e', '/dead-letters?state=OPEN'])(
    'is what a browser gets at %s, never from its cache unasked',
    async (path) => {
      const { status, body, headers } = await api.send(path, { headers: browser });
      expect([status, body]).toEqual([200, PAGE]);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(headers.get('cache-control')).toBe('no-cache');
      const again = await ask(path, { ...browser, 'if-none-match': headers.get('etag') ?? '' });
      expect(again.statusCode).toBe(304);
    },
  );

  test('runs only our own files and what stands in it', async () => {
    const { headers } = await api.send('/', { headers: browser });
    const policy = headers.get('content-security-policy') ?? '';
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy).toContain("default-src 'self';");
    expect(policy).toContain(`script-src 'self' ${hash(SCRIPT)};`);
    expect(policy).toContain(`style-src 'self' ${hash(STYLE)};`);
    expect(policy).not.toContain('unsafe');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test.each([
    ['GET', '/api/v1/nothing', browser],
    ['GET', '/api', browser],
    ['GET', '/assets/gone-12345678.js', browser],
    ['GET', '/campaigns', { accept: '*/*' }],
    ['GET', '/campaigns', { accept: 'application/json' }],
    ['POST', '/campaigns', browser],
  ])('does not stand in for what is not there: %s %s', async (method, path, headers) => {
    const { status, body } = await api.send(path, { method, headers });
    expect([status, body.type]).toEqual([404, '/problems/route-not-found']);
  });
});

describe('the files', () => {
  test('whose name has a hash are kept for ever, the others are asked for', async () => {
    const { body, headers } = await api.send('/assets/index-aBcD_123.js');
    expect(body).toBe(CODE);
    expect(headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const icon = await api.send('/favicon.svg');
    expect(icon.headers.get('content-type')).toMatch(/^image\/svg\+xml/);
    expect(icon.headers.get('cache-control')).toBe('no-cache');
  });

  test.each([
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['identity', undefined],
  ])('come as they are wanted: %s', async (accepted, encoding) => {
    expect(await encodingOf('/assets/index-aBcD_123.js', accepted)).toBe(encoding);
    expect(await encodingOf('/', accepted)).toBe(encoding);
    expect(await encodingOf('/favicon.svg', accepted)).toBeUndefined();
  });

  test.each([
    '/.sources',
    '/assets/.sources',
    '/assets/../.sources',
    '/index.html.br',
    '/assets/index-aBcD_123.js.br',
  ])('of the build alone are not served: %s', async (path) => {
    expect((await api.send(path)).status).toBe(404);
  });
});

test('an API without a console says so at its root and works', async () => {
  const { status, body } = await bare.send('/', { headers: browser });
  expect([status, body]).toEqual([503, expect.stringContaining('npm run console:build')]);
  expect((await bare.send('/healthz')).status).toBe(200);
  expect((await bare.send('/campaigns', { headers: browser })).status).toBe(404);
});
