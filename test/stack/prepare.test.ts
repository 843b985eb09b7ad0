import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { createTestNamespace, postgresServer } from '../support/stack.ts';

async function prepare(env: Record<string, string>): Promise<{ status: number | null; stderr: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../stack/prepare.ts')], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stderr };
}

test('servers of your own are brought into the state that the platform needs, as often as you like', async () => {
  const { address, namespace } = await createTestNamespace();
  const url = new URL(await postgresServer());
  url.pathname = `/prepared_${randomBytes(4).toString('hex')}`;
  const env = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, DATABASE_URL: url.href };
  for (let time = 0; time < 2; time++) {
    expect(await prepare(env)).toEqual({
      status: 0,
      stderr: '✔ The database has the newest schema\n✔ The namespace has the search attributes\n',
    });
  }
  const client = new Client({ connectionString: url.href });
  await client.connect();
  const { rows } = await client.query('SELECT count(*)::int AS count FROM campaign');
  await client.end();
  expect(rows).toEqual([{ count: 0 }]);
});

test('a database that can not be had is named, without its password', async () => {
  const { status, stderr } = await prepare({ DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/tpe' });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^error: PostgreSQL at postgres:\/\/me@127\.0\.0\.1:1\/tpe can't be used: .*ECONNREFUSED/,
  );
  expect(stderr).not.toContain('secret');
});
