/** What drivers and clients throw, and our own configuration, in the log. */
import pg from 'pg';
import { request } from 'undici';
import { afterAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../config.ts';
import { createPool } from '../../db/pool.ts';
import { createLogger } from '../../observability/logger.ts';
import { createTestDatabase } from '../support/stack.ts';
import { PAN, PASSWORD, plantedIn, TOKEN } from './fake-vendor.ts';

const lines: string[] = [];
const logger = createLogger({ logLevel: 'info' }, 'test', { write: (line) => void lines.push(line) });

/** Logs it in the usual ways. @returns what was written, which is JSON */
function log(what: object, message = 'seen'): Record<string, unknown> {
  logger.error({ err: what, what, deep: { what } }, message);
  if (what instanceof Error) logger.fatal(what, `it failed: ${what.message}`);
  return JSON.parse(lines.at(-1) ?? '');
}

const thrownBy = (work: () => Promise<unknown>): Promise<Error> =>
  work().then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: unknown) => error as Error,
  );

afterAll(() => {
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.filter((line) => plantedIn(line).length > 0)).toEqual([]);
});

describe('a password of the database', () => {
  test.each([
    ['a server that is not there', `postgres://ops:${PASSWORD}@127.0.0.1:1/x`],
    ['an address that is none', `postgres://ops:${PASSWORD}@127.0.0.1:port/x`],
    ['an address with a slash in the password', `postgres://ops:a/${PASSWORD}@127.0.0.1:1:1/x`],
  ])('is not in the error of %s', async (_title, connectionString) => {
    const error = await thrownBy(async () => {
      const client = new pg.Client({ connectionString });
      await client.connect();
    });
    log(error);
    log(new Error(`can not connect to ${connectionString}`));
  });

  test('is not in the pool, its clients or their errors', async () => {
    const database = await createTestDatabase();
    const pool = createPool({ url: database.url, poolSize: 1 }, 'log test');
    const client = await pool.connect();
    // As if it had been this one: by now nobody checks it.
    Object.assign(pool.options, { connectionString: `postgres://ops:${PASSWORD}@db.test/tpe` });
    Object.assign(client, { password: PASSWORD });
    log(Object.assign(new Error('lost'), { client, pool: pool.options }));
    log(pool.options);
    log(await thrownBy(() => client.query(`SELECT '${PAN}'::integer`)));
    client.release();
    await pool.end();
    await database.drop();
  });
});

test('what undici throws has no header of the request', async () => {
  const error = await thrownBy(() =>
    request(`http://ops:${PASSWORD}@127.0.0.1:1/x`, {
      headers: { authorization: `Bearer ${TOKEN}`, 'x-api-key': TOKEN },
    }),
  );
  log(error);
  const headers = { authorization: `Bearer ${TOKEN}`, cookie: `a=${TOKEN}`, 'x-tms-signature': TOKEN };
  log(Object.assign(error, { request: { headers } }));
});

test('the configuration keeps its secrets', () => {
  const tms = [
    { name: 'alpha', adapter: 'reference', url: `http://ops:${PASSWORD}@tms.test/`, callbackSecret: TOKEN },
  ];
  const env = {
    DATABASE_URL: `postgres://ops:${PASSWORD}@db.test/tpe`,
    TMS_CONFIG: JSON.stringify(tms),
  };
  const config = loadConfig(env);
  log(config);
  log(env, env.TMS_CONFIG);
  expect(log(config).what).toMatchObject({
    database: { url: 'postgres://ops:[redacted]@db.test/tpe' },
    tms: [{ callbackSecret: '[redacted]' }],
  });
});

test('a card number is taken out of texts and numbers, and the line stays JSON', () => {
  expect(
    log({ card: Number(PAN), list: [Number(PAN)], text: `"${PAN}"`, at: 1_764_056_963_123 }).what,
  ).toEqual({
    card: '[card number removed]',
    list: ['[card number removed]'],
    text: '"[card number removed]"',
    at: 1_764_056_963_123,
  });
});
