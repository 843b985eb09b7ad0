import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestApi, until } from '../api/test-api.ts';
import { type Ended, type RunOptions, runTpe, startTpe } from './tpe.ts';

const UNKNOWN = '00000000-0000-4000-8000-00000000000f';

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await TestApi.create();
  folder = await mkdtemp(join(tmpdir(), 'tpe-cli-'));
});
beforeEach(() => api.clear());
afterAll(() => api.close());

function tpe(args: readonly string[], options: Partial<RunOptions> = {}): Promise<Ended> {
  return runTpe(args, { url: api.url, ...options });
}

const HEADER = 'tpeId,idTms,tms,model,site,version,tags';

describe('tpe fleet', () => {
  test('imports a file, or stdin, and lists and shows what is there', async () => {
    const file = join(folder, 'fleet.csv');
    const id = '00000000-0000-4000-8000-000000000001';
    await writeFile(file, `${HEADER}\n${id},N1,alpha,A920,Lyon-1,4.1.0,vip\n`);
    expect(await tpe(['fleet', 'import', file])).toMatchObject({
      code: 0,
      out: '1 terminals imported: 1 new, 0 changed, 0 as they were.\n',
    });
    const again = await tpe(['fleet', 'import', '-', '--json'], {
      input: `${HEADER}\n${id},N1,alpha,A920,Nice-1,,vip\n`,
    });
    expect(JSON.parse(again.out)).toEqual({ imported: 1, inserted: 0, updated: 1, unchanged: 0 });

    const list = await tpe(['fleet', 'list', '--site', 'Nice-1']);
    expect(list.out.split('\n')).toEqual([
      'TPE                                   TMS    ID AT TMS  MODEL  SITE    VERSION  TAGS',
      `${id}  alpha  N1         A920   Nice-1  4.1.0    vip`,
      '',
    ]);
    expect((await tpe(['fleet', 'show', id])).out).toMatch(/^site +Nice-1$/m);
    expect(JSON.parse((await tpe(['fleet', 'show', id, '--json'])).out)).toMatchObject({
      tpeId: id,
      campaigns: [],
    });
  });

  test('shows every bad line of a file and ends with 1', async () => {
    const { code, err } = await tpe(['fleet', 'import', '-'], {
      input: `${HEADER}\nx,N1,alpha,A920,Lyon-1,,\n`,
    });
    expect(code).toBe(1);
    expect(err).toMatch(/^The file has errors: The file has 1 error\. Nothing was imported\.$/m);
    expect(err).toMatch(/^ {2}line 2, tpeId {2}must be a UUID$/m);
  });

  test('lists more than a page of the API has', async () => {
    await api.pool.query(
      `INSERT INTO tpe (tpe_id, id_tms, tms, model, site) SELECT gen_random_uuid(), n, 'alpha', 'A', 'L' FROM generate_series(1, 700) n`,
    );
    const { out } = await tpe(['fleet', 'list', '--limit', '650', '--json']);
    const ids = JSON.parse(out).items.map((item: { tpeId: string }) => item.tpeId);
    expect(new Set(ids).size).toBe(650);
  });
});

