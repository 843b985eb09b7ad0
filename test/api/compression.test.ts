import { get, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
  await api.fleet(Array.from({ length: 50 }, (_, index) => ({ idTms: `C-${index}` })));
});
afterAll(() => api.close());

/** As it comes over the wire: `fetch` would unpack it. */
function ask(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(`${api.url}/api/v1/${path}`, { headers }, resolve).on('error', reject);
  });
}

const GZIP = { 'accept-encoding': 'gzip' };

describe('an answer', () => {
  test('that is a long list is compressed for who takes it, and says the same', async () => {
    const [packed, plain] = [await ask('tpes?limit=50', GZIP), await ask('tpes?limit=50')];
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(plain.headers).not.toHaveProperty('content-encoding');
    const [small, large] = [await buffer(packed), await buffer(plain)];
    expect(gunzipSync(small).equals(large)).toBe(true);
    expect(small.length).toBeLessThan(large.length / 4);
  });

  test('that is short is left as it is', async () => {
    const answer = await ask('tpes?limit=1', GZIP);
    expect(answer.headers).not.toHaveProperty('content-encoding');
    expect(JSON.parse((await buffer(answer)).toString())).toMatchObject({ items: [{}] });
  });

  test.each(['campaigns/stream', 'events/export?format=csv', 'events/export?format=ndjson'])(
    'that is streamed, as %s, is left as it is',
    async (path) => {
      const answer = await ask(path, GZIP);
      expect(answer.statusCode).toBe(200);
      expect(answer.headers).not.toHaveProperty('content-encoding');
      answer.destroy();
    },
  );
});
