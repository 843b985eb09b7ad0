import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestApi } from '../api/test-api.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(() => api.clear());
afterAll(() => api.close());

async function tpe(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, TPE_API_URL: api.url, NO_COLOR: '1' },
  });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}

const ids = (): Promise<unknown[]> => api.rows('SELECT id_tms FROM tpe');

test('tpe fleet erase erases nothing without --yes, and with it what it says', async () => {
  const [tpeId = ''] = await api.fleet([{ idTms: 'N1' }]);
  const args = ['fleet', 'erase', tpeId, '--reason', 'request 2026-118', '--by', 'dpo'];
  const asked = await tpe(...args);
  expect(asked.code).toBe(2);
  expect(asked.err).toMatch(/can not be undone\. Add --yes/);
  expect(await ids()).toEqual([{ id_tms: 'N1' }]);

  const done = await tpe(...args, '--yes');
  expect(done).toEqual({
    code: 0,
    out: `Terminal ${tpeId} is erased, in 0 campaigns and 0 dead letters too.\n`,
    err: '',
  });
  expect(await ids()).toEqual([{ id_tms: `erased-${tpeId}` }]);
  expect(await api.rows('SELECT type, actor, reason FROM event WHERE tpe_id = $1', [tpeId])).toEqual([
    { type: 'tpe.erased', actor: 'dpo', reason: 'request 2026-118' },
  ]);
  const again = await tpe(...args, '--yes', '--json');
  expect(JSON.parse(again.out)).toEqual({ tpeId, erasedBefore: true, campaigns: 0, deadLetters: 0 });
});

test('tpe fleet erase tells why it was refused', async () => {
  const [tpeId = ''] = await api.fleet([{}]);
  await api.campaign({ tpeIds: [tpeId] });
  const refused = await tpe('fleet', 'erase', tpeId, '--reason', 'request', '--yes');
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/cancel it or wait\. Nothing was erased\./);
  expect((await tpe('fleet', 'erase', tpeId, '--yes')).code).toBe(2);
});
