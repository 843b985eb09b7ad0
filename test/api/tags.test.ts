import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
afterAll(() => api?.close());

test('tags are listed with their numbers of terminals, the most frequent first', async () => {
  const [a, b, c] = await api.fleet([{}, {}, { active: false }, {}]);
  const tag = (tpeId: string | undefined, tags: string[]): Promise<unknown> =>
    api.rows('UPDATE tpe SET tags = $2 WHERE tpe_id = $1', [tpeId, tags]);
  await tag(a, ['vip', 'pilot']);
  await tag(b, ['pilot']);
  await tag(c, ['alpha']);
  const { status, body } = await api.send('tags');
  expect([status, body]).toEqual([
    200,
    {
      items: [
        { tag: 'pilot', terminals: 2 },
        { tag: 'alpha', terminals: 1 },
        { tag: 'vip', terminals: 1 },
      ],
    },
  ]);
});