describe('tpe campaign', () => {
  test('creates a campaign, and an idempotency key makes it one', async () => {
    await api.fleet([{ model: 'A' }, { model: 'B' }]);
    const args = [
      'campaign',
      'create',
      '--version',
      '4.2.0',
      '--model',
      'A',
      '--name',
      'pilot',
      '--by',
      'me',
    ];
    const first = await tpe([...args, '--idempotency-key', 'k', '--schedule', 'by-age', '--json']);
    expect(first).toMatchObject({ code: 0, err: '' });
    const created = JSON.parse(first.out);
    expect(created).toMatchObject({ name: 'pilot', status: 'SCHEDULED', targets: 1 });
    const again = await tpe([...args, '--idempotency-key', 'k', '--schedule', 'by-age']);
    expect(again.out).toMatch(new RegExp(`^campaign +${created.campaignId}$`, 'm'));

    const shown = JSON.parse((await tpe(['campaign', 'show', created.campaignId, '--json'])).out);
    expect(shown).toMatchObject({ createdBy: 'me', targets: { filter: { model: 'A' } } });
    expect(shown.policy.polling[1].attempts).toBe(20);
    expect((await tpe(['campaign', 'show', created.campaignId])).out).toMatch(/^PENDING +1\ntotal +1$/m);
    expect((await tpe(['campaign', 'list'])).out).toMatch(
      new RegExp(`^${created.campaignId}  pilot  4\\.2\\.0 +SCHEDULED +0 % +1`, 'm'),
    );
    expect(
      (await tpe(['campaign', 'tpes', created.campaignId, '--status', 'PENDING'])).out.split('\n'),
    ).toHaveLength(3);
  });

  test('takes terminals one by one and from a file', async () => {
    const [a = '', b = '', c = ''] = await api.fleet([{}, {}, {}]);
    const one = await tpe(['campaign', 'create', '--version', '5', '--tpe', a, '--tpe', b, '--json']);
    expect(JSON.parse(one.out).targets).toBe(2);
    const input = `# the pilot\n${c}  # Lyon\n\n`;
    const two = await tpe(['campaign', 'create', '--version', '5', '--file', '-', '--json'], { input });
    expect(JSON.parse(two.out).targets).toBe(1);
  });

  test('gives commands', async () => {
    await api.fleet([{}]);
    const id = await api.campaign();
    const { code, out } = await tpe(['campaign', 'pause', id, '--reason', 'storm', '--by', 'me', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ campaignId: id, command: 'pause', by: 'me', reason: 'storm' });
    expect((await tpe(['campaign', 'resume', id])).out).toBe(`Campaign ${id} was told to resume.\n`);
    expect((await tpe(['campaign', 'cancel', id])).code).toBe(0);
  });

  test('watches to the end, one line per change where there is no terminal', async () => {
    await api.fleet([{}, {}]);
    const id = await api.campaign();
    const { ended, out } = startTpe(['campaign', 'watch', id], { url: api.url });
    await until(() => out().includes('0/2 final'));
    await api.pool.query(`UPDATE campaign_tpe SET status = 'SUCCESS'`);
    await until(() => out().includes('2/2 final'));
    await api.pool.query(`UPDATE campaign SET status = 'COMPLETED'`);
    const { code, out: written } = await ended;
    expect(code).toBe(0);
    expect(written).toMatch(/SCHEDULED {2}0\/2 final {2}PENDING 2$/m);
    expect(written).toMatch(/^The campaign is COMPLETED\.$/m);
    expect(written).toMatch(/^SUCCESS +2\ntotal +2$/m);
  });

  test('goes on watching after the connection was cut, and says so once', async () => {
    await api.fleet([{}]);
    const id = await api.campaign();
    const { ended, out } = startTpe(['campaign', 'watch', id], { url: api.url });
    await until(() => out().includes('0/1 final'));
    api.cut();
    await api.pool.query(`UPDATE campaign_tpe SET status = 'FAILED'`);
    await api.pool.query(`UPDATE campaign SET status = 'COMPLETED'`);
    const { code, out: written, err } = await ended;
    expect(code).toBe(0);
    expect(written).toMatch(/^FAILED +1\ntotal +1$/m);
    expect(err).toBe('The connection was cut; connecting again.\n');
  });

  test('watches as JSON, one document per change', async () => {
    await api.fleet([{ version: '9.0.0' }]);
    const id = await api.campaign();
    await api.pool.query(`UPDATE campaign SET status = 'COMPLETED'`);
    const { out } = await tpe(['campaign', 'watch', id, '--json']);
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ event, final }) => [event, final])).toEqual([
      ['progress', 1],
      ['end', 1],
    ]);
  });
});

describe('exit codes', () => {
  test('1 when the API refuses, with the problem, its detail and each pointer', async () => {
    await api.fleet([{}]);
    const { code, out, err } = await tpe(['campaign', 'create', '--version', '4 2', '--tpe', 'x']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^The body is not valid: 2 faults/);
    expect(err).toMatch(/^ {2}\/targetVersion +must be a version/m);
    expect(err).toMatch(/^ {2}\/targets\/tpeIds\/0 +must be a UUID$/m);
    const json = await tpe(['campaign', 'show', UNKNOWN, '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.err)).toMatchObject({ type: '/problems/not-found', status: 404 });
    expect((await tpe(['campaign', 'watch', UNKNOWN])).code).toBe(1);
  });

  test.each([
    ['an unknown option', ['campaign', 'list', '--colour'], /unknown option '--colour'/],
    ['an unknown command', ['campaign', 'begin'], /unknown command 'begin'/],
    ['no version', ['campaign', 'create', '--all'], /--version/],
    ['no targets', ['campaign', 'create', '--version', '5'], /Give exactly one of --all/],
    [
      'two kinds of targets',
      ['campaign', 'create', '--version', '5', '--all', '--model', 'A'],
      /Give exactly one of --all/,
    ],
    ['a number that is none', ['campaign', 'list', '--limit', 'many'], /whole number/],
    ['a file that is not there', ['fleet', 'import', '/nowhere.csv'], /can't be read/],
    ['an address that is none', ['campaign', 'list', '--url', 'nowhere'], /no http\(s\) address/],
  ])('2 for %s', async (_title, args, message) => {
    const { code, err } = await tpe(args);
    expect(err).toMatch(message);
    expect(code).toBe(2);
    const json = await tpe([...args, '--json']);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.err).title).toEqual(expect.any(String));
  });

  test('3 when the API is not reachable, with where it was looked for', async () => {
    const { code, err } = await tpe(['campaign', 'list'], { url: 'http://127.0.0.1:1' });
    expect(code).toBe(3);
    expect(err).toMatch(/^The API is not reachable: http:\/\/127\.0\.0\.1:1 does not answer/);
  });

  test('0 for help', async () => {
    const { code, out } = await tpe(['campaign', '--help']);
    expect(code).toBe(0);
    for (const command of ['create', 'list', 'show', 'tpes', 'watch', 'pause', 'resume', 'cancel'])
      expect(out).toContain(command);
  });
});
