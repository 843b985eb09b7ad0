/** A database without room: it answers, and takes nothing. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { START_TIMEOUT_MS } from '../support/stack.ts';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
}, START_TIMEOUT_MS);
afterAll(() => api.close());

test('what can not be written for want of room is refused for now, and it is said why', async () => {
  await api.pool.query(`
    CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'could not extend file "base/5/16384": No space left on device' USING ERRCODE = 'disk_full';
    END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON policy_template EXECUTE FUNCTION full_disk()`);
  const answer = await api.send('policy-templates/any', { method: 'PUT', json: { policy: {} } });
  expect(answer).toMatchObject({
    status: 503,
    body: { type: '/problems/database-unavailable', detail: 'The database has no room left on its disk.' },
  });
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(await api.send('policy-templates')).toMatchObject({ status: 200 });
});
