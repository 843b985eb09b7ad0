import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestApi } from '../api/test-api.ts';
import { type Ended, runTpe } from './tpe.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(async () => {
  await api.clear();
  await api.pool.query('TRUNCATE target_group');
});
afterAll(() => api.close());

function tpe(...args: string[]): Promise<Ended> {
  return runTpe(args, { url: api.url });
}

describe('tpe group', () => {
  test('saves, lists, shows and deletes groups', async () => {
    const saved = await tpe(
      'group',
      'save',
      'pilots',
      '--rule',
      'tag "pilot"',
      '--description',
      'yes',
      '--by',
      'me',
    );
    expect(saved).toMatchObject({ code: 0, err: '' });
    expect(saved.out).toMatch(/^group +pilots\nrule +tag "pilot"\ndescription +yes\ncreated +.* by me\n/);
    expect((await tpe('group', 'list')).out).toMatch(
      /^GROUP .*\npilots {2}tag "pilot" {2}yes +\d{4}-.* {2}me\n$/,
    );
    expect(JSON.parse((await tpe('group', 'show', 'pilots', '--json')).out)).toMatchObject({
      rule: 'tag "pilot"',
    });
    expect((await tpe('group', 'delete', 'pilots')).out).toBe('The group pilots is deleted.\n');
    expect(await tpe('group', 'delete', 'pilots')).toMatchObject({ code: 1 });
  });
});

describe('tpe rule check', () => {
  test('counts the terminals of a rule and shows what its groups stand for', async () => {
    await api.fleet([{ model: 'A' }, { model: 'B' }]);
    await tpe('group', 'save', 'as', '--rule', 'model = "A"');
    expect((await tpe('rule', 'check', 'not  group "as"')).out).toBe(
      'rule       not group "as"\nexpanded   model != "A"\nterminals  1\n',
    );
  });

  test('shows the character of a fault', async () => {
    const { code, err } = await tpe('rule', 'check', 'active\n  and vesrion < "4"');
    expect(code).toBe(1);
    expect(err.split('\n').slice(-5)).toEqual([
      '  /rule  there is no field vesrion; do you mean version?',
      '',
      '    and vesrion < "4"',
      '        ^^^^^^^',
      '',
    ]);
    const end = await tpe('rule', 'check', 'model = "é" and');
    expect(end.err.split('\n').slice(-3)).toEqual(['  model = "é" and', '                 ^', '']);
  });

  test('shows of a long line what is around the fault', async () => {
    const { err } = await tpe('rule', 'check', `${'active and '.repeat(50)}x`);
    const [line = '', caret = ''] = err.split('\n').slice(-3);
    expect(line.length).toBeLessThanOrEqual(102);
    expect(line[caret.indexOf('^')]).toBe('x');
  });
});

describe('tpe campaign', () => {
  test('previews what it would do, by rule or by group', async () => {
    await api.fleet([
      { model: 'A', site: 'x' },
      { model: 'A', site: 'y', version: '4.2.0' },
      ...Array.from({ length: 12 }, (_, n) => ({ model: 'B', site: `s${n}` })),
    ]);
    await tpe('group', 'save', 'as', '--rule', 'model = "A"');
    const { code, out } = await tpe('campaign', 'preview', '--version', '4.2.0', '--group', 'as');
    expect(code).toBe(0);
    expect(out).toMatch(/^targets +2\nto be updated +1\nskipped +1\nwould be refused +no\n/);
    expect(out).toMatch(/^SKIPPED BECAUSE +TERMINALS +ONE OF THEM\nalready-there +1 {2}[0-9a-f-]{36}$/m);
    expect(out).toMatch(/^WAVE +TERMINALS\n1 all +1$/m);
    expect(out).toMatch(/^RUNS +TERMINALS\n4\.1\.0 +1\n4\.2\.0 +1$/m);
    const all = await tpe('campaign', 'preview', '--version', '4.2.0', '--rule', 'all');
    expect(all.out).toMatch(/^4 others +4$/m);
    const json = await tpe('campaign', 'preview', '--version', '4.2.0', '--rule', 'model = "B"', '--json');
    expect(JSON.parse(json.out)).toMatchObject({ total: 12, eligible: 12 });
  });

  test('is created by a rule, and skips or refuses busy terminals as told', async () => {
    await api.fleet([{}]);
    const create = ['campaign', 'create', '--version', '5', '--rule', 'active', '--json'];
    expect(JSON.parse((await tpe(...create)).out)).toMatchObject({ targets: 1 });
    expect(JSON.parse((await tpe(...create, '--busy', 'refuse')).err).type).toBe('/problems/terminals-busy');
    expect((await tpe(...create)).code).toBe(0);
    expect((await tpe(...create, '--busy', 'wait')).code).toBe(2);
    expect((await tpe('campaign', 'preview', '--version', '5', '--rule', 'all', '--all')).err).toMatch(
      /^Which terminals\?/,
    );
  });
});
