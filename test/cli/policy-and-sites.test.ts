import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestApi } from '../api/test-api.ts';
import { type Ended, runTpe } from './tpe.ts';

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await TestApi.create();
  folder = await mkdtemp(join(tmpdir(), 'tpe-cli-'));
});
beforeEach(async () => {
  await api.clear();
  await api.pool.query('TRUNCATE site, policy_template');
});
afterAll(() => api.close());

function tpe(args: readonly string[], input = ''): Promise<Ended> {
  return runTpe(args, { url: api.url, input });
}

describe('tpe template', () => {
  test('saves a policy from a file, or stdin, and lists and shows its versions', async () => {
    const file = join(folder, 'careful.json');
    await writeFile(file, JSON.stringify({ rate: { perMinute: 5 } }));
    const args = ['template', 'save', 'careful', '--by', 'me'];
    const first = await tpe([...args, '--policy', file, '--description', 'for tills']);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/^template +careful\nversion +1\ndescription +for tills\nsaved +.* by me\n$/);
    const second = await tpe([...args, '--policy', '-', '--json'], '{"stallSeconds":4000}');
    expect(JSON.parse(second.out)).toMatchObject({ version: 2, policy: { stallSeconds: 4000 } });

    expect((await tpe(['template', 'list'])).out).toMatch(
      /^TEMPLATE +VERSION {2}SAVED +BY +DESCRIPTION\ncareful +2 {2}.* me {2}for tills\n$/,
    );
    const { out } = await tpe(['template', 'show', 'careful']);
    expect(out).toMatch(/^version +2$/m);
    expect(out).toContain('{\n  "stallSeconds": 4000\n}');
    expect(out).toMatch(/^ +1 {2}.* me {2}for tills$/m);
    const versions = JSON.parse((await tpe(['template', 'show', 'careful', '--json'])).out).items;
    expect(versions.map(({ version }: { version: number }) => version)).toEqual([2, 1]);
  });

  test('ends with 1 and each fault where the policy is refused, or there is no such template', async () => {
    const refused = await tpe(['template', 'save', 'careful', '--policy', '-'], '{"waves":[{"percent":60}]}');
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toMatch(/^ {2}\/policy\/waves {2}may leave terminals out/m);
    expect((await tpe(['template', 'show', 'careful'])).code).toBe(1);
    expect((await tpe(['template', 'list'])).out).toBe('No policy template.\n');
  });

  test.each([
    ['no file', ['--policy', '/nowhere.json'], /can't be read/],
    ['no JSON', ['--policy', '-'], /not valid JSON: stdin: /],
    ['no policy', [], /--policy/],
  ])('ends with 2 for %s', async (_title, options, message) => {
    const { code, err } = await tpe(['template', 'save', 'careful', ...options], '{rate}');
    expect(err).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('tpe site', () => {
  test('sets the time zone of a site and lists what is set and what is not', async () => {
    await api.fleet([{ site: 'Delhi 1' }, { site: 'Lyon-1' }, { site: 'Lyon-1' }]);
    const set = await tpe(['site', 'set', 'Delhi 1', 'Asia/Kolkata']);
    expect(set).toEqual({ code: 0, out: 'Delhi 1 is in Asia/Kolkata; it has 1 terminals.\n', err: '' });
    expect((await tpe(['site', 'list'])).out.split('\n')).toEqual([
      'SITE     TIME ZONE               TERMINALS',
      'Delhi 1  Asia/Kolkata                    1',
      'Lyon-1   Europe/Paris (default)          2',
      '',
    ]);
    const { items } = JSON.parse((await tpe(['site', 'list', '--json'])).out);
    expect(items[1]).toMatchObject({ site: 'Lyon-1', known: false, terminals: 2 });
  });

  test('ends with 1 for a time zone that there is not', async () => {
    const { code, err } = await tpe(['site', 'set', 'Lyon-1', 'Europe/Pari']);
    expect(code).toBe(1);
    expect(err).toContain('did you mean Europe/Paris?');
  });
});
